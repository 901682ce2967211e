/** The contents of a database at one moment: what a request changed is seen, and put back before the next one. */
import type pg from 'pg';
import type { Contents, Rows } from './rows.ts';

export interface Snapshot {
  /** Tables that differ from it now. */
  changed(): Promise<readonly string[]>;
  restore(tables: readonly string[]): Promise<void>;
}

export async function takeSnapshot(db: pg.Pool, rows: Rows): Promise<Snapshot> {
  const contents: Contents = await rows.read();
  await db.query('create schema snapshot');
  for (const name of contents.keys()) await db.query(`create table snapshot."${name}" as table public."${name}"`);
  let lastLook = await positionOf(db);
  return {
    async changed() {
      // Without a write the log of the server stands still, and tables need not be read.
      const now = await positionOf(db);
      if (now === lastLook) return [];
      const changed = await rows.changedSince(contents);
      lastLook = changed.length === 0 ? now : lastLook;
      return changed;
    },
    async restore(tables) {
      const client = await db.connect();
      try {
        await client.query('begin');
        // Neither references between tables nor hints to the process: it is as if nothing had been.
        await client.query('set local session_replication_role = replica');
        for (const name of tables) {
          await client.query(`delete from public."${name}"`);
          await client.query(`insert into public."${name}" overriding system value table snapshot."${name}"`);
        }
        await client.query('commit');
      } finally {
        client.release();
      }
      lastLook = await positionOf(db);
    },
  };
}

async function positionOf(db: pg.Pool): Promise<string> {
  const { rows } = await db.query<{ at: string }>('select pg_current_wal_insert_lsn() as at');
  return rows[0]?.at ?? '';
}
