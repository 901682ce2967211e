/** The sender an old installation names by CHAT_BOT_* and keeps in the user table (docs/contract/workers.md#resolution-order). */
import { sql } from 'kysely';
import type { Db } from '../../db/pool.ts';
import type { ExternalAccountId, PlatformUserId } from '../../lib/brand.ts';
import type { LegacySender } from '../account-side.ts';
import type { CommonDeps } from '../platform.ts';
import { type TwitchSettings, twitchSettings } from './settings.ts';

interface LegacyUser {
  readonly id: string;
  readonly displayName: string;
  readonly twitchUserId: string | null;
  readonly twitchAccessToken: string | null;
  readonly twitchRefreshToken: string | null;
}

/** @returns null when the environment names nobody, or somebody without a token */
export async function findLegacySender(deps: CommonDeps & { readonly db: Db }): Promise<LegacySender | null> {
  const settings = twitchSettings(deps.settings);
  const user = await findUser(deps.db, settings);
  if (user === undefined) return null;
  // Sign-in writes the grant to both places: two that refresh it apart would end each other's tokens.
  const fromAccount = user.twitchUserId === null ? null : await readAccount(deps.db, user.twitchUserId, settings);
  return fromAccount ?? (user.twitchAccessToken === null ? null : fromUser(deps.db, user, settings));
}

/** The three ways in their order; a name that finds nobody leaves the word to the next. */
async function findUser(db: Db, settings: TwitchSettings): Promise<LegacyUser | undefined> {
  const users = db
    .selectFrom('User')
    .select(['id', 'displayName', 'twitchUserId', 'twitchAccessToken', 'twitchRefreshToken']);
  const { CHAT_BOT_USER_ID: id, CHAT_BOT_TWITCH_USER_ID: twitchId, CHAT_BOT_LOGIN: login } = settings;
  const byId = id === null ? undefined : await users.where('id', '=', id).executeTakeFirst();
  if (byId) return byId;
  const byTwitchId =
    twitchId === null ? undefined : await users.where('twitchUserId', '=', twitchId).executeTakeFirst();
  if (byTwitchId || login === null) return byTwitchId;
  // On other platforms people choose how they are called: it has to be a name of Twitch, and of nobody with another login.
  return users
    .where(sql`lower("displayName")`, '=', login)
    .where(sql<boolean>`("twitchUserId" is not null or "twitchAccessToken" is not null)`)
    .where(
      sql<boolean>`not exists (
        select from "ExternalAccount" a
        where a.provider = 'twitch' and a."providerAccountId" = "User"."twitchUserId" and lower(a.login) <> ${login}
      )`,
    )
    .orderBy('createdAt')
    .executeTakeFirst();
}

async function readAccount(db: Db, twitchUserId: string, settings: TwitchSettings): Promise<LegacySender | null> {
  const account = await db
    .selectFrom('ExternalAccount')
    .select(['id', 'login', 'accessToken', 'refreshToken', 'tokenExpiresAt'])
    .where('provider', '=', 'twitch')
    .where('providerAccountId', '=', twitchUserId)
    .where('accessToken', 'is not', null)
    .executeTakeFirst();
  if (account === undefined) return null;
  return {
    accountId: account.id as ExternalAccountId,
    platformUserId: twitchUserId as PlatformUserId,
    login: account.login ?? settings.CHAT_BOT_LOGIN,
    accessToken: account.accessToken,
    refreshToken: account.refreshToken,
    expiresAt: account.tokenExpiresAt,
    async save({ accessToken, refreshToken, expiresAt }) {
      await db
        .updateTable('ExternalAccount')
        .set({ accessToken, tokenExpiresAt: expiresAt, ...(refreshToken === null ? {} : { refreshToken }) })
        .where('id', '=', account.id)
        .execute();
    },
  };
}

function fromUser(db: Db, user: LegacyUser, settings: TwitchSettings): LegacySender {
  return {
    accountId: null,
    platformUserId: user.twitchUserId as PlatformUserId | null,
    login: settings.CHAT_BOT_LOGIN === user.displayName.toLowerCase() ? settings.CHAT_BOT_LOGIN : null,
    accessToken: user.twitchAccessToken,
    refreshToken: user.twitchRefreshToken,
    expiresAt: null,
    async save({ accessToken, refreshToken }) {
      await db
        .updateTable('User')
        .set({
          twitchAccessToken: accessToken,
          ...(refreshToken === null ? {} : { twitchRefreshToken: refreshToken }),
        })
        .where('id', '=', user.id)
        .execute();
    },
  };
}
