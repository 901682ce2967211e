import { expect, test } from 'vitest';
import { startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';

const { url } = await createTestDatabase();

test('no answer under /streamer, /owner or /auth may be stored: data, refusals, redirects and unknown routes alike', async () => {
  const api = await startApiWorld(url);
  const streamer = await api.streamer();
  const owner = await api.streamer({ role: 'admin' });
  const asked = [
    [streamer, 'GET', '/streamer/credits/token', 200],
    [streamer, 'GET', '/streamer/bots', 200],
    [streamer, 'GET', '/%73treamer/bots', 200],
    [streamer, 'GET', '/streamer/nothing', 404],
    [streamer, 'GET', '/streamer/%zz', 400],
    [streamer, 'OPTIONS', '/streamer/bots', 204],
    [null, 'GET', '/streamer/bots?x=1', 401],
    [streamer, 'GET', '/owner/audit', 403],
    [owner, 'GET', '/owner/audit', 200],
    [owner, 'GET', '/auth/accounts', 200],
    [null, 'GET', '/auth/twitch', 302],
    [null, 'GET', '/auth/twitch/callback', 302],
    [null, 'POST', '/auth/logout', 200],
  ] as const;
  for (const [person, method, path, status] of asked) {
    const answer = await api.ask(person, method, path, {
      headers: method === 'OPTIONS' ? { origin: 'http://localhost:5173', 'access-control-request-method': 'GET' } : {},
    });
    expect([path, answer.status, answer.headers['cache-control']]).toEqual([path, status, 'no-store']);
  }
});

test('a page that concerns nobody says nothing of caches', async () => {
  const api = await startApiWorld(url);
  for (const path of ['/health', '/capabilities']) {
    expect((await api.ask(null, 'GET', path)).headers['cache-control']).toBeUndefined();
  }
});
