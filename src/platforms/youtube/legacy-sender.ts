/** The sender an old installation names by YOUTUBE_BOT_REFRESH_TOKEN (docs/contract/workers.md#resolution-order). */
import type { LegacySender } from '../account-side.ts';
import type { CommonDeps } from '../platform.ts';
import { youtubeSettings } from './settings.ts';

type Tokens = Pick<LegacySender, 'accessToken' | 'expiresAt'>;

/** The environment has no place for access tokens: they live as long as the process that was given these settings. */
const known = new WeakMap<object, Tokens & { readonly refreshToken: string }>();

/** @returns null when the environment names nobody */
export async function findLegacySender({ settings }: CommonDeps): Promise<LegacySender | null> {
  const refreshToken = youtubeSettings(settings).YOUTUBE_BOT_REFRESH_TOKEN;
  if (refreshToken === null) return null;
  const last = known.get(settings);
  const { accessToken, expiresAt } =
    last?.refreshToken === refreshToken ? last : { accessToken: null, expiresAt: null };
  return {
    accountId: null,
    platformUserId: null,
    login: null,
    accessToken,
    refreshToken,
    expiresAt,
    async save(tokens) {
      known.set(settings, { accessToken: tokens.accessToken, expiresAt: tokens.expiresAt, refreshToken });
    },
  };
}
