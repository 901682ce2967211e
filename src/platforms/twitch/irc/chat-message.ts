/** Turns what somebody wrote (PRIVMSG, or the words in a USERNOTICE) into our chat message, reading only the tags it needs. */
import type { ChannelId, PlatformMessageId, PlatformUserId, ProviderId } from '../../../lib/brand.ts';
import type { ChatMessage } from '../../worker-side.ts';
import { emotesIn } from './emotes.ts';
import { detached, type IrcLine, unescapeTag } from './line.ts';
import { badgeStanding, MODERATOR, rolesOf, SUBSCRIBER, VIP } from './roles.ts';

const PROVIDER = 'twitch' as ProviderId;

/** Of a tag that comes twice the last one counts. */
interface WantedTags {
  badges: string;
  isModerator: boolean;
  isSubscriber: boolean;
  isVip: boolean;
  /** Where emotes stand in the text. */
  emotes: string;
  displayName: string;
  /** USERNOTICE only: its prefix is the server's. */
  login: string;
  messageId: string;
  userId: string;
  roomId: string;
  /** Where a shared-chat message was typed; empty outside shared chat. */
  sourceRoomId: string;
  sentAt: string;
  /** Whom the message answers, where it answers one; names as they were then. */
  parentId: string;
  parentLogin: string;
  parentName: string;
}

/** Whether people's words come in such a line. Those of a resub, a watch streak or an announcement come in no other. */
export function bearsWords({ command }: IrcLine): boolean {
  return command === 'PRIVMSG' || command === 'USERNOTICE';
}

/**
 * @param nowMs stands in for a missing time stamp
 * @returns null for what is not answered or credited here: a copy from a shared chat, no author, no text
 */
export function toChatMessage(
  line: IrcLine,
  channelId: ChannelId,
  isOwnAccount: (id: PlatformUserId) => boolean,
  nowMs: () => number,
): ChatMessage | null {
  const tags = readTags(line.tags);
  // A copy in another channel of the group: the original is read, or not, where it was typed (docs/platforms/twitch.md#shared-chat).
  if (tags.sourceRoomId !== '' && tags.sourceRoomId !== tags.roomId) return null;
  const text = withoutAction(line.text);
  if (tags.userId === '' || text.trim() === '') return null;

  const shownName = unescapeTag(tags.displayName).trim();
  const login = plainLogin(tags.login || line.nick || shownName);
  const platformUserId = tags.userId as PlatformUserId;
  const sentAtMs = Number(tags.sentAt);
  return {
    provider: PROVIDER,
    channelId,
    messageId: tags.messageId === '' ? null : (detached(tags.messageId) as PlatformMessageId),
    author: {
      platformUserId,
      login: login === '' ? null : login,
      displayName: shownName || login,
      avatarUrl: null,
      roles: rolesOf(standingOf(tags)),
    },
    text,
    emotes: emotesIn(tags.emotes, text),
    addressedEnd: tags.parentId === '' ? undefined : endOfReplyPrefix(tags, text, isOwnAccount),
    sentAtMs: sentAtMs > 0 ? sentAtMs : nowMs(),
    isBacklog: false,
    isOwn: isOwnAccount(platformUserId),
  };
}

/** One pass; the switch on the first letter spares most comparisons. */
function readTags(tags: string): WantedTags {
  const found: WantedTags = {
    badges: '',
    isModerator: false,
    isSubscriber: false,
    isVip: false,
    emotes: '',
    displayName: '',
    login: '',
    messageId: '',
    userId: '',
    roomId: '',
    sourceRoomId: '',
    sentAt: '',
    parentId: '',
    parentLogin: '',
    parentName: '',
  };
  let at = 0;
  while (at < tags.length) {
    const semicolon = tags.indexOf(';', at);
    const end = semicolon === -1 ? tags.length : semicolon;
    readTag(tags, at, end, found);
    at = end + 1;
  }
  return found;
}

function readTag(tags: string, at: number, end: number, found: WantedTags): void {
  switch (tags.charAt(at)) {
    case 'b':
      if (tags.startsWith('badges=', at)) found.badges = tags.slice(at + 7, end);
      break;
    case 'd':
      if (tags.startsWith('display-name=', at)) found.displayName = tags.slice(at + 13, end);
      break;
    case 'e':
      if (tags.startsWith('emotes=', at)) found.emotes = tags.slice(at + 7, end);
      break;
    case 'i':
      if (tags.startsWith('id=', at)) found.messageId = tags.slice(at + 3, end);
      break;
    case 'l':
      if (tags.startsWith('login=', at)) found.login = tags.slice(at + 6, end);
      break;
    case 'm':
      if (tags.startsWith('mod=', at)) found.isModerator = isOne(tags, at + 4, end);
      break;
    case 'r':
      if (tags.startsWith('room-id=', at)) found.roomId = tags.slice(at + 8, end);
      else if (tags.startsWith('reply-parent-', at)) readParentTag(tags, at + 13, end, found);
      break;
    case 's':
      if (tags.startsWith('subscriber=', at)) found.isSubscriber = isOne(tags, at + 11, end);
      else if (tags.startsWith('source-room-id=', at)) found.sourceRoomId = tags.slice(at + 15, end);
      break;
    case 't':
      if (tags.startsWith('tmi-sent-ts=', at)) found.sentAt = tags.slice(at + 12, end);
      break;
    case 'u':
      if (tags.startsWith('user-id=', at)) found.userId = tags.slice(at + 8, end);
      break;
    case 'v':
      // `vip=0` exists, so presence says nothing (docs/platforms/twitch.md#privmsg).
      if (tags.startsWith('vip=', at)) found.isVip = isOne(tags, at + 4, end);
      break;
  }
}

function readParentTag(tags: string, at: number, end: number, found: WantedTags): void {
  if (tags.startsWith('user-id=', at)) found.parentId = tags.slice(at + 8, end);
  else if (tags.startsWith('user-login=', at)) found.parentLogin = tags.slice(at + 11, end);
  else if (tags.startsWith('display-name=', at)) found.parentName = tags.slice(at + 13, end);
}

function isOne(tags: string, at: number, end: number): boolean {
  return end === at + 1 && tags.charAt(at) === '1';
}

function standingOf({ badges, isModerator, isSubscriber, isVip }: WantedTags): number {
  return badgeStanding(badges) | (isModerator ? MODERATOR : 0) | (isSubscriber ? SUBSCRIBER : 0) | (isVip ? VIP : 0);
}

/** Where what the viewer's client put before an answer to an account of ours ends; undefined where it put nothing. */
function endOfReplyPrefix(
  { parentId, parentLogin, parentName }: WantedTags,
  text: string,
  isOwnAccount: (id: PlatformUserId) => boolean,
): number | undefined {
  if (!isOwnAccount(parentId as PlatformUserId)) return undefined;
  const [prefix = '', name = ''] = REPLY_PREFIX.exec(text) ?? [];
  const names = [parentLogin, unescapeTag(parentName)].map(plainLogin);
  return names.includes(name.toLowerCase()) ? prefix.length : undefined;
}

const REPLY_PREFIX = /^\s*@([^\s,:]+)/u;
const ACTION_START = '\u0001ACTION ';

/** `/me` arrives wrapped in control characters. */
function withoutAction(text: string): string {
  if (!text.startsWith(ACTION_START)) return text;
  return text.slice(ACTION_START.length, text.endsWith('\u0001') ? -1 : undefined);
}

function plainLogin(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/^[@#]+/, '');
}
