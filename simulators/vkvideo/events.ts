/** What is published on a channel's pub/sub names, every type a client may meet (docs/platforms/vkvideo.md#envelope). */
import type { Person } from '../world/people.ts';
import type { PubsubServer } from './centrifugo/server.ts';
import type { Channel, ChannelKey } from './channel.ts';
import { shownPerson, unixSeconds } from './shapes.ts';

export class Events {
  readonly #pubsub: PubsubServer;

  constructor(pubsub: PubsubServer) {
    this.#pubsub = pubsub;
  }

  /** In VK's envelope. @param readerId whose private channel is meant */
  publish(channel: Channel, key: ChannelKey, type: string, data: unknown, readerId: string | null = null): void {
    this.publishRaw(channel.socketName(key, readerId), { type, data });
  }

  /** Anything at all, by the name of the pub/sub channel. */
  publishRaw(socketName: string, data: unknown): void {
    this.#pubsub.publish(socketName, data);
  }

  chatMessage(channel: Channel, key: ChannelKey, message: { id: number }, readerId: string | null = null): void {
    this.publish(channel, key, 'channel_chat_message_send', { chat_message: message }, readerId);
  }

  chatMessageDeleted(channel: Channel, id: string): void {
    this.publish(channel, 'chat', 'channel_chat_message_delete', { chat_message: { id: Number(id) } });
  }

  follow(channel: Channel, follower: Person, at: Date): void {
    const follow = { follower: shownPerson(follower), started_at: unixSeconds(at) };
    this.publish(channel, 'info', 'channel_follow_create', { follow });
  }

  raid(channel: Channel, raider: Person, raiders: number): void {
    const { id, nick, nick_color } = shownPerson(raider);
    const raid = { source: { owner: { id, nick, nick_color } }, raiders_count: raiders };
    this.publish(channel, 'info', 'channel_raid_income', { raid });
  }

  /** The owner's private channel carries reward demands. */
  demand(channel: Channel, demand: unknown): void {
    const { owner } = channel;
    const type = 'channel_points_reward_demand_create';
    this.publish(channel, 'private_channel_points', type, { demand }, owner.id);
  }

  /** Hints under the webhooks' names: whether pub/sub has them is unconfirmed (docs/platforms/vkvideo.md#other-event-types). */
  streamHint(channel: Channel, type: StreamHint): void {
    const { stream, owner } = channel;
    const shown = stream && {
      id: stream.id,
      title: stream.title,
      category: { id: 'cat-1', title: 'Talk' },
      video_id: '0',
      started_at: unixSeconds(stream.startedAt),
      ended_at: stream.endedAt ? unixSeconds(stream.endedAt) : 0,
      preview_url: '',
    };
    const data = { channel: { url: channel.slug }, owner: { id: Number(owner.id) }, stream: shown };
    this.publish(channel, 'info', type, data);
  }
}

export const STREAM_HINTS = [
  'channel_stream_start',
  'channel_stream_stop',
  'channel_stream_pause',
  'channel_stream_resume',
  'channel_stream_settings_change',
] as const;
export type StreamHint = (typeof STREAM_HINTS)[number];
