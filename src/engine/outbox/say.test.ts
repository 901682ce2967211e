import { expect, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { lockWaits } from '../../../test/support/lock-waits.ts';
import { outboxWorld } from '../../../test/support/outbox-world.ts';
import { speakingOrder } from '../../platforms/all.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';
import { outboxStatus } from './queue.ts';
import { Sayer, type SayRequest } from './say.ts';

const database = await createTestDatabase();
const DAY_MS = 86_400_000;
const twitch = platform('twitch');
const trovo = platform('trovo');

function platform(id: string): PlatformDescription {
  return speakingOrder.find((one) => one.id === id) as PlatformDescription;
}

/** A channel with a bot on Twitch, and what is said there. */
async function sayWorld() {
  const world = await outboxWorld(database.url);
  const { channelId } = world.first;
  const { rows } = await world.pg.query(
    `insert into "User" ("displayName", role) values ('x', 'streamer') returning id`,
  );
  const subscribe = ({ tables: { subscription, targetColumn, needsOwner } }: PlatformDescription) =>
    world.pg.query(
      `insert into "${subscription}" ("channelId", "${targetColumn}"${needsOwner ? ', "userId"' : ''})
       values ($1, $2${needsOwner ? ', $3' : ''})`,
      [channelId, `pinecone-${channelId}`, ...(needsOwner ? [rows[0].id] : [])],
    );
  const unsubscribe = ({ tables }: PlatformDescription) =>
    world.pg.query(`update "${tables.subscription}" set enabled = false where "channelId" = $1`, [channelId]);
  await subscribe(twitch);
  let asked = 0;
  const pool = Object.assign(Object.create(world.pg), {
    query: (...given: Parameters<typeof world.pg.query>) => {
      asked += 1;
      return world.pg.query(...given);
    },
  });
  const sayer = new Sayer(pool, speakingOrder);
  const say = (changes: Partial<SayRequest> = {}) =>
    sayer.say({
      channelId,
      provider: null,
      text: 'hello',
      idempotencyKey: null,
      closed: [],
      ttlMs: 600_000,
      now: new Date(),
      ...changes,
    });
  return { ...world, channelId, say, subscribe, unsubscribe, asked: () => asked };
}

const idOf = (said: Awaited<ReturnType<Sayer['say']>>) => ('row' in said ? said.row.id : expect.fail(said.kind));

test('a queued message is pending, expires after its life, and its fate can be looked up', async () => {
  const { db, channelId, say, rows, first } = await sayWorld();
  const now = new Date();
  const said = await say({ now });
  expect(said).toMatchObject({ kind: 'queued', row: { provider: 'twitch', status: 'pending' } });
  expect(await outboxStatus(db, twitch, channelId, idOf(said))).toMatchObject({
    status: 'pending',
    attempts: 0,
    lastError: null,
    nextAttemptAt: expect.any(Date),
  });
  expect((await rows(first))[0]?.expiresAt).toEqual(new Date(now.getTime() + 600_000));
});

test('a message costs one question to the database, whichever platform is enabled, from the second one on', async () => {
  const { say, asked, subscribe, unsubscribe } = await sayWorld();
  await unsubscribe(twitch);
  await subscribe(trovo);
  expect(await say()).toMatchObject({ kind: 'queued', row: { provider: 'trovo' } });
  const before = asked();
  expect(await say()).toMatchObject({ kind: 'queued', row: { provider: 'trovo' } });
  expect(asked() - before).toBe(1);
});

test('one idempotency key queues one message, also when two requests come at once', async () => {
  const { say, rows, first } = await sayWorld();
  const both = await Promise.all([say({ idempotencyKey: 'k' }), say({ idempotencyKey: 'k' })]);
  expect(idOf(both[0])).toBe(idOf(both[1]));
  expect(await say({ idempotencyKey: 'k' })).toMatchObject({ kind: 'repeated', row: { id: idOf(both[0]) } });
  expect(await rows(first)).toHaveLength(1);
  expect(idOf(await say({ idempotencyKey: 'another' }))).not.toBe(idOf(both[0]));
});

test('of two platforms that are named with one key at once, one gets the message', async () => {
  const { say, subscribe, pg, db, channelId } = await sayWorld();
  await subscribe(trovo);
  // Whoever writes waits for the channel's row: both have looked for the key before either has written.
  const holder = await pg.connect();
  await holder.query('begin');
  await holder.query('select from "Channel" where id = $1 for update', [channelId]);
  const both = [twitch, trovo].map(({ id }) => say({ idempotencyKey: 'k', provider: id }));
  await lockWaits(db, 2);
  await holder.query('commit');
  holder.release();
  expect((await Promise.all(both)).map(({ kind }) => kind).sort()).toEqual(['key_taken', 'queued']);
});

test('an idempotency key used for another text or another platform is a conflict and queues nothing', async () => {
  const { say, rows, first, subscribe } = await sayWorld();
  await subscribe(trovo);
  await say({ idempotencyKey: 'k', provider: twitch.id });
  const provider = twitch.id;
  expect(await say({ idempotencyKey: 'k', provider, text: 'bye' })).toEqual({ kind: 'key_taken' });
  expect(await say({ idempotencyKey: 'k', provider: trovo.id })).toEqual({ kind: 'key_taken' });
  expect(await rows(first)).toHaveLength(1);
});

test('the repeat of a message finds its row, whatever was switched, closed or named since', async () => {
  const { say, subscribe, unsubscribe } = await sayWorld();
  const id = idOf(await say({ idempotencyKey: 'k' }));
  const repeated = { kind: 'repeated', row: { id, provider: 'twitch' } };
  expect(await say({ idempotencyKey: 'k', closed: [twitch.id] })).toMatchObject(repeated);
  await subscribe(trovo);
  expect(await say({ idempotencyKey: 'k' })).toMatchObject(repeated);
  await unsubscribe(twitch);
  expect(await say({ idempotencyKey: 'k' })).toMatchObject(repeated);
  expect(await say({ idempotencyKey: 'k', provider: twitch.id })).toMatchObject(repeated);
});

test('an idempotency key is forgotten after 24 hours', async () => {
  const { say, rows, first } = await sayWorld();
  const now = new Date();
  const early = await say({ idempotencyKey: 'k', now });
  const late = await say({ idempotencyKey: 'k', text: 'bye', now: new Date(now.getTime() + DAY_MS + 60_000) });
  expect(late.kind).toBe('queued');
  expect(idOf(late)).not.toBe(idOf(early));
  expect(await rows(first)).toHaveLength(2);
});

test('a channel that was deleted has nowhere to speak, and says so', async () => {
  const { say, pg, channelId } = await sayWorld();
  await pg.query('delete from "Channel" where id = $1', [channelId]);
  expect(await say()).toEqual({ kind: 'no_channel' });
});
