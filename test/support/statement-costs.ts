/** Notes the statements that this process sends to PostgreSQL, and counts the buffers that each of them touches. */
import pg from 'pg';
import { onTestFinished } from 'vitest';

export interface NotedStatement {
  readonly text: string;
  readonly values: readonly unknown[];
}

interface Plan {
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
}

/** Prepared plans are made anew for each set of values five times, and may be of one form for all values after that. */
const RUNS = 7;

/** Until the test ends. Plain inserts are left out: they cannot run twice. @returns each statement by its text, with the values that it came with last */
export function noteStatements(): ReadonlyMap<string, NotedStatement> {
  const noted = new Map<string, NotedStatement>();
  const { prototype } = pg.Client;
  const original = prototype.query;
  const noting = function (this: pg.Client, ...args: unknown[]): unknown {
    const [first, second] = args;
    const { text, values } = (typeof first === 'object' ? first : { text: first }) as pg.QueryConfig;
    const given = Array.isArray(second) ? second : (values ?? []);
    if (/^[\s(]*(select|with|update|delete)\b/i.test(text)) noted.set(text, { text, values: given });
    return Reflect.apply(original, this, args);
  };
  prototype.query = noting as typeof original;
  onTestFinished(() => {
    prototype.query = original;
  });
  return noted;
}

/** Runs it as a prepared statement, changes nothing. @returns the most buffers that one of its runs touched */
export async function buffersOf(client: pg.Client, { text, values }: NotedStatement): Promise<number> {
  const given = values.map((value) => pg.escapeLiteral(literalOf(value)));
  const literals = given.map((literal, index) => (values[index] === null ? 'null' : literal));
  await client.query(`prepare measured as ${text}`);
  let most = 0;
  for (let run = 0; run < RUNS; run += 1) {
    await client.query('begin');
    const call = literals.length === 0 ? 'measured' : `measured(${literals.join(', ')})`;
    const { rows } = await client.query(`explain (analyze, buffers, format json) execute ${call}`);
    await client.query('rollback');
    const { Plan: plan } = rows[0]['QUERY PLAN'][0] as { Plan: Plan };
    most = Math.max(most, plan['Shared Hit Blocks'] + plan['Shared Read Blocks']);
  }
  await client.query('deallocate measured');
  return most;
}

interface Node {
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Relation Name'?: string;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly Node[];
}

/** Runs it and takes it back. @returns how many rows of tables it looked at */
export async function rowsExaminedBy(client: pg.Client, { text, values }: NotedStatement): Promise<number> {
  await client.query('begin');
  const { rows } = await client.query(`explain (analyze, buffers, format json) ${text}`, [...values]);
  await client.query('rollback');
  return examined(rows[0]['QUERY PLAN'][0].Plan);
}

function examined(node: Node): number {
  const dropped = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  const own = node['Relation Name'] === undefined ? 0 : (node['Actual Rows'] + dropped) * node['Actual Loops'];
  return (node.Plans ?? []).reduce((sum, child) => sum + examined(child), own);
}

function literalOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString().slice(0, -1);
  if (Array.isArray(value)) {
    const items = value.map((item) => (item === null ? 'NULL' : JSON.stringify(literalOf(item))));
    return `{${items.join(',')}}`;
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
