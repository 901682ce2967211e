/** Chat as EventSub tells it; the reader's own messages are told too. */
import type { ChatMessage } from '../chat.ts';
import type { Subscriptions } from './subscriptions.ts';

export function publishChatMessage(subscriptions: Subscriptions, message: ChatMessage): void {
  const { room, author, replyTo, source } = message;
  const isCopy = source !== null && source.roomId !== room.id;
  subscriptions.publish(
    'channel.chat.message',
    { broadcaster_user_id: room.id },
    {
      broadcaster_user_id: room.id,
      broadcaster_user_login: room.owner.login,
      broadcaster_user_name: room.owner.displayName,
      chatter_user_id: author.id,
      chatter_user_login: author.login,
      chatter_user_name: author.displayName,
      message_id: message.id,
      message: {
        text: message.text,
        fragments: [{ type: 'text', text: message.text, cheermote: null, emote: null, mention: null }],
      },
      color: author.color,
      badges: message.badges.split(',').filter(Boolean).map(badge),
      message_type: 'text',
      cheer: null,
      reply: replyTo && {
        parent_message_id: replyTo.id,
        parent_message_body: replyTo.text,
        parent_user_id: replyTo.author.id,
        parent_user_login: replyTo.author.login,
        parent_user_name: replyTo.author.displayName,
        thread_message_id: (message.threadTop ?? replyTo).id,
      },
      channel_points_custom_reward_id: null,
      source_broadcaster_user_id: isCopy ? source.roomId : null,
      source_message_id: isCopy ? source.id : null,
      is_source_only: source ? source.onlyHere : null,
    },
  );
}

function badge(text: string): Record<string, string> {
  const [set_id = '', id = ''] = text.split('/');
  return { set_id, id, info: '' };
}
