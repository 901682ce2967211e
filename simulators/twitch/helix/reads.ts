/** What Helix tells about people, streams, followers and roles. */
import type { Call } from '../../world/host.ts';
import type { Person } from '../../world/people.ts';
import type { Role, Room } from '../room.ts';
import type { TwitchState } from '../state.ts';
import { type Caller, page, personWith, Refusal } from './caller.ts';

const IDS_MAX = 100;

/** An account that is suspended is missing, like one that never was. */
export function users({ people, rooms }: TwitchState, { query }: Call, caller: Caller): unknown {
  const ids = query.getAll('id');
  const logins = query.getAll('login');
  if (ids.length + logins.length > IDS_MAX) throw new Refusal(400, 'The maximum number of ids and logins is 100');
  if (ids.length + logins.length === 0) {
    if (!caller.person) throw new Refusal(400, 'Must provide an ID, login name or user token');
    return { data: [described(caller.person)] };
  }
  const found = [...ids.map((id) => people.byId(id)), ...logins.map((login) => people.byLogin(login))];
  const isShown = (person: Person | undefined) => person !== undefined && !rooms.get(person.id)?.suspended;
  return { data: [...new Set(found)].filter(isShown).map((person) => described(person as Person)) };
}

export function streams({ people, rooms }: TwitchState, { query }: Call): unknown {
  const ids = new Set(query.getAll('user_id'));
  const logins = query.getAll('user_login');
  if (ids.size > IDS_MAX || logins.length > IDS_MAX) throw new Refusal(400, 'The maximum number of ids is 100');
  const isFiltered = ids.size + logins.length > 0;
  for (const login of logins) ids.add(people.byLogin(login)?.id ?? '');
  const live = [...rooms.values()].filter((room) => room.stream && (!isFiltered || ids.has(room.id)));
  const { items, pagination } = page(live, query);
  return { data: items.map(describedStream), pagination };
}

export function followers(state: TwitchState, { query }: Call, caller: Caller): unknown {
  const room = roomById(state, query.get('broadcaster_id'));
  const all = [...room.followers].sort(([, a], [, b]) => b.getTime() - a.getTime());
  const may =
    caller.token.scopes.includes('moderator:read:followers') &&
    caller.person !== null &&
    (caller.person.id === room.id || room.has(caller.person.id, 'moderator'));
  const only = query.get('user_id');
  if (!may && only !== null) throw new Refusal(401, 'Missing scope: moderator:read:followers');
  if (!may) return { total: all.length, data: [], pagination: {} };
  const { items, pagination } = page(only === null ? all : all.filter(([id]) => id === only), query);
  const data = items.map(([id, since]) => ({
    ...named(state.people.byId(id), 'user'),
    followed_at: since.toISOString(),
  }));
  return { total: all.length, data, pagination };
}

/** `GET /moderation/moderators` and `GET /channels/vips`. */
export function holders(role: Role, ...scopes: string[]) {
  return (state: TwitchState, { query }: Call, caller: Caller): unknown => {
    const person = personWith(caller, ...scopes);
    const room = roomById(state, query.get('broadcaster_id'));
    if (person.id !== room.id) throw new Refusal(401, 'The ID in broadcaster_id must match the user ID of the token');
    const wanted = query.getAll('user_id');
    const ids = [...room.roles.keys()].filter(
      (id) => room.has(id, role) && (wanted.length === 0 || wanted.includes(id)),
    );
    const { items, pagination } = page(ids, query);
    return { data: items.map((id) => named(state.people.byId(id), 'user')), pagination };
  };
}

export function moderatedChannels(state: TwitchState, { query }: Call, caller: Caller): unknown {
  const person = personWith(caller, 'user:read:moderated_channels');
  if (query.get('user_id') !== person.id)
    throw new Refusal(401, 'The ID in user_id must match the user ID of the token');
  const rooms = [...state.rooms.values()].filter((room) => room.has(person.id, 'moderator'));
  const { items, pagination } = page(rooms, query);
  return { data: items.map(({ owner }) => named(owner, 'broadcaster')), pagination };
}

export function chatSettings(state: TwitchState, { query }: Call): unknown {
  const { id, modes } = roomById(state, query.get('broadcaster_id'));
  const setting = {
    broadcaster_id: id,
    emote_mode: modes.emoteOnly,
    follower_mode: modes.followersOnly >= 0,
    follower_mode_duration: modes.followersOnly >= 0 ? modes.followersOnly : null,
    slow_mode: modes.slowSeconds > 0,
    slow_mode_wait_time: modes.slowSeconds > 0 ? modes.slowSeconds : null,
    subscriber_mode: modes.subscribersOnly,
    unique_chat_mode: modes.uniqueChat,
  };
  return { data: [setting] };
}

export function authorizations({ grants, people }: TwitchState, { query }: Call, caller: Caller): unknown {
  if (caller.person) throw new Refusal(401, 'This endpoint needs an app access token');
  const data = query
    .getAll('user_id')
    .map((id) => people.byId(id))
    .filter((person) => person !== undefined)
    .map((person) => ({ ...named(person, 'user'), scopes: [...grants.granted(caller.token.clientId, person.id)] }))
    .filter(({ scopes }) => scopes.length > 0);
  return { data };
}

export function roomById({ rooms }: TwitchState, id: string | null): Room {
  const room = rooms.get(id ?? '');
  if (!room) throw new Refusal(400, 'Invalid broadcaster_id');
  return room;
}

function described({ id, login, displayName, createdAt }: Person): Record<string, unknown> {
  return {
    id,
    login,
    display_name: displayName,
    type: '',
    broadcaster_type: '',
    description: '',
    profile_image_url: '',
    offline_image_url: '',
    view_count: 0,
    created_at: createdAt.toISOString(),
  };
}

function describedStream({ owner, stream }: Room): Record<string, unknown> {
  return {
    id: stream?.id,
    ...named(owner, 'user'),
    game_id: '509658',
    game_name: 'Just Chatting',
    type: 'live',
    title: stream?.title,
    viewer_count: stream?.viewerCount,
    started_at: stream?.startedAt.toISOString().replace(/\.\d+Z$/, 'Z'),
    language: 'en',
    thumbnail_url: '',
    tag_ids: [],
    tags: [],
    is_mature: false,
  };
}

/** `{user_id, user_login, user_name}`, with another word in front where Twitch has one. */
function named(person: Person | undefined, word: string): Record<string, string> {
  if (!person) return {};
  return { [`${word}_id`]: person.id, [`${word}_login`]: person.login, [`${word}_name`]: person.displayName };
}
