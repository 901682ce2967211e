/** The events that can be subscribed to; all of them are version 1 (docs/platforms/kick.md#events). */

export const EVENT_NAMES = [
  'chat.message.sent',
  'channel.followed',
  'channel.subscription.new',
  'channel.subscription.renewal',
  'channel.subscription.gifts',
  'channel.reward.redemption.updated',
  'livestream.status.updated',
  'livestream.metadata.updated',
  'moderation.banned',
  'kicks.gifted',
] as const;

export type EventName = (typeof EVENT_NAMES)[number];

export const CHAT = 'chat.message.sent';
