/** A process that renews the shared sender's token as a worker does after a refusal, for tests that end it meanwhile. */
import { createCredentialSource } from '../../src/accounts/credentials.ts';
import { createPool } from '../../src/db/pool.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createHttpClient } from '../../src/lib/http.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { createTokenSeal } from '../../src/lib/token-seal.ts';
import type { Platform, PlatformSettings } from '../../src/platforms/platform.ts';
import { present } from './present.ts';

/** The program's argument, as JSON. */
export interface RenewingTask {
  readonly platformId: string;
  readonly databaseUrl: string;
  readonly settings: PlatformSettings;
  readonly key: string;
}

const { platformId, databaseUrl, settings, key }: RenewingTask = JSON.parse(process.argv[2] ?? '{}');
// Not by the registry: it is started very often, and needs one platform only.
const exported: Record<string, Platform> = await import(`../../src/platforms/${platformId}/index.ts`);
const platform = exported[platformId];
if (platform === undefined) throw new Error(`${platformId} is no platform`);
const log = createLogger({ level: 'warn', clock: systemClock });
const { db } = createPool(databaseUrl, { applicationName: 'renewing', slowMs: 60_000, log });
const common = { settings, db, clock: systemClock, http: createHttpClient(10_000), log, random: Math.random };
const credentials = createCredentialSource({
  ...common,
  seal: createTokenSeal([Buffer.from(key, 'base64')]),
  platform,
  oauth: platform.oauth(common),
  legacySender: async (db) => platform.legacySender?.({ ...common, db }) ?? null,
  announces: false,
});
const sender = present(await credentials.defaultSender());
const renewed = sender && present(await credentials.renewed(sender, sender.accessToken));
process.exit(renewed === null ? 1 : 0);
