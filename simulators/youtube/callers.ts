/** Who calls: a token or a key, the project that pays, and what the call may do. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Token } from '../world/grants.ts';
import type { Channel } from './channels.ts';
import type { Method } from './quota.ts';
import { Refusal } from './refusal.ts';
import { API_KEY, PROJECT, type YouTubeState } from './state.ts';

const SCOPE_PREFIX = 'https://www.googleapis.com/auth/';
const WRITING = ['youtube', 'youtube.force-ssl'];
const READING = [...WRITING, 'youtube.readonly'];

const WRITES: ReadonlySet<Method> = new Set([
  'liveChatMessages.insert',
  'liveChatMessages.delete',
  'liveChatMessages.transition',
  'liveChatModerators.insert',
  'liveChatModerators.delete',
  'liveChatBans.insert',
  'liveChatBans.delete',
]);

/** Methods for which a key is enough (docs/platforms/youtube.md#scopes). */
const PUBLIC: ReadonlySet<Method> = new Set([
  'channels.list',
  'videos.list',
  'search.list',
  'playlistItems.list',
  'liveChatMessages.list',
  'liveChatMessages.streamList',
]);

export interface Caller {
  readonly project: string;
  /** Null for a call with nothing but a key. */
  readonly token: Token | null;
  /** Null also for an account without a channel. */
  readonly channel: Channel | null;
}

export interface Credentials {
  readonly access: string | null;
  readonly key: string | null;
}

export function credentialsOf(headers: IncomingHttpHeaders, query: URLSearchParams): Credentials {
  const header = headers['x-goog-api-key'];
  return {
    access: bearerOf(headers.authorization) ?? query.get('access_token'),
    key: query.get('key') ?? (typeof header === 'string' ? header : null),
  };
}

export function bearerOf(header: string | undefined): string | null {
  return /^Bearer (\S+)$/i.exec(header ?? '')?.[1] ?? null;
}

/**
 * Lets a call in, and bills it whatever becomes of it.
 * @throws Refusal in the order the platform checks: who, whether the API is on, the quota, the scopes
 */
export function admit(state: YouTubeState, { access, key }: Credentials, method: Method): Caller {
  if (access === null && key === null) throw new Refusal('unregisteredCaller');
  const token = access === null ? null : (state.grants.find(access) ?? null);
  if (access !== null && token === null) throw new Refusal('authError');
  if (token === null && key !== API_KEY) throw new Refusal('badRequest', 'key');
  const caller = { project: PROJECT, token, channel: token === null ? null : channelOf(state, token) };
  if (state.closedProjects.has(caller.project)) throw new Refusal('accessNotConfigured');
  state.quota.charge(caller.project, method);
  if (token === null) {
    if (!PUBLIC.has(method)) throw new Refusal('required');
  } else {
    const enough = (WRITES.has(method) ? WRITING : READING).map((scope) => SCOPE_PREFIX + scope);
    if (!token.scopes.some((scope) => enough.includes(scope))) throw new Refusal('insufficientPermissions');
  }
  return caller;
}

/** The channel a grant was given for. */
export function channelOf({ channels, pickedChannels }: YouTubeState, token: Token): Channel | null {
  const picked = token.refresh === null ? undefined : pickedChannels.get(token.refresh);
  return channels.byId(picked) ?? channels.of(token.personId ?? '')[0] ?? null;
}

/** @throws Refusal for an account without a channel */
export function ownChannel({ channel }: Caller): Channel {
  if (channel === null) throw new Refusal('youtubeSignupRequired');
  return channel;
}
