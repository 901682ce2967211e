/** What a migration waits for, in words: who holds the lock, and until when it is waited for. */
import type pg from 'pg';

/** Tells the operator while something is waited for. */
export type Report = (sentence: string) => void;

export interface WaitLimits {
  /** Between two looks at who is in the way. */
  readonly lookMs: number;
  /** For another migration to end. */
  readonly migrationMs: number;
  /** For one table. A change that waits for it stops everybody who asks for that table after it. */
  readonly tableMs: number;
  /** So often is a step begun whose table somebody held for too long. */
  readonly tries: number;
  /** Between two tries, so that others get at the table. */
  readonly pauseMs: number;
}

export const WAIT_LIMITS: WaitLimits = {
  lookMs: 2_000,
  migrationMs: 5 * 60_000,
  tableMs: 10_000,
  tries: 5,
  pauseMs: 3_000,
};

/** `pg_locks` shows the two halves of the one number that `pg_advisory_lock` takes. */
const HOLDERS = `
  select a.pid, coalesce(nullif(a.application_name, ''), 'a program without a name') as name,
    coalesce(host(a.client_addr), 'this machine') as host, a.state,
    extract(epoch from clock_timestamp() - coalesce(a.xact_start, a.backend_start))::int as seconds
  from pg_locks l join pg_stat_activity a using (pid)
  where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
    and l.classid::bigint = $1::bigint >> 32 and l.objid::bigint = $1::bigint & 4294967295 and l.objsubid = 1`;
const BLOCKERS = `
  select a.pid, coalesce(nullif(a.application_name, ''), 'a program without a name') as name,
    coalesce(host(a.client_addr), 'this machine') as host, a.state,
    extract(epoch from clock_timestamp() - coalesce(a.xact_start, a.backend_start))::int as seconds
  from pg_stat_activity a where a.pid = any(pg_blocking_pids($1))`;

interface Holder {
  readonly pid: number;
  readonly name: string;
  readonly host: string;
  readonly state: string | null;
  readonly seconds: number;
}

/** Asks at once and then ever again: an endless wait in the server would outlive whoever waits. @throws Error that names who has it */
export async function takeLock(client: pg.Client, key: number, limits: WaitLimits, report: Report): Promise<void> {
  const untilMs = performance.now() + limits.migrationMs;
  let told = '';
  for (;;) {
    const { rows } = await client.query('select pg_try_advisory_lock($1) as held', [key]);
    if (rows[0]?.held === true) return;
    const holders = await client.query<Holder>(HOLDERS, [key]);
    const whose = wordsOf(holders.rows);
    if (performance.now() >= untilMs) {
      throw new Error(`Another migration is still running: ${whose}. Nothing was changed. End it or try again later.`);
    }
    if (whose !== told) report(`Waiting for another migration to end: ${whose}.`);
    told = whose;
    await pause(limits.lookMs / 4);
  }
}

/** Looks from a connection of its own, since the one that waits cannot. @returns what ends the looking */
export function watchBlockers(watcher: pg.Client, pid: number, what: string, { lookMs }: WaitLimits, report: Report) {
  let told = '';
  let last: string | null = null;
  const look = async () => {
    const { rows } = await watcher.query<Holder>(BLOCKERS, [pid]);
    if (rows.length === 0) return;
    last = wordsOf(rows);
    if (last !== told) report(`${what} waits for a lock that is held by ${last}.`);
    told = last;
  };
  const timer = setInterval(() => void look().catch(() => {}), lookMs);
  return {
    /** Who was in the way last; null when nobody was seen. */
    end(): string | null {
      clearInterval(timer);
      return last;
    },
  };
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function wordsOf(holders: readonly Holder[]): string {
  if (holders.length === 0) return 'a session that has just ended';
  return holders
    .map(({ pid, name, host, state, seconds }) => {
      return `${name} (process ${pid} of the database, from ${host}, ${state ?? 'busy'}, for ${seconds} s)`;
    })
    .join(' and ');
}
