import { afterAll, expect, test } from 'vitest';
import { startApiWorld } from '../../test/support/api-world.ts';
import { createTestDatabase } from '../../test/support/database.ts';

const { url } = await createTestDatabase();
const api = await startApiWorld(url, { onEnd: afterAll });

const PROVIDERS = ['twitch', 'vkvideo', 'youtube', 'trovo', 'kick'];
const DURATION = { enabled: true, trigger: '!t', breakCreditMinutes: 1, onlyWhenLive: false };

test.each<[method: string, path: string, body?: unknown]>([
  ...PROVIDERS.map((provider): [string, string, unknown] => [
    'PATCH',
    `/streamer/bots/${provider}`,
    { enabled: false },
  ]),
  ['POST', '/streamer/bot/commands', { trigger: '!a', response: 'b' }],
  ['POST', '/streamer/api-tokens', { name: 'deck', scopes: ['say'] }],
  ['POST', '/streamer/bot/say', { message: 'hi' }],
  ['POST', '/streamer/credits/reset'],
  ['POST', '/streamer/credits/token/rotate'],
  ['POST', '/streamer/credits/settings', { creditsStyleJson: null }],
  ['PATCH', '/streamer/bot/stream-duration', DURATION],
  ['POST', '/streamer/bot/disable'],
  ['POST', '/streamer/bot/follow-greetings/disable'],
])('a channel that was deleted while rights to it are remembered is 404 for %s %s', async (method, path, body) => {
  const who = await api.streamer();
  await api.ask(who, 'GET', '/streamer/entitlements/custom-bot');
  await api.pg.query('delete from "Channel" where id = $1', [who.channelId]);
  expect(await api.codeOf(who, method, path, { body })).toEqual([404, 'CHANNEL_NOT_FOUND']);
});

test('a person who was deleted while rights are remembered is asked to sign in', async () => {
  const who = await api.streamer();
  await api.ask(who, 'GET', '/streamer/entitlements/custom-bot');
  await api.pg.query('delete from "User" where id = $1', [who.userId]);
  const body = { name: 'deck', scopes: ['say'] };
  expect(await api.codeOf(who, 'POST', '/streamer/api-tokens', { body })).toEqual([401, 'UNAUTHORIZED']);
});

test('a channel that is deleted while a bot is switched answers like one that is gone, and not with a failure', async () => {
  const who = await api.streamer();
  const insertGate = `insert into "BotIntegrationSettings" ("channelId", provider, enabled) values ($1, 'kick', true)`;
  await api.pg.query(insertGate, [who.channelId]);
  const deleting = await api.pg.connect();
  await deleting.query('begin');
  await deleting.query('select from "Channel" where id = $1 for update', [who.channelId]);
  const switched = api.codeOf(who, 'PATCH', '/streamer/bots/kick', { body: { enabled: false } });
  const waiting = async () =>
    (await api.pg.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`))
      .rowCount;
  await expect.poll(waiting).toBe(1);
  // The switch holds the gate and waits for the channel; the cascade holds the channel and waits for the gate.
  await deleting.query('delete from "Channel" where id = $1', [who.channelId]);
  await deleting.query('commit');
  deleting.release();
  expect(await switched).toEqual([404, 'CHANNEL_NOT_FOUND']);
});
