/** Deletes messages whose fate nobody will ask about any more (workers G10). */
import type pg from 'pg';
import { pruneRows } from '../../db/prune.ts';
import type { PlatformTables } from '../../platforms/platform.ts';

const KEPT_MS = 14 * 24 * 60 * 60 * 1000;

/** @returns how many rows went */
export function pruneOutbox(pool: pg.Pool, { outbox }: Pick<PlatformTables, 'outbox'>, now: Date): Promise<number> {
  return pruneRows(pool, {
    table: outbox,
    since: 'createdAt',
    before: new Date(now.getTime() - KEPT_MS),
    mayGo: `status in ('sent', 'failed')`,
  });
}
