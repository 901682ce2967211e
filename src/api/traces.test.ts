import { afterAll, expect, test } from 'vitest';
import { linkingWorld } from '../../test/support/linking-world.ts';

/** Somebody who becomes an owner by the configuration. */
const OWNER = 'trace_owner';
const api = await linkingWorld({ providers: ['twitch'], env: { OWNER_TWITCH_LOGINS: OWNER }, onEnd: afterAll });

const events = (name: string) =>
  api.lines.map((line) => JSON.parse(line)).filter(({ event }) => event === name) as Record<string, unknown>[];
const metric = async (line: RegExp) => line.test((await api.ask(null, 'GET', '/metrics')).text);

test('a sign-in and a promotion are logged, each once', async () => {
  for (const _time of [1, 2]) {
    api.someone('twitch', OWNER);
    await api.browser().walk('/auth/twitch', { as: OWNER });
  }
  const [first, second] = events('auth.signed_in');
  expect(first).toMatchObject({ provider: 'twitch', userId: expect.any(String), role: 'admin' });
  expect(second).toMatchObject({ userId: first?.userId });
  expect(events('auth.owner_made')).toMatchObject([{ level: 'warn', provider: 'twitch', userId: first?.userId }]);
});

test('changes of commands and a new address of the overlay are in the audit trail', async () => {
  const who = await api.streamer();
  const commands = '/streamer/bot/commands';
  const { json } = await api.ask(who, 'POST', commands, { body: { trigger: '!a', response: 'what is said' } });
  await api.ask(who, 'PATCH', `${commands}/${json.id}`, { body: { response: 'something else' } });
  await api.ask(who, 'DELETE', `${commands}/${json.id}`);
  await api.ask(who, 'POST', '/streamer/credits/token/rotate');
  const { json: trail, text } = await api.ask(who, 'GET', '/streamer/audit');
  const one = { commandId: json.id, trigger: '!a' };
  expect(trail.items.map((item: { action: string; payload: object }) => [item.action, item.payload])).toEqual([
    ['streamer.credits.token.rotate', {}],
    ['streamer.commands.delete', one],
    ['streamer.commands.update', { ...one, fields: ['response'] }],
    ['streamer.commands.create', { ...one, fields: expect.arrayContaining(['trigger', 'response']) }],
  ]);
  expect(text).not.toContain('what is said');
});

test('calls of tools and refusals are counted', async () => {
  const who = await api.streamer();
  const { json } = await api.ask(who, 'POST', '/streamer/api-tokens', { body: { name: 'deck', scopes: ['say'] } });
  const headers = { authorization: `Bearer ${json.token}` };
  expect((await api.ask(null, 'GET', '/streamer/bot/commands', { headers })).status).toBe(403);
  expect((await api.ask(null, 'GET', '/streamer/bots')).status).toBe(401);
  const foreign = { headers: { origin: 'https://evil.example' } };
  expect((await api.ask(who, 'POST', '/streamer/credits/reset', foreign)).status).toBe(403);
  const tool = /memalerts_api_tool_requests_total{method="GET",route="\/streamer\/bot\/commands",status="403"} 1/;
  expect(await metric(tool)).toBe(true);
  for (const refusal of ['401",code="UNAUTHORIZED', '403",code="FORBIDDEN', '403",code="CSRF_INVALID']) {
    expect(await metric(new RegExp(`refused_requests_total{status="${refusal}"} [1-9]`))).toBe(true);
  }
});

test('asking for the head of a start or a callback begins and ends nothing', async () => {
  const who = await api.streamer({ role: 'admin' });
  const count = async () => (await api.pg.query('select count(*)::int as n from "OAuthState"')).rows[0].n;
  const before = await count();
  for (const path of [
    '/auth/twitch',
    '/auth/twitch/link',
    '/auth/twitch/callback?state=x&code=y',
    '/streamer/bots/twitch/bot/link',
    '/owner/bots/twitch/default/link',
    '/owner/channels/resolve?provider=twitch&externalId=1',
  ]) {
    expect([path, (await api.ask(who, 'HEAD', path)).status]).toEqual([path, 404]);
  }
  expect(await count()).toBe(before);
});
