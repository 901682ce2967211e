import { expect, onTestFinished, test } from 'vitest';
import { startApiWorld } from '../../test/support/api-world.ts';
import { createTestDatabase } from '../../test/support/database.ts';

const { url } = await createTestDatabase();

test('a locked outbox table does not stop the API: what waits for it is cancelled at the server, and the rest goes on', async () => {
  const api = await startApiWorld(`${url}?connection_limit=4`);
  const who = await api.streamer();
  await api.pg.query(`insert into "ChatBotSubscription" ("channelId", "twitchLogin") values ($1, 'locked')`, [
    who.channelId,
  ]);
  const holder = await api.pg.connect();
  onTestFinished(() => holder.release(true));
  await holder.query('begin; lock table "ChatBotOutboxMessage" in access exclusive mode');
  // As many as there are connections.
  const wishes = [1, 2, 3, 4].map((n) =>
    api.codeOf(who, 'POST', '/streamer/bot/say', { body: { message: `wish ${n}` } }),
  );
  const waiting = async () =>
    (await api.pg.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`))
      .rowCount;
  await expect.poll(waiting).toBe(4);
  for (const answer of await Promise.all(wishes)) expect(answer).toEqual([503, 'DATABASE_UNAVAILABLE']);
  expect(await waiting()).toBe(0);
  expect((await api.ask(who, 'GET', '/streamer/bots')).status).toBe(200);
});

test('a server that takes no writes is told as such, and what would write is refused as by a server that is gone', async () => {
  const other = await startApiWorld(url);
  const who = await other.streamer();
  await other.pg.query(`create role api_reader login; grant pg_read_all_data, pg_write_all_data to api_reader`);
  await other.pg.query('alter role api_reader set default_transaction_read_only = on');
  const address = new URL(url);
  address.username = 'api_reader';
  const api = await startApiWorld(address.href);
  onTestFinished(async () => {
    await api.close();
    await other.pg.query('drop role api_reader');
  });
  const ready = await api.ask(null, 'GET', '/readyz');
  expect([ready.status, ready.json.reasons, ready.json.reason]).toEqual([
    503,
    ['cannot_write'],
    expect.stringContaining('takes no writes'),
  ]);
  const command = { body: { trigger: '!x', response: 'x' } };
  expect(await api.codeOf(who, 'POST', '/streamer/bot/commands', command)).toEqual([503, 'DATABASE_UNAVAILABLE']);
});
