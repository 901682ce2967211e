/** People, channels and messages as DevAPI and pub/sub show them (docs/platforms/vkvideo.md#channel-and-stream, docs/platforms/vkvideo.md#chat-message). */
import type { Person } from '../world/people.ts';
import type { Channel, Stream } from './channel.ts';
import type { ChatMessage } from './chat.ts';

const PICTURES = { small_url: '', medium_url: '', large_url: '' };
/** Nick of the platform's own bot, which its badge tells from a person of that name (docs/platforms/vkvideo.md#chat-message). */
export const SYSTEM_BOT = 'ChatBot';

export function shownPerson(person: Person) {
  return { id: Number(person.id), nick: person.displayName, nick_color: 4, avatar_url: '' };
}

export function shownMember(channel: Channel, person: Person) {
  const flags = { is_owner: person.id === channel.owner.id, is_moderator: channel.standing(person.id).isModerator };
  return { ...shownPerson(person), ...flags };
}

export function shownRoles(channel: Channel, person: Person) {
  return channel.rolesOf(person.id).map((role) => ({ ...role, ...PICTURES }));
}

export function shownBadges(channel: Channel, person: Person) {
  const badges = [];
  if (person.displayName === SYSTEM_BOT) badges.push({ id: 'b0', name: 'Bot', achievement_name: 'internal_chatbot' });
  if (channel.standing(person.id).isSubscriber)
    badges.push({ id: 'b1', name: 'Subscriber', achievement_name: 'subscription_01' });
  return badges.map((badge) => ({ ...badge, ...PICTURES }));
}

export function shownMessage({ id, channel, author, parts, sentAt, isPrivate }: ChatMessage) {
  const rights = { badges: shownBadges(channel, author), roles: shownRoles(channel, author) };
  return {
    id: Number(id),
    created_at: unixSeconds(sentAt),
    is_private: isPrivate,
    author: { ...shownMember(channel, author), ...rights },
    parts,
  };
}

/** What `GET /v1/channel` says, to this reader. */
export function shownChannel(channel: Channel, readerId: string | null) {
  return { ...channelAndOwner(channel, readerId), ...streamsOf(channel) };
}

/** What `GET /v1/stream` says. */
export function shownStream(channel: Channel, stream: Stream, readerId: string | null) {
  return { ...channelAndOwner(channel, readerId), stream: streamShape(stream) };
}

/** A channel in the answer to a batch: its stream lacks three fields (docs/platforms/vkvideo.md#channel-and-stream). */
export function shownInBatch(channel: Channel, readerId: string | null) {
  if (!channel.stream) return shownChannel(channel, readerId);
  const { status: _status, slot: _slot, source_urls: _urls, ...stream } = streamShape(channel.stream);
  return { ...channelAndOwner(channel, readerId), stream, streams: [] };
}

export function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function channelAndOwner(channel: Channel, readerId: string | null) {
  const { owner } = channel;
  return {
    channel: {
      id: Number(channel.id),
      url: channel.slug,
      nick: owner.displayName,
      nick_color: 4,
      status: channel.isLive ? 'online' : 'offline',
      description: '',
      avatar_url: '',
      cover_url: '',
      counters: { subscribers: 15 },
      web_socket_channels: channel.socketNames(readerId),
    },
    owner: { ...shownPerson(owner), is_verified_streamer: false, external_profile_links: [] },
  };
}

function streamsOf({ stream }: Channel) {
  return stream ? { stream: streamShape(stream), streams: [] } : { streams: [] };
}

function streamShape({ id, title, startedAt, endedAt, viewers }: Stream) {
  return {
    id,
    title,
    status: endedAt ? 'offline' : 'started',
    started_at: unixSeconds(startedAt),
    ended_at: endedAt ? unixSeconds(endedAt) : 0,
    preview_url: '',
    video_id: '0',
    counters: { viewers, views: 10 },
    reactions: [{ type: 'heart', count: 1 }],
    category: { id: 'cat-1', title: 'Talk', type: 'irl', cover_url: '' },
    slot: { id: 1, url: 'default' },
    source_urls: [],
    vk_video: { owner_id: '', video_id: '' },
  };
}
