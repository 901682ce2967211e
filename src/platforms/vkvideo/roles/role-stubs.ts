/** Role ids an operator gives viewers by `VKVIDEO_ROLE_STUBS_JSON` (docs/contract/workers.md#vk-video-live-role-ids). */
import { z } from 'zod';
import type { Reading } from '../../../lib/settings.ts';

export interface RoleStubs {
  /** @returns null where no stub speaks about the viewer: then the platform is asked */
  find(channelId: string, userId: string, login: string | null): readonly string[] | null;
}

const channelsSchema = z.record(z.string(), z.unknown());
const idsSchema = z.array(z.string().trim().min(1)).min(1);

export const NO_STUBS: RoleStubs = { find: () => null };

/** Unreadable text means no stubs, said once at start: a bot that does not start would be the worse answer. */
export function readRoleStubs(raw: string): Reading<RoleStubs> {
  const parsed = channelsSchema.safeParse(parseJson(raw));
  if (!parsed.success)
    return { value: NO_STUBS, warning: 'VKVIDEO_ROLE_STUBS_JSON is not a JSON object and is ignored' };
  const byChannel = new Map(Object.entries(parsed.data).map(([channel, viewers]) => [channel, readViewers(viewers)]));
  return {
    value: {
      find(channelId, userId, login) {
        const viewers = byChannel.get(channelId);
        return viewers?.get(`user:${userId}`.toLowerCase()) ?? viewers?.get(`login:${login}`.toLowerCase()) ?? null;
      },
    },
  };
}

function readViewers(viewers: unknown): ReadonlyMap<string, readonly string[]> {
  const entries = Object.entries(channelsSchema.safeParse(viewers).data ?? {});
  return new Map(
    entries.flatMap(([viewer, ids]) => {
      const { data } = idsSchema.safeParse(ids);
      return data === undefined ? [] : [[viewer.trim().toLowerCase(), data] as const];
    }),
  );
}

function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return null;
  }
}
