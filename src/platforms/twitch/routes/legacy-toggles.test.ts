import { expect, onTestFinished, test } from 'vitest';
import { startTwitchSimulator } from '../../../../simulators/twitch/simulator.ts';
import { startApiWorld } from '../../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../../test/support/database.ts';

const ENABLE = '/streamer/bot/enable';
const DISABLE = '/streamer/bot/disable';
const STATE = '/streamer/bot/subscription';
const NEWER = '/streamer/bots/twitch';

let rooms = 0;

/** The API with a simulated Twitch, where no account of ours can speak, and a streamer. */
async function world() {
  const { url } = await createTestDatabase({ forTest: true });
  const sim = await startTwitchSimulator({ limits: 'off' });
  onTestFinished(() => sim.stop());
  const api = await startApiWorld(url, { env: sim.env() });
  const addStreamer = async () => {
    const room = sim.addChannel(`room${++rooms}`);
    return { ...(await api.streamer({ twitchId: room.id })), login: room.login };
  };
  const who = await addStreamer();
  return {
    ...api,
    sim,
    addStreamer,
    who,
    async stored(channelId: string = who.channelId) {
      const bots = await api.pg.query(
        'select enabled, "twitchLogin" from "ChatBotSubscription" where "channelId" = $1',
        [channelId],
      );
      const gates = await api.pg.query(
        'select provider, enabled from "BotIntegrationSettings" where "channelId" = $1 order by provider::text',
        [channelId],
      );
      const audit = await api.pg.query(
        'select "actorId", action, "payloadJson" from "AuditLog" where "channelId" = $1 order by "createdAt"',
        [channelId],
      );
      return { bots: bots.rows, gates: gates.rows, audit: audit.rows };
    },
  };
}

test('no account has to be able to speak, no gate is made, and calling twice changes nothing more', async () => {
  const { who, ask, stored } = await world();
  for (let time = 0; time < 2; time += 1) {
    const { status, json } = await ask(who, 'POST', ENABLE);
    expect([status, json]).toEqual([200, { ok: true }]);
    expect(await stored()).toMatchObject({ bots: [{ enabled: true, twitchLogin: who.login }], gates: [] });
  }
  for (let time = 0; time < 2; time += 1) {
    const { status, json } = await ask(who, 'POST', DISABLE);
    expect([status, json]).toEqual([200, { ok: true }]);
    expect(await stored()).toMatchObject({ bots: [{ enabled: false, twitchLogin: who.login }], gates: [] });
  }
});

test('who switched it on or off is on record', async () => {
  const { who, ask, stored } = await world();
  await ask(who, 'POST', ENABLE);
  await ask(who, 'POST', DISABLE);
  const by = { actorId: who.userId, payloadJson: '{"provider":"twitch"}' };
  expect((await stored()).audit).toEqual([
    { ...by, action: 'streamer.bots.enable' },
    { ...by, action: 'streamer.bots.disable' },
  ]);
});

test('who switches it off is not live on Twitch any more, as with the newer switch', async () => {
  const { who, ask, pg } = await world();
  await ask(who, 'POST', ENABLE);
  await pg.query(
    `insert into "ChannelLiveState" ("channelId", provider, "isLive", since, "seenAt")
     values ($1, 'twitch', true, timezone('utc', now()), timezone('utc', now()))`,
    [who.channelId],
  );
  await ask(who, 'POST', DISABLE);
  expect((await pg.query('select from "ChannelLiveState" where "channelId" = $1', [who.channelId])).rows).toEqual([]);
});

test("only Twitch's gate moves, and its time with it", async () => {
  const { who, ask, stored, pg } = await world();
  await pg.query(
    `insert into "BotIntegrationSettings" ("channelId", provider, enabled, "updatedAt")
     values ($1, 'twitch', false, '2026-01-01'), ($1, 'kick', false, '2026-01-01')`,
    [who.channelId],
  );
  await ask(who, 'POST', ENABLE);
  expect((await stored()).gates).toEqual([
    { provider: 'kick', enabled: false },
    { provider: 'twitch', enabled: true },
  ]);
  const { items } = (await ask(who, 'GET', '/streamer/bots')).json;
  const moved = items.filter(({ updatedAt }: { updatedAt: string | null }) => updatedAt && updatedAt > '2026-01-02');
  expect(moved).toEqual([expect.objectContaining({ provider: 'twitch', enabled: true })]);
});

test('a request that is refused leaves row, gate and record as they were', async () => {
  const { who, ask, codeOf, stored, addStreamer, pg, sim } = await world();
  await ask(who, 'POST', ENABLE);
  const other = await addStreamer();
  await pg.query(`insert into "BotIntegrationSettings" ("channelId", provider, enabled) values ($1, 'twitch', false)`, [
    other.channelId,
  ]);
  await pg.query(`update "ChatBotSubscription" set "twitchLogin" = $1 where "channelId" = $2`, [
    other.login,
    who.channelId,
  ]);
  expect(await codeOf(other, 'POST', ENABLE)).toEqual([409, 'CHANNEL_ALREADY_ENABLED']);
  sim.faults.http({ kind: 'answer', status: 500, body: '{}', path: '/helix/users', times: 10 });
  expect(await codeOf(other, 'POST', ENABLE)).toEqual([502, 'UPSTREAM_UNAVAILABLE']);
  const gates = [{ provider: 'twitch', enabled: false }];
  expect(await stored(other.channelId)).toEqual({ bots: [], gates, audit: [] });
  expect((await ask(other, 'GET', STATE)).json).toEqual({ enabled: false });
});

test('both switches used at once never wait for each other, and agree afterwards', async () => {
  const { who, ask, stored } = await world();
  await ask(who, 'PATCH', NEWER, { body: { enabled: false } });
  const calls = Array.from({ length: 60 }, (_, index) => {
    if (index % 3 === 0) return ask(who, 'PATCH', NEWER, { body: { enabled: false } });
    return ask(who, 'POST', index % 3 === 1 ? ENABLE : DISABLE);
  });
  const statuses = (await Promise.all(calls)).map(({ status }) => status);
  expect([...new Set(statuses)]).toEqual([200]);
  const { bots, gates } = await stored();
  expect(gates).toEqual([{ provider: 'twitch', enabled: bots[0].enabled }]);
});
