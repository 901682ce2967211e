/** `channels`, `liveBroadcasts`, `videos`, `search` and `playlistItems`: where is a chat, and is it live. */
import { type Broadcast, contentOf, namesChat } from '../broadcasts.ts';
import { ownChannel } from '../callers.ts';
import type { Channel } from '../channels.ts';
import { Refusal } from '../refusal.ts';
import type { YouTubeState } from '../state.ts';
import { type ApiRequest, countOf, listed, listOf, paged, partsOf, resource } from './requests.ts';

const IDS_MAX = 50;
const PAGE = { min: 0, max: 50, usual: 5 };

export function listChannels({ channels }: YouTubeState, { caller, query }: ApiRequest): object {
  const parts = partsOf(query);
  const filters = ['mine', 'id', 'forHandle', 'forUsername'].filter((name) => query.has(name));
  if (filters.length !== 1)
    throw new Refusal(filters.length === 0 ? 'missingRequiredParameter' : 'incompatibleParameters');
  if (query.get('mine') === 'true' && caller.token === null) throw new Refusal('required');
  const found: (Channel | null | undefined)[] = query.has('id')
    ? listed(query, 'id').map((id) => channels.byId(id))
    : [
        query.has('mine')
          ? caller.channel
          : channels.byHandle(query.get('forHandle') ?? query.get('forUsername') ?? ''),
      ];
  const items = found.filter((channel) => !!channel).map((channel) => shownChannel(channel, parts));
  return listOf('channel', items, PAGE.usual, true);
}

function shownChannel({ id, title, handle }: Channel, parts: ReadonlySet<string>): object {
  const thumbnail = { url: `https://yt3.ggpht.com/${id}=s88-c-k-c0x00ffffff-no-rj`, width: 88, height: 88 };
  return resource('channel', id, parts, {
    snippet: {
      title,
      description: '',
      customUrl: handle,
      publishedAt: '2020-01-01T00:00:00Z',
      thumbnails: { default: thumbnail },
    },
    contentDetails: { relatedPlaylists: { likes: 'LL', uploads: `UU${id.slice(2)}` } },
    statistics: { viewCount: '0', subscriberCount: '0', hiddenSubscriberCount: false, videoCount: '0' },
  });
}

export function listBroadcasts({ broadcasts }: YouTubeState, { caller, query }: ApiRequest): object {
  const parts = partsOf(query);
  const perPage = countOf(query, PAGE);
  const filters = ['broadcastStatus', 'id', 'mine'].filter((name) => query.has(name));
  // Exactly one; `mine` beside a status is refused although it says the same (docs/platforms/youtube.md#finding-the-broadcast).
  if (filters.length === 0) throw new Refusal('missingRequiredParameter');
  if (filters.length > 1) throw new Refusal('incompatibleParameters', filters[1]);
  const channel = ownChannel(caller);
  if (!channel.canStream) throw new Refusal('liveStreamingNotEnabled');
  const own = [...broadcasts.of(channel.id)].reverse();
  const items = query.has('id') ? byId(own, listed(query, 'id')) : own.filter(statusAndType(query));
  const { page, next } = paged(items, query, perPage);
  const shown = page.map((broadcast) => shownBroadcast(broadcast, parts));
  return { ...listOf('liveBroadcast', shown, perPage, false), ...next };
}

function byId(own: readonly Broadcast[], ids: readonly string[]): Broadcast[] {
  const found = own.filter(({ id }) => ids.includes(id));
  if (found.length === 0) throw new Refusal('liveBroadcastNotFound', 'id');
  return found;
}

function statusAndType(query: URLSearchParams): (broadcast: Broadcast) => boolean {
  const wanted = { active: 'live', completed: 'complete', upcoming: 'ready', all: null };
  const status = query.get('broadcastStatus') ?? 'all';
  // Leaving it out hides "stream now" broadcasts (docs/platforms/youtube.md#finding-the-broadcast).
  const type = query.get('broadcastType') ?? 'event';
  if (!Object.hasOwn(wanted, status)) throw new Refusal('invalidParameter', 'broadcastStatus');
  if (!['all', 'event', 'persistent'].includes(type)) throw new Refusal('invalidParameter', 'broadcastType');
  const lifeCycle = wanted[status as keyof typeof wanted];
  return (each) => (lifeCycle === null || each.lifeCycle === lifeCycle) && (type === 'all' || each.kind === type);
}

function shownBroadcast(broadcast: Broadcast, parts: ReadonlySet<string>): object {
  const { id, channel, chat, title, lifeCycle, privacy } = broadcast;
  return resource('liveBroadcast', id, parts, {
    snippet: {
      publishedAt: (broadcast.scheduledAt ?? broadcast.startedAt)?.toISOString(),
      channelId: channel.id,
      title,
      description: '',
      ...times(broadcast),
      isDefaultBroadcast: broadcast.kind === 'persistent',
      categoryId: '20',
      ...(chat.state === 'deleted' ? {} : { liveChatId: chat.id }),
    },
    status: {
      lifeCycleStatus: lifeCycle,
      privacyStatus: privacy,
      recordingStatus: lifeCycle === 'live' ? 'recording' : 'notRecording',
    },
    contentDetails: { enableAutoStart: true, enableAutoStop: true },
    monetizationDetails: { cuepointSchedule: { enabled: false } },
  });
}

function times({ scheduledAt, startedAt, endedAt }: Broadcast): Record<string, string> {
  return {
    ...(scheduledAt ? { scheduledStartTime: withoutFraction(scheduledAt) } : {}),
    ...(startedAt ? { actualStartTime: withoutFraction(startedAt) } : {}),
    ...(endedAt ? { actualEndTime: withoutFraction(endedAt) } : {}),
  };
}

function withoutFraction(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z');
}

export function listVideos({ broadcasts }: YouTubeState, { caller, query }: ApiRequest): object {
  const parts = partsOf(query);
  const ids = listed(query, 'id');
  if (ids.length === 0) throw new Refusal('missingRequiredParameter', 'id');
  if (ids.length > IDS_MAX) throw new Refusal('invalidParameter', 'id');
  // Unknown and private ones are left out without a word (docs/platforms/youtube.md#finding-the-broadcast).
  const found = ids.map((id) => broadcasts.byId(id)).filter((each) => !!each);
  const items = found
    .filter(({ privacy, channel }) => privacy !== 'private' || caller.channel?.id === channel.id)
    .map((broadcast) => shownVideo(broadcast, parts));
  return listOf('video', items, items.length, true);
}

function shownVideo(broadcast: Broadcast, parts: ReadonlySet<string>): object {
  const { id, channel, chat, title, lifeCycle, viewers } = broadcast;
  return resource('video', id, parts, {
    snippet: {
      publishedAt: (broadcast.scheduledAt ?? broadcast.startedAt)?.toISOString(),
      channelId: channel.id,
      title,
      channelTitle: channel.title,
      categoryId: '20',
      liveBroadcastContent: contentOf(broadcast),
    },
    liveStreamingDetails: {
      ...times(broadcast),
      ...(lifeCycle === 'live' && viewers !== null ? { concurrentViewers: String(viewers) } : {}),
      ...(namesChat(broadcast) ? { activeLiveChatId: chat.id } : {}),
    },
    status: { privacyStatus: broadcast.privacy, uploadStatus: 'uploaded' },
  });
}

export function search({ broadcasts }: YouTubeState, { query }: ApiRequest): object {
  partsOf(query);
  const perPage = countOf(query, PAGE);
  const eventType = query.get('eventType');
  if (eventType !== null && query.get('type') !== 'video') throw new Refusal('incompatibleParameters', 'eventType');
  const channelId = query.get('channelId');
  const content = { live: 'live', upcoming: 'upcoming', completed: 'none' }[eventType ?? ''];
  const found = broadcasts
    .all()
    .filter(({ privacy }) => privacy === 'public')
    .filter(
      (each) => (channelId === null || each.channel.id === channelId) && (!content || contentOf(each) === content),
    );
  const { page, next } = paged(found, query, perPage);
  const items = page.map((each) => ({
    kind: 'youtube#searchResult',
    etag: `etag-${each.id}`,
    id: { kind: 'youtube#video', videoId: each.id },
    snippet: { channelId: each.channel.id, title: each.title, liveBroadcastContent: contentOf(each) },
  }));
  return { ...listOf('search', items, perPage, false), ...next, regionCode: 'US' };
}

export function listPlaylistItems({ broadcasts }: YouTubeState, { query }: ApiRequest): object {
  const parts = partsOf(query);
  const perPage = countOf(query, PAGE);
  const [, suffix] = /^UU(?:LV|LF|SH)?([\w-]{22})$/.exec(query.get('playlistId') ?? '') ?? [];
  const videos = [...broadcasts.of(`UC${suffix}`)].reverse().filter(({ privacy }) => privacy === 'public');
  if (videos.length === 0) throw new Refusal('playlistNotFound', 'playlistId');
  const items = videos.slice(0, perPage).map(({ id, title, channel, startedAt }) =>
    resource('playlistItem', `PL-${id}`, parts, {
      snippet: { channelId: channel.id, title, resourceId: { kind: 'youtube#video', videoId: id } },
      contentDetails: { videoId: id, videoPublishedAt: startedAt?.toISOString() },
    }),
  );
  return listOf('playlistItem', items, perPage, false);
}
