/** Finds the streamer's own YouTube channel by the account they linked, or says what they have to do (docs/contract/http-api.md#enabling-youtube). */
import { sql } from 'kysely';
import type { Db } from '../../../db/pool.ts';
import type { ChannelId, UserId } from '../../../lib/brand.ts';
import { type BadInput, PlatformRefused } from '../../../lib/errors.ts';
import type { AccountCredential } from '../../account-side.ts';
import type { ApiDeps } from '../../api-side.ts';
import { isMissing } from '../../no-credential.ts';
import type { YouTubeApi } from '../api/client.ts';
import { refusalOf } from '../api/refusal.ts';
import type { ChannelProfile } from '../api/youtube.external.ts';
import type { GoogleOAuth } from '../google/oauth.ts';
import { mayRead, READ_SCOPE, splitScopes } from '../google/scopes.ts';
import { youtubeSettings } from '../settings.ts';
import { tables } from '../tables.ts';
import { channelRequired, enableFailed, notConfigured, quotaSpent, relinkRequired } from './refusals.ts';

export interface OwnChannelDeps extends Pick<ApiDeps, 'db' | 'credentials' | 'settings' | 'log'> {
  readonly api: YouTubeApi;
  readonly oauth: Pick<GoogleOAuth, 'inspect'>;
}

/** @returns the channel's id. @throws BadInput with one of the contract's codes */
export async function ownChannel(deps: OwnChannelDeps, channelId: ChannelId, userId: UserId): Promise<string> {
  const { YOUTUBE_CLIENT_ID: id, YOUTUBE_CLIENT_SECRET: secret } = youtubeSettings(deps.settings);
  if (id === null || secret === null) throw enableFailed('missing_oauth_env');
  const credential = await deps.credentials.owner(channelId);
  if (isMissing(credential)) {
    throw credential === 'unavailable'
      ? enableFailed('refresh_failed')
      : whyNoToken(await linkedAccounts(deps.db, userId));
  }
  await requireScopes(deps, credential);
  const [channel] = await channelsOf(deps, credential);
  if (channel === undefined) throw channelRequired(credential.accountId);
  return channel.id;
}

interface LinkedAccount {
  readonly hasRefreshToken: boolean;
  readonly isBroken: boolean;
  readonly scopes: string | null;
}

/** Of the user, bots left out; the one that would be used first. */
async function linkedAccounts(db: Db, userId: UserId): Promise<readonly LinkedAccount[]> {
  const { rows } = await sql<LinkedAccount>`
    select a."refreshToken" is not null as "hasRefreshToken", a."brokenAt" is not null as "isBroken", a.scopes
    from "ExternalAccount" a
    where a."userId" = ${userId} and a.provider = 'youtube'
      and not exists (select from ${sql.table(tables.override)} bot where bot."externalAccountId" = a.id)
      and not exists (select from ${sql.table(tables.defaultCredential)} bot where bot."externalAccountId" = a.id)
    order by a."brokenAt" is null desc, a."refreshToken" is not null desc, a."createdAt" desc
  `.execute(db);
  return rows;
}

function whyNoToken([account]: readonly LinkedAccount[]): BadInput {
  if (account === undefined) return enableFailed('no_external_account');
  const granted = splitScopes(account.scopes);
  if (granted.length > 0 && !mayRead(granted)) return relinkRequired('missing_scopes', [READ_SCOPE]);
  if (account.isBroken) return account.hasRefreshToken ? relinkRequired('invalid_grant') : withoutRefreshToken();
  return account.hasRefreshToken ? enableFailed('refresh_failed') : withoutRefreshToken();
}

function withoutRefreshToken(): BadInput {
  return relinkRequired('missing_refresh_token');
}

/** What was stored at the link may be less than what was granted since; Google knows. */
async function requireScopes({ oauth, db, log }: OwnChannelDeps, credential: AccountCredential): Promise<void> {
  if (mayRead(credential.scopes)) return;
  let granted: readonly string[];
  try {
    granted = (await oauth.inspect(credential.accessToken)).scopes;
  } catch (error) {
    if (refusalOf(error) === null) throw error;
    throw relinkRequired('missing_scopes', [READ_SCOPE]);
  }
  if (!mayRead(granted)) throw relinkRequired('missing_scopes', [READ_SCOPE]);
  await db
    .updateTable('ExternalAccount')
    .set({ scopes: granted.join(' ') })
    .where('id', '=', credential.accountId as string)
    .execute()
    .catch((error) => log.warn('youtube.scopes.update_failed', { error }));
}

async function channelsOf(deps: OwnChannelDeps, credential: AccountCredential): Promise<readonly ChannelProfile[]> {
  const { api, credentials, log } = deps;
  const { accountId } = credential;
  const attempt = async ({ accessToken }: AccountCredential) => {
    const own = await api.ownChannels(accessToken);
    return own.length > 0 ? own : managed(api, accessToken);
  };
  try {
    return await attempt(credential);
  } catch (error) {
    if (refusalOf(error) !== 'unauthorized') throw refused(error, accountId, log);
  }
  const renewed = await credentials.renewed(credential, credential.accessToken);
  if (isMissing(renewed)) {
    throw renewed === 'none' ? relinkRequired('api_unauthorized') : enableFailed('refresh_failed');
  }
  return attempt(renewed).catch((error) => {
    throw refused(error, accountId, log);
  });
}

/** Only partners may ask; for everybody else it is one more way of having no channel. */
async function managed(api: YouTubeApi, accessToken: string): Promise<readonly ChannelProfile[]> {
  try {
    return await api.managedChannels(accessToken);
  } catch (error) {
    if (!(error instanceof PlatformRefused)) throw error;
    return [];
  }
}

function refused(error: unknown, accountId: string | null, log: OwnChannelDeps['log']): unknown {
  const refusal = refusalOf(error);
  if (refusal === null) return error;
  log.warn('youtube.channels.mine_failed', { externalAccountId: accountId, error });
  const { status = null, code = null } = error instanceof PlatformRefused ? error : {};
  const details = { httpStatus: status, youtubeErrorReason: code };
  switch (refusal) {
    case 'unauthorized':
      return relinkRequired('api_unauthorized');
    case 'scope':
      return relinkRequired('api_insufficient_permissions', [READ_SCOPE]);
    case 'no_channel':
      return channelRequired(accountId);
    case 'not_enabled':
      return notConfigured();
    case 'quota':
      return quotaSpent();
    case 'forbidden':
      return enableFailed('api_forbidden', details);
    case 'too_fast':
    case 'chat_ended':
    case 'chat_disabled':
    case 'position':
    case 'outage':
    case 'other':
      return enableFailed('api_error', details);
  }
}
