/** Whether a request wrote anything: the contents of every table, as count and checksum. */
import type pg from 'pg';

export type Contents = ReadonlyMap<string, string>;

export interface Rows {
  read(): Promise<Contents>;
  /** Tables whose contents differ. */
  changedSince(before: Contents): Promise<readonly string[]>;
}

/** How event subscriptions stand at the platforms: jobs of the API write it too, whenever they run. */
const WRITTEN_BY_JOBS = ['PlatformEventSubscription'];

export async function rowsOf(db: pg.Pool): Promise<Rows> {
  const { rows } = await db.query<{ tablename: string }>(
    `select tablename from pg_tables where schemaname = 'public' and tablename <> all($1) order by 1`,
    [WRITTEN_BY_JOBS],
  );
  const text = rows
    .map(
      ({ tablename }) => `
        select '${tablename}' as name, count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) as contents
        from "${tablename}" t`,
    )
    .join(' union all ');
  const read = async (): Promise<Contents> => {
    const result = await db.query<{ name: string; contents: string }>({ name: 'contents', text });
    return new Map(result.rows.map(({ name, contents }) => [name, contents]));
  };
  return {
    read,
    async changedSince(before) {
      const after = await read();
      return [...after].flatMap(([name, contents]) => (before.get(name) === contents ? [] : [name]));
    },
  };
}
