/** Seals stored tokens anew with the first key, while every process goes on using and renewing them. */
import { type RawBuilder, sql } from 'kysely';
import type { Db } from '../db/pool.ts';
import type { Clock } from '../lib/clock.ts';
import { SEALED_PREFIX, type TokenSeal } from '../lib/token-seal.ts';
import type { PlatformDescription } from '../platforms/platform.ts';

interface ResealDeps {
  readonly db: Db;
  readonly seal: TokenSeal;
  readonly clock: Clock;
  /** Whose tokens; their accounts and the columns of `User` they declare. */
  readonly platforms: readonly Pick<PlatformDescription, 'userColumns'>[];
  /** Whether a stored value is one of those to seal. */
  readonly concerns: (stored: string) => boolean;
}

/** Rows, each counted once for what became of it. */
export interface Resealed {
  readonly sealed: number;
  /** Written or held by somebody else at every look. */
  readonly left: number;
  /** No key opens one of their tokens: those were left as they are. */
  readonly unreadable: number;
}

/** A table of tokens; its rows have an `id`. */
interface TokenTable {
  readonly table: string;
  readonly columns: readonly string[];
}

interface TokenRow {
  readonly id: string;
  readonly tokens: readonly (string | null)[];
}

interface Change extends TokenRow {
  readonly sealed: readonly (string | null)[];
}

const ROWS_PER_BATCH = 50;
/** A row is held while its platform is asked for another token; that takes no longer than all looks together. */
const LOOKS = 15;
const LOOK_DISTANCE_MS = 1000;
/** Between the two statements of a batch nothing is waited for. */
const BATCH_HELD_MAX_MS = 10_000;

/**
 * May be stopped at any point and started again: a row is either as it was or sealed anew. A token that was renewed
 * between reading and writing stays as whoever renewed it wrote it, and is looked at again.
 */
export async function resealTokens(deps: ResealDeps): Promise<Resealed> {
  let sealed = 0;
  for (let look = 1; ; look += 1) {
    const seen = await lookAtAll(deps);
    sealed += seen.sealed;
    if (seen.left === 0 || look === LOOKS) return { ...seen, sealed };
    await deps.clock.sleep(LOOK_DISTANCE_MS);
  }
}

async function lookAtAll(deps: ResealDeps): Promise<Resealed> {
  const counts = { sealed: 0, left: 0, unreadable: 0 };
  for (const place of tokenTables(deps.platforms)) {
    let after = '';
    for (;;) {
      const rows = await readBatch(deps.db, place, after);
      const changes = rows.flatMap((row) => {
        const change = changeOf(row, deps);
        if (change.isUnreadable) counts.unreadable += 1;
        return change.sealed.some((text, index) => text !== row.tokens[index]) ? { ...row, ...change } : [];
      });
      const written = await writeBatch(deps.db, place, changes);
      counts.sealed += written;
      counts.left += changes.length - written;
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.id;
    }
  }
  return counts;
}

/** @returns one text array: names of the keys that sealed what is stored. Of a grant that is over nobody opens the tokens. */
export function sealingKeys(platforms: ResealDeps['platforms']): RawBuilder<unknown> {
  const tokens = tokenTables(platforms).map(({ table, columns }) => {
    const each = sql.join(columns.map((column) => sql.ref(column)));
    const living = table === 'ExternalAccount' ? sql`where "brokenAt" is null` : sql``;
    return sql`select unnest(array[${each}]) as token from ${sql.table(table)} ${living}`;
  });
  return sql`(
    select coalesce(array_agg(distinct split_part(substr(token, ${sql.lit(SEALED_PREFIX.length + 1)}), '.', 1)), '{}')
    from (${sql.join(tokens, sql` union all `)}) stored where starts_with(token, ${sql.lit(SEALED_PREFIX)})
  )`;
}

/** Everywhere tokens are kept for longer than a request. */
function tokenTables(platforms: ResealDeps['platforms']): readonly TokenTable[] {
  const ofUsers = platforms.flatMap(({ userColumns: named }) => (named ? [named.accessToken, named.refreshToken] : []));
  const accounts = { table: 'ExternalAccount', columns: ['accessToken', 'refreshToken'] };
  return ofUsers.length === 0 ? [accounts] : [accounts, { table: 'User', columns: ofUsers }];
}

async function readBatch(db: Db, { table, columns }: TokenTable, after: string): Promise<readonly TokenRow[]> {
  const { rows } = await sql<TokenRow>`
    select id, array[${sql.join(columns.map((column) => sql.ref(column)))}] as tokens
    from ${sql.table(table)} where id > ${after} order by id limit ${sql.lit(ROWS_PER_BATCH)}
  `.execute(db);
  return rows;
}

function changeOf({ tokens }: TokenRow, { seal, concerns }: ResealDeps) {
  let isUnreadable = false;
  const sealed = tokens.map((stored) => {
    if (stored === null || !concerns(stored)) return stored;
    try {
      return seal.seal(seal.open(stored));
    } catch {
      isUnreadable = true;
      return stored;
    }
  });
  return { sealed, isUnreadable };
}

/** Writes the rows that are as they were read and that nobody holds. @returns how many */
async function writeBatch(db: Db, { table, columns }: TokenTable, changes: readonly Change[]): Promise<number> {
  if (changes.length === 0) return 0;
  const texts = (values: readonly (string | null)[]) => sql`${sql.val(values)}::text[]`;
  const each = <T>(make: (column: RawBuilder<unknown>, index: number) => T) =>
    columns.map((column, index) => make(sql.ref(column), index));
  const name = (kind: 'old' | 'new', index: number) => sql.ref(`change.${kind}${index}`);
  const ids = texts(changes.map(({ id }) => id));
  const given = each((_, index) => [
    texts(changes.map(({ tokens }) => tokens[index] ?? null)),
    texts(changes.map(({ sealed }) => sealed[index] ?? null)),
  ]).flat();
  return db.transaction().execute(async (tx) => {
    // A broken account stays broken: its tokens are the same ones (migration 0013).
    await sql`
      select set_config('memalerts.resealing', 'on', true),
        set_config('idle_in_transaction_session_timeout', ${String(BATCH_HELD_MAX_MS)}, true)
    `.execute(tx);
    // Waiting for one row, which its platform may keep waiting, would hold up all others of the batch.
    const { rows } = await sql`
      with free as materialized (
        select id from ${sql.table(table)} where id = any(${ids}) for no key update skip locked
      )
      update ${sql.table(table)} stored set ${sql.join(each((column, index) => sql`${column} = ${name('new', index)}`))}
      from free, unnest(${ids}, ${sql.join(given)})
        as change (id, ${sql.join(each((_, index) => sql.raw(`old${index}, new${index}`)))})
      where stored.id = free.id and stored.id = change.id
        and ${sql.join(
          each((column, index) => sql`stored.${column} is not distinct from ${name('old', index)}`),
          sql` and `,
        )}
      returning stored.id
    `.execute(tx);
    return rows.length;
  });
}
