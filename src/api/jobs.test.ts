import { expect, onTestFinished, test } from 'vitest';
import { startApiWorld } from '../../test/support/api-world.ts';
import { createTestDatabase } from '../../test/support/database.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { ScriptedTwitchApi } from '../../test/support/scripted-twitch-api.ts';

const { url } = await createTestDatabase();
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SUBSCRIPTIONS = 'GET /helix/eventsub/subscriptions';

async function world(clock: ManualClock) {
  const twitch = await ScriptedTwitchApi.start();
  const env = {
    TWITCH_API_BASE_URL: `${twitch.url}/helix`,
    TWITCH_AUTH_BASE_URL: `${twitch.url}/oauth2`,
    DOMAIN: 'bots.example',
  };
  return { ...(await startApiWorld(url, { clock, env })), twitch };
}

test('event subscriptions are reconciled soon after the start and every ten minutes', async () => {
  const clock = new ManualClock(new Date());
  const { twitch, ...api } = await world(clock);
  const { channelId } = await api.streamer({ twitchId: '4401' });
  await api.pg.query(`insert into "ChatBotSubscription" ("channelId", "twitchLogin") values ($1, 'reco')`, [channelId]);
  await clock.advance(MINUTE);
  await expect.poll(() => twitch.subscriptions.map(({ type }) => type)).toEqual(['stream.online', 'stream.offline']);
  twitch.subscriptions = [];
  await clock.advance(9 * MINUTE);
  expect(twitch.subscriptions).toEqual([]);
  await clock.advance(MINUTE);
  await expect.poll(() => twitch.subscriptions.length).toBe(2);
});

test('while one copy of the API reconciles, another leaves it to that one', async () => {
  const clock = new ManualClock(new Date());
  const { twitch, ...api } = await world(clock);
  const holder = await api.pg.connect();
  await holder.query(`select pg_advisory_lock(hashtextextended('memalerts:event-subscriptions:twitch', 0))`);
  onTestFinished(() => holder.release(true));
  const asked = () => twitch.called(SUBSCRIPTIONS).length;
  await clock.advance(MINUTE);
  await expect.poll(() => api.lines.some((line) => line.includes('api.job_left_to_another_copy'))).toBe(true);
  await clock.advance(8 * MINUTE);
  expect(asked()).toBe(0);
  await holder.query(`select pg_advisory_unlock_all()`);
  await clock.advance(10 * MINUTE);
  await expect.poll(asked).toBeGreaterThan(0);
});

test('work that is done from time to time needs no second connection of the pool', async () => {
  const clock = new ManualClock(new Date());
  const api = await startApiWorld(`${url}?connection_limit=1&pool_timeout=1`, { clock });
  await api.pg.query(
    `insert into "OAuthState" (state, provider, kind, "expiresAt") values ('single', 'twitch', 'login', $1)`,
    [new Date(clock.now().getTime() - 25 * HOUR)],
  );
  await clock.advance(3 * MINUTE);
  const left = async () => (await api.pg.query(`select from "OAuthState" where state = 'single'`)).rowCount;
  await expect.poll(left).toBe(0);
});

test('a failing round is logged and the next one comes all the same', async () => {
  const clock = new ManualClock(new Date());
  const { twitch, ...api } = await world(clock);
  twitch.scripts.set(SUBSCRIPTIONS, { status: 500 });
  await clock.advance(MINUTE);
  await expect.poll(() => api.lines.some((line) => line.includes('eventsub_list_failed'))).toBe(true);
  twitch.scripts.clear();
  const before = twitch.calls.length;
  await clock.advance(10 * MINUTE);
  await expect.poll(() => twitch.calls.length).toBeGreaterThan(before);
});

test('rows that nobody will ask about any more go, younger ones stay', async () => {
  const clock = new ManualClock(new Date());
  const { pg, lines, ...api } = await world(clock);
  const { channelId } = await api.streamer();
  const other = await api.streamer();
  const ago = (hours: number) => new Date(clock.now().getTime() - hours * HOUR);
  const insert = (text: string, ...values: unknown[]) => pg.query(text, values);
  for (const [name, hours] of [
    ['old', 24.1],
    ['new', 23.9],
  ] as const) {
    await insert(
      `insert into "ChatBotEventDedup" ("channelId", kind, "eventId", "createdAt") values ($1, 'follow', $2, $3)`,
      channelId,
      name,
      ago(hours),
    );
    await insert(
      `insert into "ExternalWebhookDeliveryDedup" (provider, "messageId", "receivedAt") values ('kick', $1, $2)`,
      name,
      ago(hours),
    );
    await insert(
      `insert into "OAuthState" (state, provider, kind, "expiresAt") values ($1, 'twitch', 'login', $2)`,
      name,
      ago(hours),
    );
    await insert(
      `insert into "WebhookInbox" (provider, "channelId", "deliveryId", "eventType", payload, "receivedAt") values ('kick', $1, $2, 'x', '{}', $3)`,
      channelId,
      name,
      ago(hours + 6 * 24),
    );
    await insert(
      `insert into "CreditsRoll" ("channelId", status, "startedAt", "lastSeenAt", "expiresAt") values ($1, 'offline', $2, $2, $2)`,
      name === 'old' ? channelId : other.channelId,
      ago(hours),
    );
  }
  await clock.advance(3 * MINUTE);
  const left = async (column: string, table: string) =>
    (await pg.query(`select ${column} as name from "${table}"`)).rows.map(({ name }) => name);
  await expect.poll(() => left('"channelId"', 'CreditsRoll')).toEqual([other.channelId]);
  expect(await left('"eventId"', 'ChatBotEventDedup')).toEqual(['new']);
  expect(await left('"messageId"', 'ExternalWebhookDeliveryDedup')).toEqual(['new']);
  expect(await left('"deliveryId"', 'WebhookInbox')).toEqual(['new']);
  expect(await left('state', 'OAuthState')).toEqual(['new']);
  expect(lines.some((line) => line.includes('"api.pruned"') && line.includes('OAuthState'))).toBe(true);
});
