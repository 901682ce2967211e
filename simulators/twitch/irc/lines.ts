/** The lines Twitch writes to chat clients. */
import type { Person } from '../../world/people.ts';
import type { ChatMessage } from '../chat.ts';
import type { Room, RoomModes } from '../room.ts';
import { REFUSALS } from './refusals.ts';
import { type Line, tagsOf } from './wire.ts';

const SERVER = 'tmi.twitch.tv';

export function prefixOf(login: string): string {
  return `${login}!${login}@${login}.${SERVER}`;
}

export function welcome(login: string): Line[] {
  return [
    `001 ${login} :Welcome, GLHF!`,
    `002 ${login} :Your host is ${SERVER}`,
    `003 ${login} :This server is rather new`,
    `004 ${login} :-`,
    `375 ${login} :-`,
    `372 ${login} :You are in a maze of twisty passages, all alike.`,
    `376 ${login} :>`,
  ].map((text) => ({ tags: '', rest: `:${SERVER} ${text}` }));
}

export function globalUserState(person: Person): Line {
  const tags = tagsOf({
    'badge-info': '',
    badges: '',
    color: person.color,
    'display-name': person.displayName,
    'emote-sets': 0,
    'user-id': person.id,
    'user-type': '',
  });
  return { tags, rest: `:${SERVER} GLOBALUSERSTATE`, needs: 'commands' };
}

/** @param confirmed the account's own message, in the line that says it was taken; its nonce comes back */
export function userState(room: Room, person: Person, confirmed?: Pick<ChatMessage, 'id' | 'nonce'>): Line {
  const isModerator = room.has(person.id, 'moderator');
  const tags = tagsOf({
    'badge-info': room.badgeInfoOf(person.id),
    badges: room.badgesOf(person.id),
    ...(confirmed?.nonce ? { 'client-nonce': confirmed.nonce } : {}),
    color: person.color,
    'display-name': person.displayName,
    'emote-sets': 0,
    ...(confirmed === undefined ? {} : { id: confirmed.id }),
    mod: isModerator ? 1 : 0,
    subscriber: room.isSubscriber(person.id) ? 1 : 0,
    'user-type': isModerator ? 'mod' : '',
  });
  return { tags, rest: `:${SERVER} USERSTATE #${room.name}`, needs: 'commands' };
}

const MODE_TAGS: Record<keyof RoomModes, string> = {
  emoteOnly: 'emote-only',
  followersOnly: 'followers-only',
  uniqueChat: 'r9k',
  slowSeconds: 'slow',
  subscribersOnly: 'subs-only',
};

/** @param changed only these modes; the whole set on joining */
export function roomState(room: Room, changed: Partial<RoomModes> = room.modes): Line {
  const values: Record<string, string | number> = { 'room-id': room.id };
  for (const [mode, value] of Object.entries(changed)) values[MODE_TAGS[mode as keyof RoomModes]] = Number(value);
  return { tags: tagsOf(values), rest: `:${SERVER} ROOMSTATE #${room.name}`, needs: 'commands' };
}

/** @param msgId null for the untagged notices of a failed login */
export function notice(target: string, text: string, msgId: string | null): Line {
  const rest = `:${SERVER} NOTICE ${target} :${text}`;
  return msgId === null ? { tags: '', rest } : { tags: tagsOf({ 'msg-id': msgId }), rest, needs: 'commands' };
}

/** The notice that goes with a message, or a join, that was not taken. */
export function refusal(room: Room, code: string): Line {
  return notice(`#${room.name}`, REFUSALS[code] ?? 'Your message was not sent.', code);
}

export function clearChat(room: Room, person: Person, banSeconds: number | null, nowMs: number): Line {
  const tags = tagsOf({
    ...(banSeconds === null ? {} : { 'ban-duration': banSeconds }),
    'room-id': room.id,
    'target-user-id': person.id,
    'tmi-sent-ts': nowMs,
  });
  return { tags, rest: `:${SERVER} CLEARCHAT #${room.name} :${person.login}`, needs: 'commands' };
}

export function server(text: string): Line {
  return { tags: '', rest: `:${SERVER} ${text}` };
}

/** A PRIVMSG, or the USERNOTICE of the event that the words belong to. */
export function chatLine(message: ChatMessage): Line {
  const { author, room } = message;
  const isModerator = message.badges.includes('moderator/1');
  const tags = tagsOf({
    'badge-info': message.badgeInfo,
    badges: message.badges,
    ...(message.nonce === null ? {} : { 'client-nonce': message.nonce }),
    color: author.color,
    'display-name': author.displayName,
    emotes: emoteSpans(message.text),
    'first-msg': message.isFirst ? 1 : 0,
    flags: '',
    id: message.id,
    mod: isModerator ? 1 : 0,
    ...noticeTags(message),
    ...replyTags(message),
    'returning-chatter': 0,
    'room-id': room.id,
    ...sharedTags(message),
    subscriber: message.badges.includes('subscriber/') || message.badges.includes('founder/') ? 1 : 0,
    'tmi-sent-ts': message.sentAtMs,
    turbo: 0,
    'user-id': author.id,
    'user-type': isModerator ? 'mod' : '',
    // Real lines carry vip=0 at times; a script adds it through its own tags.
    ...(message.badges.includes('vip/1') ? { vip: 1 } : {}),
    ...message.extraTags,
  });
  if (message.notice !== null) {
    return { tags, rest: `:${SERVER} USERNOTICE #${room.name} :${message.text}`, needs: 'commands' };
  }
  const text = message.isAction ? `\u0001ACTION ${message.text}\u0001` : message.text;
  return { tags, rest: `:${prefixOf(author.login)} PRIVMSG #${room.name} :${text}` };
}

/** A copy in another channel of a shared chat names the event apart. */
function noticeTags({ author, room, notice, source }: ChatMessage): Record<string, string> {
  if (notice === null) return {};
  const isCopy = source !== null && source.roomId !== room.id;
  return {
    login: author.login,
    'msg-id': isCopy ? 'sharedchatnotice' : notice,
    ...(isCopy ? { 'source-msg-id': notice } : {}),
    'system-msg': `${author.displayName} did something (${notice}).`,
  };
}

function replyTags({ replyTo }: ChatMessage): Record<string, string> {
  if (!replyTo) return {};
  const top = replyTo.threadTop ?? replyTo;
  return {
    'reply-parent-display-name': replyTo.author.displayName,
    'reply-parent-msg-body': replyTo.text,
    'reply-parent-msg-id': replyTo.id,
    'reply-parent-user-id': replyTo.author.id,
    'reply-parent-user-login': replyTo.author.login,
    'reply-thread-parent-msg-id': top.id,
    'reply-thread-parent-user-login': top.author.login,
  };
}

/** In the room of origin the source is the message itself. */
function sharedTags({ source }: ChatMessage): Record<string, string | number> {
  if (!source) return {};
  return {
    'source-badge-info': source.badgeInfo,
    'source-badges': source.badges,
    'source-id': source.id,
    ...(source.onlyHere ? { 'source-only': 1 } : {}),
    'source-room-id': source.roomId,
  };
}

const EMOTES: Record<string, string> = { Kappa: '25', LUL: '425618', PogChamp: '305954156', HeyGuys: '30259' };

export function emoteIdOf(word: string): string | undefined {
  return Object.hasOwn(EMOTES, word) ? EMOTES[word] : undefined;
}

/** Emote positions, in Unicode code points as Twitch counts them. */
function emoteSpans(text: string): string {
  const spans = new Map<string, string[]>();
  let position = 0;
  for (const word of text.split(' ')) {
    const length = [...word].length;
    const id = emoteIdOf(word);
    if (id !== undefined) spans.set(id, [...(spans.get(id) ?? []), `${position}-${position + length - 1}`]);
    position += length + 1;
  }
  return [...spans].map(([id, places]) => `${id}:${places.join(',')}`).join('/');
}

/** Whether a text is emotes and nothing else. */
export function isEmotesOnly(text: string): boolean {
  return text.split(' ').every((word) => emoteIdOf(word) !== undefined);
}
