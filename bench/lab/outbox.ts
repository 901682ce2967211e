/** Messages of the outbox: put in, and looked at when they have had their time. */
import type { BenchChannel } from './seed.ts';
import type { Ear } from './simulator.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

/** Puts messages into the outbox in one statement, round and round the channels. Their texts are their numbers. */
export async function queue(
  { pg }: Pick<World, 'pg'>,
  channels: readonly BenchChannel[],
  messages: number,
  { prefix = 'message', lifeMinutes = 10 } = {},
): Promise<void> {
  await pg.query(
    `insert into "ChatBotOutboxMessage" ("channelId", "twitchLogin", message, "expiresAt")
     select ids[1 + number % $3], logins[1 + number % $3], $5 || ' ' || number,
       timezone('utc', now()) + make_interval(mins => $6)
     from (select $1::text[] as ids, $2::text[] as logins) c, generate_series(0, $4 - 1) as number
     order by number`,
    [channels.map(({ id }) => id), channels.map(({ login }) => login), channels.length, messages, prefix, lifeMinutes],
  );
}

/** Rows by status and last error, e.g. `sent` or `failed: expired`. */
export async function fates({ pg }: Pick<World, 'pg'>): Promise<ReadonlyMap<string, number>> {
  const { rows } = await pg.query<{ fate: string; rows: number }>(
    `select status || case when status = 'failed' then ': ' || coalesce("lastError", '?') else '' end as fate,
       count(*)::int as rows
     from "ChatBotOutboxMessage" group by 1 order by 2 desc`,
  );
  return new Map(rows.map(({ fate, rows: count }) => [fate, count]));
}

/** Resolves when every message is sent or has failed. */
export async function everyMessageEnded({ pg }: Pick<World, 'pg'>, seconds: number): Promise<void> {
  const unfinished = `select from "ChatBotOutboxMessage" where status in ('pending', 'processing') limit 1`;
  await until(seconds, 'every message has its end', async () => (await pg.query(unfinished)).rows.length === 0, 20);
}

/** How many rows a worker has claimed and not finished. */
export async function countProcessing({ pg }: Pick<World, 'pg'>): Promise<number> {
  const { rows } = await pg.query<{ rows: number }>(
    `select count(*)::int as rows from "ChatBotOutboxMessage" where status = 'processing'`,
  );
  return rows[0]?.rows ?? 0;
}

/** Messages heard, those that came twice counted once: texts of `queue` are unlike within a channel. */
export function countDistinct({ messages }: Ear): number {
  return new Set(messages.map(({ channelId, text }) => `${channelId} ${text.trim()}`)).size;
}
