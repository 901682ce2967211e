/** REST: people and their channels, each call with the spelling of its own (docs/platforms/trovo.md#rest-endpoints). */
import { z } from 'zod';
import { Refusal } from '../errors.ts';
import type { Room } from '../room.ts';
import { bodyOf, idSchema, personWith, type Request } from './caller.ts';

/** What `getusers` says of a name nobody has: all three were seen. */
export type UnknownUser = 'refusal' | 'emptyList' | 'zeroChannel';

export function getUserInfo(request: Request): unknown {
  const person = personWith(request, 'user_details_self');
  return {
    userId: person.id,
    userName: person.login,
    nickName: person.displayName,
    email: `${person.login}@example.invalid`,
    profilePic: `https://headicon.trovo.live/user/${person.id}.jpeg`,
    info: '',
    channelId: request.state.rooms.open(person).id,
  };
}

export function getUsers({ state, call }: Request, unknownUser: UnknownUser): unknown {
  const { user } = bodyOf(call, z.object({ user: z.array(z.string()).min(1) }));
  const users = user.flatMap((name) => {
    const person = state.people.byLogin(name);
    if (person) return [described(person.id, person.login, person.displayName, state.rooms.open(person).id)];
    if (unknownUser === 'refusal') throw new Refusal(1002);
    return unknownUser === 'zeroChannel' ? [described('0', name, '', '0')] : [];
  });
  return { total: users.length, users };
}

function described(userId: string, username: string, nickname: string, channelId: string): unknown {
  return { user_id: userId, username, nickname, channel_id: channelId };
}

/** `channels/id`, for everybody. */
export function channelInfo({ state, call }: Request): unknown {
  const { channel_id: id, username } = bodyOf(
    call,
    z.object({ channel_id: idSchema.optional(), username: z.string().optional() }),
  );
  if (id === undefined && username === undefined) throw new Refusal(1002);
  const owner = state.people.byLogin(username);
  const room = id === undefined ? owner && state.rooms.open(owner) : state.rooms.byId(id);
  if (!room) throw new Refusal(10505);
  return publicChannel(room);
}

/** `channel`, for its owner. */
export function ownChannel(request: Request): unknown {
  const person = personWith(request, 'channel_details_self');
  const room = request.state.rooms.open(person);
  return { uid: person.id, channel_id: room.id, ...publicChannel(room), stream_key: `live_${room.id}_secret` };
}

/** `channels/update`: here the id must be a number. */
export function updateChannel(request: Request): unknown {
  const person = personWith(request, 'channel_update_self');
  const given = bodyOf(
    request.call,
    z.object({
      channel_id: z.number().int(),
      live_title: z.string().optional(),
      category_id: z.string().optional(),
      language_code: z.string().optional(),
      audi_type: z.string().optional(),
    }),
  );
  const room = request.state.rooms.byId(String(given.channel_id));
  if (room?.owner !== person) throw new Refusal(10703);
  if (given.category_id !== undefined && !/^\d+$/.test(given.category_id)) throw new Refusal(11000);
  room.title = given.live_title ?? room.title;
  room.categoryId = given.category_id ?? room.categoryId;
  return { empty: '' };
}

/** `started_at` is the latest start, also when the stream is over. */
function publicChannel(room: Room): Record<string, unknown> {
  const { owner } = room;
  return {
    is_live: room.isLive,
    username: owner.login,
    streamer_info: '',
    profile_pic: `https://headicon.trovo.live/user/${owner.id}.jpeg`,
    channel_url: `https://trovo.live/${owner.login}`,
    live_title: room.title,
    category_id: room.categoryId,
    category_name: 'Chit Chat',
    current_viewers: room.isLive ? 7 : 0,
    followers: 120,
    subscriber_num: 3,
    language_code: 'EN',
    audi_type: 'CHANNEL_AUDIENCE_TYPE_TEEN',
    created_at: epochSeconds(owner.createdAt),
    started_at: epochSeconds(room.startedAt),
    ended_at: epochSeconds(room.endedAt),
    thumbnail: '',
    social_links: [],
  };
}

function epochSeconds(at: Date | null): string {
  return String(at === null ? 0 : Math.floor(at.getTime() / 1000));
}
