/** Tells workers and APIs that somebody asks how bots are: what platforms deliver is compared now (docs/diagnosis.md#proof-of-life). */
import type pg from 'pg';
import { HINT_CHANNEL, type Hint } from '../../db/hint.ts';

/** Least time between two looks at one channel, so that what vanishes after one is found by the next within a minute. */
export const LOOK_DISTANCE_MS = 30_000;

/** Nothing is stored. Losing it costs time: what is wrong is found within ten minutes anyway. */
export async function askForLook(
  client: Pick<pg.Pool, 'query'>,
  { provider, channelId }: Pick<Hint, 'provider' | 'channelId'>,
): Promise<void> {
  const payload = `look:${provider ?? '*'}${channelId === null ? '' : `:${channelId}`}`;
  await client.query('select pg_notify($1, $2)', [HINT_CHANNEL, payload]);
}
