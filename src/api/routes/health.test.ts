import { expect, test } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';

const { url } = await createTestDatabase();

test('health tells the build and the instance', async () => {
  const api = await startApiWorld(url, { env: { DOMAIN: 'bots.example', INSTANCE: 'blue' } });
  for (const path of ['/health', '/healthz']) {
    const { status, json } = await api.ask(null, 'GET', path);
    expect([status, json]).toEqual([
      200,
      {
        status: 'ok',
        build: { name: manifest.name, version: manifest.version, deployTrigger: null },
        instance: { port: '0', domain: 'bots.example', instance: 'blue' },
      },
    ]);
  }
});

test('metrics count requests by route, never by address, and only for callers on this machine', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  await api.ask(who, 'GET', '/streamer/bot/outbox/twitch/secret-id');
  const { status, text, headers } = await api.ask(null, 'GET', '/metrics');
  expect([status, headers['content-type']]).toEqual([200, expect.stringContaining('text/plain')]);
  expect(text).toMatch(
    /memalerts_api_request_seconds_count\{method="GET",route="\/streamer\/bot\/outbox\/:provider\/:id",status="404"\} 1/,
  );
  expect(text).not.toContain('secret-id');
  const proxied = await api.codeOf(null, 'GET', '/metrics', { headers: { 'x-forwarded-for': '203.0.113.9' } });
  expect(proxied).toEqual([404, 'NOT_FOUND']);
});

test('capabilities name every platform, its limits, and what has closed', async () => {
  const api = await startApiWorld(url, { env: { TWITCH_CALLBACK_URL: 'http://localhost:3001/auth/twitch/callback' } });
  const { json } = await api.ask(null, 'GET', '/capabilities');
  expect(json.providers.map(({ provider }: { provider: string }) => provider)).toEqual([
    'twitch',
    'vkvideo',
    'youtube',
    'trovo',
    'kick',
  ]);
  expect(json.providers[0]).toEqual({
    provider: 'twitch',
    title: 'Twitch',
    retired: null,
    canLink: true,
    message: { max: 500, unit: 'utf16' },
    roles: ['vip', 'moderator', 'subscriber'],
    hasPlatformRoleIds: false,
    hasFollowEvents: true,
    confirmsMessages: 'answer',
    readsBy: 'connection',
    deliversHistory: false,
    chatsOffline: 'reads_and_speaks',
  });
  expect(json.providers[3].retired).toEqual({ since: '2026-06-30' });
});
