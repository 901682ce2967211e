import { expect, test } from 'vitest';
import { LeapingClock } from '../../../test/conformance/leaping-clock.ts';
import { type StreamerPerson, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { linkDefaultKickBot, linkKickAccount, simulatedKick } from '../../../test/support/kick-world.ts';

const SCOPES = ['user:read', 'channel:read', 'events:subscribe'];
const CHAT = 'chat.message.sent';

async function world(env: Record<string, string> = {}) {
  const { url } = await createTestDatabase({ forTest: true });
  const sim = await simulatedKick();
  const api = await startApiWorld(url, { env: { ...sim.env(), DOMAIN: 'bots.example', ...env } });
  const who = await api.streamer();
  return {
    ...api,
    sim,
    who,
    link: (scopes: readonly string[] = SCOPES, login = 'northpine', person: StreamerPerson = who) => {
      sim.addChannel(login);
      return linkKickAccount(api.db, sim, login, person.userId, scopes);
    },
    linkBot: () => linkDefaultKickBot(api.db, sim),
    enable: async (body: Record<string, unknown> = {}, person: StreamerPerson = who) => {
      const { status, json } = await api.ask(person, 'PATCH', '/streamer/bots/kick', {
        body: { enabled: true, ...body },
      });
      return [status, json] as [number, Record<string, unknown>];
    },
    rows: () => api.db.selectFrom('KickChatBotSubscription').select(['userId', 'kickChannelId', 'enabled']).execute(),
    gates: () => api.db.selectFrom('BotIntegrationSettings').select('enabled').execute(),
  };
}

test('a linked streamer is switched on: their own channel, its chat subscribed to, once', async () => {
  const { link, linkBot, enable, rows, sim, who } = await world();
  await link();
  await linkBot();
  for (let times = 0; times < 3; times += 1) expect(await enable()).toEqual([200, { ok: true }]);
  const { id } = sim.person('northpine');
  expect(await rows()).toEqual([{ userId: who.userId, kickChannelId: id, enabled: true }]);
  expect(sim.subscriptions.of(id, CHAT)).toHaveLength(1);
});

test('a streamer who switches on several times at once is subscribed to once', async () => {
  const { link, linkBot, enable, sim } = await world();
  await link();
  await linkBot();
  const { id } = sim.person('northpine');
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => enable()));
  expect(answers).toEqual(Array(5).fill([200, { ok: true }]));
  expect(sim.subscriptions.of(id, CHAT)).toHaveLength(1);
});

test('each thing that is missing is told by its own code, in the order of the contract, and nothing is written', async () => {
  const { link, linkBot, enable, rows, gates, sim, db } = await world();
  const code = async (body?: Record<string, unknown>) => {
    const [status, { errorCode }] = await enable(body);
    return [status, errorCode];
  };
  expect(await code()).toEqual([400, 'KICK_NOT_LINKED']);
  const accountId = await link(['user:read']);
  expect(await code({ kickChannelId: 'northpine' })).toEqual([400, 'BAD_REQUEST']);
  expect(await code({ kickChannelId: '-5' })).toEqual([400, 'BAD_REQUEST']);
  expect(await code({ kickChannelId: 424242 })).toEqual([400, 'BAD_REQUEST']);
  expect(await code({ kickChannelId: '424242' })).toEqual([403, 'CHANNEL_NOT_OWNED']);
  expect(await code()).toEqual([503, 'KICK_BOT_NOT_CONFIGURED']);
  await linkBot();
  expect(await code()).toEqual([400, 'KICK_SCOPE_MISSING_EVENTS_SUBSCRIBE']);
  await db
    .updateTable('ExternalAccount')
    .set({ scopes: SCOPES.join(' '), brokenAt: new Date() })
    .where('id', '=', accountId)
    .execute();
  const [status, body] = await enable();
  expect([status, body.errorCode, body.requiresReauth]).toEqual([401, 'KICK_ACCESS_TOKEN_MISSING', true]);
  await db.deleteFrom('ExternalAccount').where('id', '=', accountId).execute();
  await link();
  sim.faults.failSubscriptions(CHAT, 'webhooks are not enabled for app');
  const [refused, why] = await enable();
  expect([refused, why.errorCode]).toEqual([502, 'KICK_SUBSCRIPTION_CREATE_FAILED']);
  expect(why.error).toContain('webhooks are not enabled for app');
  expect([await rows(), await gates()]).toEqual([[], []]);
  expect(await enable()).toEqual([200, { ok: true }]);
});

test('codes that old clients read stand in the answer under the old name too', async () => {
  const { enable, link, linkBot } = await world();
  expect((await enable())[1]).toMatchObject({ code: 'KICK_NOT_LINKED' });
  await link(['user:read']);
  await linkBot();
  expect((await enable())[1]).toMatchObject({ code: 'KICK_SCOPE_MISSING_EVENTS_SUBSCRIBE' });
});

test('without the application of the operator nothing can be switched on', async () => {
  for (const missing of ['KICK_CLIENT_ID', 'KICK_USERINFO_URL']) {
    const { enable, link, linkBot } = await world({ [missing]: '' });
    await link();
    await linkBot();
    const [status, body] = await enable();
    expect([status, body.errorCode]).toEqual([503, 'KICK_BOT_NOT_CONFIGURED']);
  }
});

test('an account that speaks for us is nobody’s channel', async () => {
  const { enable, db, who, sim } = await world();
  sim.addChannel('own_voice');
  const externalAccountId = await linkKickAccount(db, sim, 'own_voice', who.userId, SCOPES);
  await db
    .insertInto('KickBotIntegration')
    .values({ channelId: who.channelId, externalAccountId, enabled: true })
    .execute();
  expect((await enable())[1]).toMatchObject({ errorCode: 'KICK_NOT_LINKED' });
});

test('an owner may name any channel, and that one is subscribed to; a channel serves one streamer only', async () => {
  const { enable, link, linkBot, streamer, sim, rows } = await world();
  const { id: other } = sim.addChannel('southoak');
  await linkBot();
  const admin = await streamer({ role: 'admin' });
  await link(SCOPES, 'boss', admin);
  expect(await enable({ kickChannelId: other }, admin)).toEqual([200, { ok: true }]);
  expect(sim.subscriptions.of(other, CHAT)).toHaveLength(1);
  expect(sim.subscriptions.of(sim.person('boss').id, CHAT)).toEqual([]);
  await link(SCOPES, 'southoak');
  expect((await enable())[1]).toMatchObject({ errorCode: 'CHANNEL_ALREADY_ENABLED' });
  expect(await rows()).toHaveLength(1);
});

test('a Kick that is away is told as such, and switching off does not ask it', async () => {
  const { enable, link, linkBot, sim, ask, who, rows } = await world();
  await link();
  await linkBot();
  await enable();
  await sim.faults.refuse();
  expect((await enable())[1]).toMatchObject({ errorCode: 'KICK_SUBSCRIPTION_CREATE_FAILED' });
  const off = await ask(who, 'PATCH', '/streamer/bots/kick', { body: { enabled: false } });
  expect(off.json).toEqual({ ok: true });
  expect(await rows()).toMatchObject([{ enabled: false }]);
});

test('where Kick has nowhere to deliver to, the streamer is warned and the operator told', async () => {
  const { enable, link, linkBot, lines } = await world({ DOMAIN: '' });
  await link();
  await linkBot();
  const [status, body] = await enable();
  expect([status, body.warnings]).toEqual([200, [expect.stringContaining('KICK_WEBHOOK_CALLBACK_URL')]]);
  expect(lines.join()).toContain('"event":"kick.webhook.address"');
  const told = await world({ KICK_WEBHOOK_CALLBACK_URL: 'https://elsewhere.example/webhooks/kick/events' });
  expect(told.lines.join()).toContain('"address":"https://elsewhere.example/webhooks/kick/events","problem":null');
});

test('subscriptions of a bot that was switched off while no worker ran are taken away by the API', async () => {
  const { url } = await createTestDatabase({ forTest: true });
  const sim = await simulatedKick();
  const clock = new LeapingClock();
  const api = await startApiWorld(url, { clock, env: { ...sim.env(), DOMAIN: 'bots.example' } });
  const who = await api.streamer();
  sim.addChannel('northpine');
  await linkKickAccount(api.db, sim, 'northpine', who.userId, SCOPES);
  await linkDefaultKickBot(api.db, sim);
  const toggle = (enabled: boolean) => api.ask(who, 'PATCH', '/streamer/bots/kick', { body: { enabled } });
  expect((await toggle(true)).json).toEqual({ ok: true });
  expect(sim.isRead('northpine')).toBe(true);
  await toggle(false);
  expect(sim.isRead('northpine')).toBe(true);
  await clock.leapUntil(
    () => expect(sim.isRead('northpine')).toBe(false),
    600_000,
    () => api.pg.query('select 1'),
  );
});
