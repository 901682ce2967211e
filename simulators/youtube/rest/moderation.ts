/** `liveChat/moderators` and `liveChat/bans`: who may keep order, and who may not write. */
import { randomBytes } from 'node:crypto';
import { ownChannel } from '../callers.ts';
import type { Channel } from '../channels.ts';
import type { Chat } from '../chat.ts';
import { authorIn, makeItem, profileOf } from '../items.ts';
import { Refusal } from '../refusal.ts';
import type { YouTubeState } from '../state.ts';
import { chatFor } from './messages.ts';
import { type ApiRequest, countOf, listOf, objectIn, paged, partsOf, resource, textIn } from './requests.ts';

const BAN_SECONDS_USUAL = 300;

export function listModerators(state: YouTubeState, { caller, query }: ApiRequest): object {
  const parts = partsOf(query);
  const perPage = countOf(query, { min: 0, max: 50, usual: 5 });
  const chat = chatFor(state, query.get('liveChatId'));
  requireOwner(chat, ownChannel(caller));
  const { page, next } = paged([...chat.owner.moderators], query, perPage);
  const items = page.map(([channelId, entryId]) => shownModerator(state, chat, channelId, entryId, parts));
  return { ...listOf('liveChatModerator', items, perPage, false), ...next };
}

export function insertModerator(state: YouTubeState, { caller, query, body }: ApiRequest): object {
  const parts = partsOf(query);
  const snippet = objectIn(body.snippet);
  const chat = chatFor(state, textIn(snippet.liveChatId));
  requireOwner(chat, ownChannel(caller));
  const channel = state.channels.byId(textIn(objectIn(snippet.moderatorDetails).channelId));
  if (!channel) throw new Refusal('liveChatUserNotFound', 'snippet.moderatorDetails.channelId');
  const entryId = makeModerator(chat.owner, channel);
  return shownModerator(state, chat, channel.id, entryId, parts);
}

export function deleteModerator({ caller, query }: ApiRequest): undefined {
  const { moderators } = ownChannel(caller);
  const entry = [...moderators].find(([, entryId]) => entryId === query.get('id'));
  if (!entry) throw new Refusal('liveChatModeratorNotFound', 'id');
  moderators.delete(entry[0]);
}

/** @returns the id of the entry */
export function makeModerator(owner: Channel, { id }: Channel): string {
  const entryId = owner.moderators.get(id) ?? randomBytes(18).toString('base64url');
  owner.moderators.set(id, entryId);
  return entryId;
}

export function insertBan(state: YouTubeState, { caller, query, body }: ApiRequest): object {
  const parts = partsOf(query);
  const snippet = objectIn(body.snippet);
  const chat = chatFor(state, textIn(snippet.liveChatId));
  const actor = ownChannel(caller);
  if (!chat.isPrivileged(actor)) throw new Refusal('notModerator');
  const channelId = textIn(objectIn(snippet.bannedUserDetails).channelId);
  if (channelId === null) throw new Refusal('bannedUserChannelIdRequired');
  const banned = state.channels.byId(channelId);
  if (!banned) throw new Refusal('liveChatUserNotFound');
  const given = Number(snippet.banDurationSeconds ?? BAN_SECONDS_USUAL);
  const { id, details } = ban(state, chat, actor, banned, snippet.type === 'permanent' ? null : given);
  return resource('liveChatBan', id, parts, {
    snippet: {
      liveChatId: chat.id,
      type: details.banType,
      bannedUserDetails: details.bannedUserDetails,
      ...(details.banDurationSeconds === undefined ? {} : { banDurationSeconds: details.banDurationSeconds }),
    },
  });
}

/** @param seconds null for good */
export function ban(state: YouTubeState, chat: Chat, by: Channel, banned: Channel, seconds: number | null) {
  if (chat.isPrivileged(banned)) throw new Refusal('liveChatBanInsertionNotAllowed');
  const id = randomBytes(24).toString('base64url');
  const now = state.clock.now();
  chat.bans.set(banned.id, {
    id,
    untilMs: seconds === null ? Number.POSITIVE_INFINITY : now.getTime() + seconds * 1000,
  });
  const details = {
    bannedUserDetails: profileOf(banned),
    banType: seconds === null ? 'permanent' : 'temporary',
    ...(seconds === null ? {} : { banDurationSeconds: String(seconds) }),
  };
  const author = authorIn(chat.owner, by);
  const displayMessage = `${banned.title} was hidden`;
  chat.append(
    makeItem({ chatId: chat.id, type: 'userBannedEvent', publishedAt: now, author, displayMessage, details }),
  );
  return { id, details };
}

export function deleteBan(state: YouTubeState, { caller, query }: ApiRequest): undefined {
  const actor = ownChannel(caller);
  const now = state.clock.now().getTime();
  for (const { chat } of state.broadcasts.all()) {
    for (const [channelId, { id, untilMs }] of chat.bans) {
      if (id !== query.get('id') || untilMs <= now) continue;
      if (!chat.isPrivileged(actor)) throw new Refusal('notModerator');
      chat.bans.delete(channelId);
      return;
    }
  }
  throw new Refusal('liveChatBanNotFound', 'id');
}

function requireOwner(chat: Chat, { id }: Channel): void {
  if (chat.owner.id !== id) throw new Refusal('forbidden');
}

function shownModerator(
  state: YouTubeState,
  chat: Chat,
  channelId: string,
  entryId: string,
  parts: ReadonlySet<string>,
) {
  const channel = state.channels.byId(channelId);
  return resource('liveChatModerator', entryId, parts, {
    snippet: { liveChatId: chat.id, moderatorDetails: channel ? profileOf(channel) : { channelId } },
  });
}
