import { afterAll, expect, test } from 'vitest';
import { startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';

const { url } = await createTestDatabase();
const api = await startApiWorld(url, { onEnd: afterAll });
const ignored = (name: string) => `The field ${name} is unknown and was ignored.`;

test.each<[method: string, path: string, body: object]>([
  ['POST', '/streamer/bot/commands', { trigger: '!a', response: 'b' }],
  ['POST', '/streamer/api-tokens', { name: 'deck', scopes: ['say'] }],
  ['POST', '/streamer/credits/settings', { creditsStyleJson: null }],
  ['POST', '/streamer/credits/reconnect-window', { minutes: 5 }],
  [
    'PATCH',
    '/streamer/bot/stream-duration',
    { enabled: true, trigger: '!t', breakCreditMinutes: 1, onlyWhenLive: false },
  ],
  ['PATCH', '/streamer/bots/kick', { enabled: false }],
])('%s %s ignores a field it does not know, and says so', async (method, path, body) => {
  const who = await api.streamer();
  const { status, json } = await api.ask(who, method, path, { body: { ...body, colour: 'red' } });
  expect(status).toBeLessThan(300);
  expect(json.warnings).toEqual([ignored('colour')]);
});

test('nothing is said where every field is known, and where the request is refused', async () => {
  const who = await api.streamer();
  const body = { creditsStyleJson: null };
  expect((await api.ask(who, 'POST', '/streamer/credits/settings', { body })).json).toEqual({ ok: true, ...body });
  expect((await api.ask(who, 'PATCH', '/streamer/bots/kick', { body: { enabled: false } })).json).toEqual({ ok: true });
  const channel = { enabled: false, kickChannelId: '5', vkvideoChannelUrl: 'x' };
  expect((await api.ask(who, 'PATCH', '/streamer/bots/kick', { body: channel })).json).toEqual({ ok: true });
  const refused = await api.ask(who, 'POST', '/streamer/bot/say', { body: { message: 'hi', colour: 'red' } });
  expect([refused.status, refused.json.warnings]).toEqual([400, undefined]);
});

test('of many inventions ten are named, none of them at length', async () => {
  const who = await api.streamer();
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`${n}`.padStart(200, 'x'), n]));
  const { json } = await api.ask(who, 'POST', '/streamer/credits/settings', {
    body: { creditsStyleJson: null, ...many },
  });
  expect(json.warnings).toHaveLength(10);
  for (const warning of json.warnings) expect(warning.length).toBeLessThan(120);
});
