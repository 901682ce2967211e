import { expect, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { outboxWorld } from '../../../test/support/outbox-world.ts';
import { platforms } from '../../platforms/all.ts';
import type { QueuedMessage } from '../../platforms/api-side.ts';
import type { PlatformLimits } from '../../platforms/platform.ts';
import { enqueue, enqueueOnce, outboxStatus, type SayRequest } from './queue.ts';

const database = await createTestDatabase();
const twitch = platforms.find(({ id }) => id === 'twitch') as (typeof platforms)[number];
const other = platforms.find(({ id }) => id !== 'twitch') as (typeof platforms)[number];
const LIMIT: PlatformLimits['message'] = { max: 10, unit: 'codePoint' };
const DAY_MS = 86_400_000;

async function queueWorld() {
  const world = await outboxWorld(database.url);
  const { channelId, target } = world.first;
  const request = (changes: Partial<SayRequest> = {}): SayRequest => ({
    platform: twitch,
    platforms,
    channelId,
    target,
    text: 'hello',
    source: 'say',
    idempotencyKey: null,
    ttlMs: 600_000,
    now: new Date(),
    ...changes,
  });
  return { ...world, channelId, request, say: (changes?: Partial<SayRequest>) => enqueue(world.db, request(changes)) };
}

test('a queued message is pending, expires after its life, and its fate can be looked up', async () => {
  const { db, channelId, say, rows, first } = await queueWorld();
  const now = new Date();
  const { id, provider, status } = await say({ now });
  expect([provider, status]).toEqual(['twitch', 'pending']);
  expect(await outboxStatus(db, twitch, channelId, id)).toMatchObject({
    status: 'pending',
    attempts: 0,
    lastError: null,
    nextAttemptAt: expect.any(Date),
  });
  expect((await rows(first))[0]?.expiresAt).toEqual(new Date(now.getTime() + 600_000));
});

test('one idempotency key queues one message, also when two requests come at once', async () => {
  const { say, rows, first } = await queueWorld();
  const both = await Promise.all([say({ idempotencyKey: 'k' }), say({ idempotencyKey: 'k' })]);
  expect(both[0].id).toBe(both[1].id);
  expect((await say({ idempotencyKey: 'k' })).id).toBe(both[0].id);
  expect(await rows(first)).toHaveLength(1);
  expect((await say({ idempotencyKey: 'another' })).id).not.toBe(both[0].id);
});

test('an idempotency key used for another text or another platform is a conflict and queues nothing', async () => {
  const { say, rows, first } = await queueWorld();
  await say({ idempotencyKey: 'k' });
  await expect(say({ idempotencyKey: 'k', text: 'bye' })).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(say({ idempotencyKey: 'k', platform: other })).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(await rows(first)).toHaveLength(1);
});

test('an idempotency key is forgotten after 24 hours', async () => {
  const { say, rows, first } = await queueWorld();
  const now = new Date();
  const early = await say({ idempotencyKey: 'k', now });
  const late = await say({ idempotencyKey: 'k', text: 'bye', now: new Date(now.getTime() + DAY_MS + 60_000) });
  expect(late.id).not.toBe(early.id);
  expect(await rows(first)).toHaveLength(2);
});

test('a message of our own is queued once per key, cleaned and cut, to the channel of the subscription', async () => {
  const { db, pg, channelId, rows, first } = await queueWorld();
  const message: QueuedMessage = {
    channelId,
    text: 'welcome\n dear friend',
    source: 'greeting',
    dedupKey: 'follow:1:day',
  };
  const queue = () => enqueueOnce(db, twitch, LIMIT, message, new Date());
  expect(await queue()).toBe(false);
  await pg.query('insert into "ChatBotSubscription" ("channelId", "twitchLogin") values ($1, $2)', [
    channelId,
    'northpine',
  ]);
  expect(await queue()).toBe(true);
  expect(await queue()).toBe(false);
  expect(await rows(first)).toMatchObject([{ message: 'welcome…', twitchLogin: 'northpine', source: 'greeting' }]);
});
