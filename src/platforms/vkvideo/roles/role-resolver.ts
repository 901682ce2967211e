/** Role ids of a chatter: stub, then what the message carried, then what VK says when asked (docs/design.md#roles-on-vk-video-live). */
import { LRUCache } from 'lru-cache';
import type { z } from 'zod';
import { PlatformRefused } from '../../../lib/errors.ts';
import type { CommonDeps } from '../../platform.ts';
import type { ChatAuthor, ReadChannel, RoleResolver } from '../../worker-side.ts';
import { userRolesAnswer } from '../api.external.ts';
import type { ApiRequest, Ask } from '../api.ts';
import type { RoleStubs } from './role-stubs.ts';

export interface RoleDeps extends Pick<CommonDeps, 'clock' | 'log'> {
  readonly stubs: RoleStubs;
  readonly cacheMs: number;
  /** `VKVIDEO_CHANNEL_ROLES_USER_URL_TEMPLATE`; null asks the DevAPI. */
  readonly template: string | null;
  readonly channelParameter: (channel: ReadChannel) => string | null;
  /** The streamer's account is asked where the bot's may not look. */
  readonly asks: { readonly asBot: Ask; readonly asOwner: (channel: ReadChannel) => Ask };
}

export interface VkRoles {
  readonly resolver: RoleResolver;
  /** What a message said about its author; forgotten with the author. */
  carried(author: ChatAuthor, roleIds: readonly string[]): void;
}

const CACHE_MAX = 50_000;
/** How often a channel's failures are said, and of how many channels that is known. */
const TOLD_AGAIN_MS = 60 * 60_000;
const TOLD_MAX = 5_000;
const PATH = '/v1/channel_roles/user';

export function createRoles(deps: RoleDeps): VkRoles {
  const carried = new WeakMap<ChatAuthor, readonly string[]>();
  // The cache takes 0 for "no time"; without a resolution of its own it sets no timers.
  const perf = { now: () => deps.clock.monotonicMs() + 1 };
  const cache = new LRUCache<string, ReadonlySet<string>>({
    max: CACHE_MAX,
    ttl: deps.cacheMs,
    ttlResolution: 0,
    perf,
  });
  // Any viewer can make us ask by writing a command.
  const told = new LRUCache<string, true>({ max: TOLD_MAX, ttl: TOLD_AGAIN_MS, ttlResolution: 0, perf });
  return {
    carried(author, roleIds) {
      if (roleIds.length > 0) carried.set(author, roleIds);
    },
    resolver: {
      async roleIds(channel, author) {
        const stub = deps.stubs.find(channel.target, author.platformUserId, author.login);
        const known = stub ?? carried.get(author);
        if (known) return new Set(known);
        const key = `${channel.channelId} ${author.platformUserId}`;
        const cached = cache.get(key);
        if (cached) return cached;
        const asked = await askRoles(deps, channel, author, (error) => {
          if (told.has(channel.channelId)) return;
          told.set(channel.channelId, true);
          deps.log.warn('vkvideo.channel_roles_user.fetch_failed', { channelId: channel.channelId, error });
        });
        if (asked === null) return NONE;
        told.delete(channel.channelId);
        cache.set(key, asked);
        return asked;
      },
    },
  };
}

const NONE: ReadonlySet<string> = new Set();

/** @returns null when nobody could tell: then the command stays closed */
async function askRoles(
  deps: RoleDeps,
  channel: ReadChannel,
  author: ChatAuthor,
  failed: (error: unknown) => void,
): Promise<ReadonlySet<string> | null> {
  const request = requestOf(deps, channel, author);
  if (request === null) return null;
  try {
    return await readRoles(deps.asks.asBot, request);
  } catch (error) {
    const mayOwner = error instanceof PlatformRefused;
    const roles = mayOwner ? await readRoles(deps.asks.asOwner(channel), request).catch(() => null) : null;
    if (roles === null) failed(error);
    return roles;
  }
}

async function readRoles(ask: Ask, request: ApiRequest): Promise<ReadonlySet<string>> {
  try {
    return new Set(await ask(request, userRolesAnswer as z.ZodType<string[]>));
  } catch (error) {
    // How VK says that somebody has no roles (docs/platforms/vkvideo.md#roles); a wrong path is another matter.
    const isNone = error instanceof PlatformRefused && error.status === 404 && error.code !== 'unknown_api_method';
    if (isNone) return NONE;
    throw error;
  }
}

function requestOf(deps: RoleDeps, channel: ReadChannel, author: ChatAuthor): ApiRequest | null {
  const channelUrl = deps.channelParameter(channel);
  if (deps.template === null) {
    if (channelUrl === null) return null;
    return { path: PATH, query: { channel_url: channelUrl, user_id: author.platformUserId } };
  }
  const values: Record<string, string> = {
    '{userId}': author.platformUserId,
    '{channelId}': channel.target,
    '{channelUrl}': channelUrl ?? channel.target,
  };
  const path = deps.template.replace(/\{(userId|channelId|channelUrl)\}/g, (name) =>
    encodeURIComponent(values[name] ?? ''),
  );
  return { path };
}
