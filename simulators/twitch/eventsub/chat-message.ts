/** Chat as EventSub tells it; the reader's own messages are told too. */
import type { People } from '../../world/people.ts';
import type { ChatMessage } from '../chat.ts';
import { emoteIdOf } from '../irc/lines.ts';
import type { Subscriptions } from './subscriptions.ts';

export function publishChatMessage(subscriptions: Subscriptions, people: People, message: ChatMessage): void {
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
        fragments: fragmentsOf(message.text, people),
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

interface Fragment {
  readonly type: 'text' | 'emote' | 'mention';
  readonly text: string;
  readonly cheermote: null;
  readonly emote: object | null;
  readonly mention: object | null;
}

/** Emotes and mentions of people who exist stand alone; everything between two of them is one text (docs/platforms/twitch.md#eventsub-subscriptions). */
function fragmentsOf(text: string, people: People): readonly Fragment[] {
  const fragments: Fragment[] = [];
  let plain = '';
  const endText = () => {
    if (plain !== '') fragments.push({ type: 'text', text: plain, ...NOTHING });
    plain = '';
  };
  for (const word of text.split(/( +)/)) {
    const fragment = emoteFragment(word) ?? mentionFragment(word, people);
    if (fragment === null) plain += word;
    else {
      endText();
      fragments.push(fragment);
    }
  }
  endText();
  return fragments;
}

const NOTHING = { cheermote: null, emote: null, mention: null };

function emoteFragment(word: string): Fragment | null {
  const id = emoteIdOf(word);
  if (id === undefined) return null;
  return { type: 'emote', text: word, ...NOTHING, emote: { id, emote_set_id: '0', owner_id: '0', format: ['static'] } };
}

function mentionFragment(word: string, people: People): Fragment | null {
  const person = word.startsWith('@') ? people.byLogin(word.slice(1)) : undefined;
  if (person === undefined) return null;
  const { id, login, displayName } = person;
  return {
    type: 'mention',
    text: word,
    ...NOTHING,
    mention: { user_id: id, user_login: login, user_name: displayName },
  };
}

function badge(text: string): Record<string, string> {
  const [set_id = '', id = ''] = text.split('/');
  return { set_id, id, info: '' };
}
