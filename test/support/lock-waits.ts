/** Waits until connections to a test's database wait for locks: shows that two transactions really met. */
import { sql } from 'kysely';
import { expect, vi } from 'vitest';
import type { Db } from '../../src/db/pool.ts';

export async function lockWaits(db: Db, count: number): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
    `.execute(db);
    expect(rows).toHaveLength(count);
  });
}
