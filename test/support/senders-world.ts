/** Bots of channels and of all channels, written as linking writes them. */
import { sql } from 'kysely';
import { onTestFinished } from 'vitest';
import { startTwitchSimulator } from '../../simulators/twitch/simulator.ts';
import type { ChannelId, ExternalAccountId } from '../../src/lib/brand.ts';
import { platforms } from '../../src/platforms/all.ts';
import type { PlatformDescription } from '../../src/platforms/platform.ts';
import { type ApiWorld, startApiWorld } from './api-world.ts';

export const PROVIDERS: readonly string[] = platforms.map(({ id }) => id);

export function platformOf(provider: string): PlatformDescription {
  const found = platforms.find(({ id }) => id === provider);
  if (found === undefined) throw new Error(`no such platform: ${provider}`);
  return found;
}

const OAUTH = 'http://127.0.0.1:9/oauth';

/** What linking an account of each platform needs. */
export const LINKING_ENV: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  twitch: { TWITCH_CLIENT_ID: 'cid', TWITCH_CLIENT_SECRET: 'shh', TWITCH_CALLBACK_URL: OAUTH },
  vkvideo: {
    VKVIDEO_CLIENT_ID: 'cid',
    VKVIDEO_CLIENT_SECRET: 'shh',
    VKVIDEO_CALLBACK_URL: OAUTH,
    VKVIDEO_AUTHORIZE_URL: OAUTH,
    VKVIDEO_TOKEN_URL: OAUTH,
  },
  youtube: { YOUTUBE_CLIENT_ID: 'cid', YOUTUBE_CLIENT_SECRET: 'shh', YOUTUBE_CALLBACK_URL: OAUTH },
  trovo: { TROVO_CLIENT_ID: 'cid', TROVO_CLIENT_SECRET: 'shh', TROVO_CALLBACK_URL: OAUTH },
  kick: {
    KICK_CLIENT_ID: 'cid',
    KICK_CLIENT_SECRET: 'shh',
    KICK_CALLBACK_URL: OAUTH,
    KICK_AUTHORIZE_URL: OAUTH,
    KICK_TOKEN_URL: OAUTH,
    KICK_REFRESH_URL: OAUTH,
    KICK_USERINFO_URL: OAUTH,
  },
};

/** The same with nothing set: what is missing is named. */
export function unsetLinking(provider: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(LINKING_ENV[provider] ?? {}).map((name) => [name, '']));
}

interface BotChoice {
  readonly enabled?: boolean;
  /** `link`: it is somebody's own account as well. */
  readonly linkedAs?: 'link' | 'bot_link';
  readonly accessToken?: string;
}

/** An API beside the simulated Twitch. @param databaseUrl of the test file */
export async function sendersWorld(databaseUrl: string, env: Readonly<Record<string, string>> = {}) {
  const sim = await startTwitchSimulator({ limits: 'off' });
  onTestFinished(() => sim.stop());
  const api = await startApiWorld(databaseUrl, { env: { ...sim.env(), ...env } });
  return { ...api, sim, ...botWriter(api) };
}

let accounts = 0;

export function botWriter({ db }: Pick<ApiWorld, 'db'>) {
  const account = async (provider: string, login: string, choice: BotChoice = {}): Promise<ExternalAccountId> => {
    const { rows } = await sql<{ id: ExternalAccountId }>`
      with person as (insert into "User" ("displayName") values (${login}) returning id)
      insert into "ExternalAccount"
        ("userId", provider, "providerAccountId", "linkedAs", login, "displayName", "accessToken")
      select id, ${provider}::"ExternalAccountProvider", ${`9${++accounts}`},
        ${choice.linkedAs ?? 'bot_link'}::"OAuthStateKind", ${login}, ${login.toUpperCase()},
        ${choice.accessToken ?? 'token'}
      from person returning id
    `.execute(db);
    return rows[0]?.id as ExternalAccountId;
  };
  return {
    account,
    async ownBot(channelId: ChannelId, provider: string, login: string, choice: BotChoice = {}) {
      const id = await account(provider, login, choice);
      await sql`
        insert into ${sql.table(platformOf(provider).tables.override)} ("channelId", "externalAccountId", enabled)
        values (${channelId}, ${id}, ${choice.enabled ?? true})
      `.execute(db);
      return id;
    },
    /** The only one. */
    async defaultBot(provider: string, login: string, choice: BotChoice = {}) {
      const id = await account(provider, login, choice);
      const table = sql.table(platformOf(provider).tables.defaultCredential);
      await sql`delete from ${table}`.execute(db);
      await sql`insert into ${table} ("externalAccountId", enabled) values (${id}, ${choice.enabled ?? true})`.execute(
        db,
      );
      return id;
    },
    async noDefaultBot(provider: string) {
      await sql`delete from ${sql.table(platformOf(provider).tables.defaultCredential)}`.execute(db);
    },
    async entitle(channelId: ChannelId, expiresAt: Date | null = null) {
      await db
        .insertInto('ChannelEntitlement')
        .values({ channelId, key: 'custom_bot', enabled: true, expiresAt })
        .execute();
    },
    accountExists: async (id: string) =>
      (await db.selectFrom('ExternalAccount').select('id').where('id', '=', id).execute()).length > 0,
    audit: (channelId: ChannelId | null, userId: string) =>
      db
        .selectFrom('AuditLog')
        .select(['action', 'payloadJson'])
        .where('actorId', '=', userId)
        .where('channelId', channelId === null ? 'is' : '=', channelId)
        .orderBy('createdAt')
        .execute(),
  };
}
