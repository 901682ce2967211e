/** What the doctor asks a database besides the snapshot: which connection leads there, and whether the tables are those of this build. */
import { sql } from 'kysely';
import { sealingKeys } from '../../accounts/reseal.ts';
import { databaseTroubleOf } from '../../db/failures.ts';
import { listen } from '../../db/listen.ts';
import { readMigrations } from '../../db/migrate.ts';
import type { Db } from '../../db/pool.ts';
import type { Trouble } from '../../db/session.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { platforms } from '../../platforms/all.ts';
import type { CauseCode } from '../../platforms/causes/cause.ts';

/** Longer than a connection and every answer on it may take. */
const CONNECTION_DEADLINE_MS = 10_000;

/**
 * Listens for a moment as every process does, and hears what is wrong with that.
 *
 * @returns null also where there is no connection at all: whoever asks the database says why
 */
export async function connectionTrouble(databaseUrl: string, clock: Clock): Promise<Trouble | null> {
  const found = Promise.withResolvers<void>();
  const settle = () => found.resolve();
  // The first word of a listener says either that it listens or what keeps it from it.
  const log: Logger = { debug() {}, info() {}, warn: settle, error: settle, with: () => log };
  const listener = listen(
    databaseUrl,
    { hint() {}, listening: settle },
    { applicationName: 'memalerts-doctor-hints', clock, random: () => 0, log },
  );
  const timer = clock.setTimer(CONNECTION_DEADLINE_MS, settle);
  await found.promise;
  timer.cancel();
  const { trouble } = listener;
  await listener.close();
  return trouble;
}

export interface Stored {
  /** What keeps this build from using the tables; null when nothing does. */
  readonly trouble: CauseCode | null;
  /** Names of the keys that sealed the stored tokens. */
  readonly sealedBy: readonly string[];
}

/** One statement. */
export async function readStored(db: Db): Promise<Stored> {
  try {
    const { rows } = await sql<{ applied: readonly string[]; sealedBy: readonly string[] }>`
      select array(select name from schema_migration) as applied, ${sealingKeys(platforms)} as "sealedBy"
    `.execute(db);
    const { applied = [], sealedBy = [] } = rows[0] ?? {};
    const migrations = await readMigrations();
    const isWhole = migrations.every(({ name }) => applied.includes(name));
    return { trouble: isWhole ? null : 'schema_missing', sealedBy };
  } catch (error) {
    return { trouble: databaseTroubleOf(error), sealedBy: [] };
  }
}
