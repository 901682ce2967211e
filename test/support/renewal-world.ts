/** One bot account whose token has to be renewed, kept in either of the places tokens are kept in. */
import { onTestFinished } from 'vitest';
import type { Simulate } from '../../simulators/world/simulated-platform.ts';
import { type AccountState, readBotAccount } from '../../src/accounts/account-state.ts';
import { createCredentialSource } from '../../src/accounts/credentials.ts';
import { createPool } from '../../src/db/pool.ts';
import type { ExternalAccountId } from '../../src/lib/brand.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createHttpClient } from '../../src/lib/http.ts';
import { createTokenSeal } from '../../src/lib/token-seal.ts';
import type { Platform } from '../../src/platforms/platform.ts';
import { createTestDatabase } from './database.ts';
import { present } from './present.ts';
import type { RenewingTask } from './renewing-process.ts';
import { workerConfig } from './running-worker.ts';
import { silentLog } from './silent-log.ts';

const BOT = 'memalerts_bot';
const KEY = Buffer.alloc(32, 7);
const seal = createTokenSeal([KEY]);

export interface RenewalPlace {
  readonly platform: Platform;
  readonly simulate: Simulate;
  /** Accounts, or the columns of an old installation's user. */
  readonly keptIn: 'ExternalAccount' | 'User';
}

export async function renewalWorld({ platform, simulate, keptIn }: RenewalPlace) {
  const { url: databaseUrl } = await createTestDatabase({ forTest: true });
  const sim = await simulate({ limits: 'off' });
  onTestFinished(() => sim.stop());
  const log = silentLog();
  const { db, ...pool } = createPool(databaseUrl, { applicationName: 'test', slowMs: 60_000, log });
  onTestFinished(() => pool.end());
  const isLegacy = keptIn === 'User';
  const config = workerConfig(platform, {
    ...sim.env,
    DATABASE_URL: databaseUrl,
    CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9',
    ...(isLegacy ? { CHAT_BOT_LOGIN: BOT } : {}),
  });
  const settings = config.platform(platform.id);
  const common = { settings, db, clock: systemClock, http: createHttpClient(5000), log, random: Math.random };
  const oauth = platform.oauth(common);
  const task: RenewingTask = { platformId: platform.id, databaseUrl, settings, key: KEY.toString('base64') };

  return {
    /** What a process needs to renew the account's token. */
    task,
    renewals: () => sim.renewals(),
    /** Links the account, and lets its access token run out. @returns null where it has no account row */
    async link(): Promise<ExternalAccountId | null> {
      const { platformUserId, login, accessToken, refreshToken, scopes } = sim.linkBot(BOT);
      sim.abilities.expireTokens?.(BOT);
      const [access, refresh] = [seal.seal(accessToken), seal.seal(refreshToken ?? '')];
      await db.deleteFrom('User').execute();
      const { id: userId } = await db
        .insertInto('User')
        .values({
          displayName: BOT,
          ...(isLegacy ? { twitchUserId: platformUserId, twitchAccessToken: access, twitchRefreshToken: refresh } : {}),
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      if (isLegacy) return null;
      const { rows } = await pool.pg.query(
        `insert into "ExternalAccount"
          ("userId", provider, "providerAccountId", login, "accessToken", "refreshToken", scopes)
        values ($1, $2, $3, $4, $5, $6, $7) returning id`,
        [userId, platform.id, platformUserId, login, access, refresh, scopes.join(' ')],
      );
      await pool.pg.query(
        `insert into "${platform.tables.defaultCredential}" ("externalAccountId", enabled) values ($1, true)`,
        [rows[0].id],
      );
      return rows[0].id;
    },
    async storedToken(): Promise<string> {
      const column = isLegacy ? 'twitchAccessToken' : 'accessToken';
      const { rows } = await pool.pg.query(`select "${column}" as token from "${keptIn}"`);
      return rows[0].token;
    },
    /** Whether a process that starts now gets a token that the platform takes. */
    async speaks(): Promise<boolean> {
      const legacySender = async () => platform.legacySender?.(common) ?? null;
      const next = createCredentialSource({ ...common, seal, platform, oauth, legacySender, announces: false });
      const works = async (token: string | undefined) =>
        token !== undefined && (await oauth.validate?.(token)) === 'valid';
      const sender = present(await next.defaultSender());
      if (await works(sender?.accessToken)) return true;
      return works((sender && present(await next.renewed(sender, sender.accessToken)))?.accessToken);
    },
    async state(id: ExternalAccountId | null): Promise<AccountState | null> {
      if (id === null) return null;
      return readBotAccount({ db, seal, now: new Date() }, id);
    },
  };
}
