/** The API's answers about people, channels and streams (docs/platforms/kick.md#users). */
import type { Answer, Call } from '../../world/host.ts';
import type { Person } from '../../world/people.ts';
import type { Channel } from '../channel.ts';
import { type KickState, slugOf } from '../state.ts';
import { NO_TIME, rfc3339 } from '../time.ts';
import { badRequest, type Caller, ok, requireScope, unauthorized } from './caller.ts';

const ASKED_MAX = 50;
const SLUG_MAX = 25;
const LIVESTREAMS_MAX = 100;
const LIVESTREAMS_DEFAULT = 25;
const CATEGORY = { id: 15, name: 'Just Chatting', thumbnail: '' };
const NO_CATEGORY = { id: 0, name: '', thumbnail: '' };

export function users({ people }: KickState, { query }: Call, caller: Caller): Answer {
  requireScope(caller, 'user:read');
  const ids = query.getAll('id');
  if (ids.length > 0) return ok(known(ids.map((id) => people.byId(id))).map((person) => user(person, caller)));
  if (!caller.person) throw badRequest('id is required for app tokens');
  return ok([user(caller.person, caller)]);
}

export function channels(state: KickState, { query }: Call, caller: Caller): Answer {
  requireScope(caller, 'channel:read');
  const ids = query.getAll('broadcaster_user_id');
  const slugs = query.getAll('slug');
  if (ids.length > 0 && slugs.length > 0) throw badRequest('broadcaster_user_id and slug cannot be used together');
  if (ids.length + slugs.length > ASKED_MAX) throw badRequest('too many channels');
  if (slugs.some((slug) => slug.length > SLUG_MAX)) throw badRequest('slug is too long');
  const all = [...state.channels.values()];
  if (ids.length > 0) return ok(known(ids.map((id) => state.channels.get(id))).map((each) => channel(state, each)));
  if (slugs.length > 0) {
    const found = slugs.map((slug) => all.find(({ owner }) => slugOf(state, owner) === slug.toLowerCase()));
    return ok(known(found).map((each) => channel(state, each)));
  }
  if (!caller.person) throw badRequest('broadcaster_user_id is required for app tokens');
  return ok(known([state.channels.get(caller.person.id)]).map((each) => channel(state, each)));
}

/** Deprecated since 2026-06-23; still simulated, because the fields of its successor are not known. */
export function livestreams(state: KickState, { query }: Call): Answer {
  const ids = query.getAll('broadcaster_user_id');
  if (ids.length > ASKED_MAX) throw badRequest('too many channels');
  const limit = Number(query.get('limit') ?? LIVESTREAMS_DEFAULT);
  if (!(limit >= 1 && limit <= LIVESTREAMS_MAX)) throw badRequest('invalid limit');
  const live = [...state.channels.values()].filter(
    ({ id, stream }) => stream && (ids.length === 0 || ids.includes(id)),
  );
  return ok(live.slice(0, limit).map((each) => livestream(state, each)));
}

function user({ id, displayName, login }: Person, { person }: Caller): Record<string, unknown> {
  const isOwn = person?.id === id;
  const shown = { user_id: Number(id), name: displayName, profile_picture: '' };
  return { ...shown, email: isOwn ? `${login}@example.test` : '' };
}

function channel(state: KickState, { owner, stream }: Channel): Record<string, unknown> {
  return {
    broadcaster_user_id: Number(owner.id),
    slug: slugOf(state, owner),
    channel_description: '',
    banner_picture: '',
    stream_title: stream?.title ?? '',
    category: stream ? CATEGORY : NO_CATEGORY,
    active_subscribers_count: 0,
    canceled_subscribers_count: 0,
    stream: {
      is_live: stream !== null,
      is_mature: false,
      language: stream ? 'en' : '',
      start_time: stream ? rfc3339(stream.startedAt, stream.offsetMinutes) : NO_TIME,
      viewer_count: stream?.viewerCount ?? 0,
      thumbnail: '',
      custom_tags: [],
      url: '',
      key: '',
    },
  };
}

function livestream(state: KickState, { owner, stream }: Channel): Record<string, unknown> {
  return {
    broadcaster_user_id: Number(owner.id),
    channel_id: Number(owner.id) + 100_000,
    slug: slugOf(state, owner),
    stream_title: stream?.title,
    language: 'en',
    has_mature_content: false,
    viewer_count: stream?.viewerCount,
    thumbnail: '',
    profile_picture: '',
    started_at: stream ? rfc3339(stream.startedAt, stream.offsetMinutes) : NO_TIME,
    custom_tags: [],
    category: CATEGORY,
  };
}

function known<T>(found: readonly (T | undefined)[]): T[] {
  return [...new Set(found)].filter((each) => each !== undefined);
}

/** Most lines that one poll returns. */
const POLL_PAGE_MAX = 100;

/**
 * A chat that can be polled at `KICK_CHAT_POLL_URL_TEMPLATE` (docs/contract/workers.md#kick-polling). Kick itself has
 * none (docs/platforms/kick.md#ten-facts-that-decide-the-design). Items look as in `chat.message.sent`. Without a
 * cursor the answer is the latest page, with a cursor the page after it. Only the streamer's own token may read.
 */
export function pollChat({ channels }: KickState, channelId: string, { query }: Call, caller: Caller): Answer {
  if (caller.person?.id !== channelId) throw unauthorized();
  const channel = channels.get(channelId);
  if (!channel) throw badRequest('Channel not found');
  const cursor = query.get('cursor') ?? '';
  const lines = channel.lines();
  const after = Number(cursor);
  const page =
    cursor === '' ? lines.slice(-POLL_PAGE_MAX) : lines.filter(({ number }) => number > after).slice(0, POLL_PAGE_MAX);
  const next = page.at(-1)?.number ?? after;
  return { status: 200, body: { data: page.map(({ body }) => body), cursor: String(next) } };
}
