/** Deletes old rows in steps that look at few rows each, however many there are. */
import type pg from 'pg';

export interface Pruning {
  readonly table: string;
  /** Column that says how old a row is; an index leads to its oldest values. */
  readonly since: string;
  /** Rows before it go. */
  readonly before: Date;
  /** SQL condition of rows that may go; all of them when absent. */
  readonly mayGo?: string;
}

/** Small steps: a long delete would hold back everybody's vacuum. */
export const ROWS_AT_ONCE = 1000;
const EARLIEST = new Date(0);

/**
 * Each step begins where the last one ended: what was deleted is dead, and still in the index until a vacuum comes.
 * Rows of one time that fill a whole step and stay are passed over until the next round.
 *
 * @returns how many rows went
 */
export async function pruneRows(on: Pick<pg.Client, 'query'>, pruning: Pruning): Promise<number> {
  const text = statementOf(pruning);
  let from = EARLIEST;
  for (let pruned = 0; ; ) {
    const { rows } = await on.query<{ seen: number; gone: number; last: Date | null }>(text, [
      from,
      pruning.before,
      ROWS_AT_ONCE,
    ]);
    const { seen = 0, gone = 0, last = null } = rows[0] ?? {};
    pruned += gone;
    if (seen < ROWS_AT_ONCE || last === null) return pruned;
    const isStuck = gone === 0 && last.getTime() === from.getTime();
    from = isStuck ? new Date(last.getTime() + 1) : last;
  }
}

// The page is a list of places before anything is deleted: a plan that looks for its rows again would look at all.
function statementOf({ table, since, mayGo = 'true' }: Pruning): string {
  return `
    with page as materialized (
      select ctid as place, "${since}" as since, ${mayGo} as may_go from "${table}"
      where "${since}" >= $1 and "${since}" < $2 order by "${since}" limit $3
    ), gone as (
      delete from "${table}" where ctid = any(array(select place from page where may_go)) returning 1
    )
    select (select count(*) from page)::int as seen, (select max(since) from page) as last,
      (select count(*) from gone)::int as gone`;
}
