import { expect, test } from 'vitest';
import { type ApiWorld, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';

const { url } = await createTestDatabase();
const PANEL = 'https://panel.example';
const PRODUCTION = {
  NODE_ENV: 'production',
  CREDENTIALS_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
  WEB_URL: `${PANEL}/some/page`,
  OVERLAY_URL: 'https://overlay.example',
  DOMAIN: 'bots.example',
};

const RESET = '/streamer/credits/reset';
const postAs = async (api: ApiWorld, headers: Record<string, string>, path = RESET) =>
  api.ask(await api.streamer(), 'POST', path, { headers });

test('in production a change comes from one of our own pages', async () => {
  const api = await startApiWorld(url, { env: PRODUCTION });
  for (const origin of [PANEL, 'https://overlay.example', 'https://bots.example', 'https://www.bots.example']) {
    expect((await postAs(api, { origin })).status).toBe(200);
  }
  expect((await postAs(api, { referer: `${PANEL}/settings` })).status).toBe(200);
  for (const origin of [
    'https://evil.example',
    'http://panel.example',
    'https://panel.example.evil.example',
    'http://localhost:5173',
  ]) {
    const { status, json } = await postAs(api, { origin });
    expect([status, json.errorCode, json.details]).toEqual([
      403,
      'CSRF_INVALID',
      { reason: 'origin_not_allowed', requestOrigin: origin },
    ]);
  }
});

test('in production a change without an origin is refused, a logout of the same site is not', async () => {
  const api = await startApiWorld(url, { env: PRODUCTION });
  const { status, json } = await postAs(api, { 'sec-fetch-site': 'cross-site' });
  expect([status, json.errorCode, json.details]).toEqual([
    403,
    'CSRF_INVALID',
    { reason: 'missing_origin', secFetchSite: 'cross-site', originHeader: null, refererHeader: null },
  ]);
  expect((await postAs(api, { 'sec-fetch-site': 'same-site' }, '/auth/logout')).status).toBe(200);
  expect((await postAs(api, { 'sec-fetch-site': 'cross-site' }, '/auth/logout')).status).toBe(403);
});

test('a page that hides its origin changes nothing and begins nothing, in production or not', async () => {
  const details = { reason: 'origin_not_allowed', requestOrigin: 'null' };
  for (const env of [PRODUCTION, {}]) {
    const api = await startApiWorld(url, { env });
    for (const headers of [
      { origin: 'null' },
      { origin: 'null', referer: `${PANEL}/settings` },
      { origin: 'null', 'sec-fetch-site': 'same-origin' },
    ]) {
      for (const path of [RESET, '/auth/logout']) {
        const { status, json } = await postAs(api, headers, path);
        expect([status, json.errorCode, json.details]).toEqual([403, 'CSRF_INVALID', details]);
      }
      const who = await api.streamer();
      expect(await api.codeOf(who, 'GET', '/auth/twitch/link', { headers })).toEqual([403, 'CSRF_INVALID']);
    }
  }
});

test('reading, webhooks and the relay need no origin', async () => {
  const api = await startApiWorld(url, { env: PRODUCTION });
  const headers = { origin: 'https://evil.example' };
  expect((await api.ask(await api.streamer(), 'GET', '/streamer/bots', { headers })).status).toBe(200);
  expect((await postAs(api, headers, '/webhooks/twitch/eventsub')).json.errorCode).toBe('FORBIDDEN');
  expect((await postAs(api, headers, '/internal/credits/chatter')).json.errorCode).toBe('NOT_FOUND');
});

test('in development local pages and scripts without an origin may change things, strangers may not', async () => {
  const api = await startApiWorld(url);
  expect((await postAs(api, {})).status).toBe(200);
  expect((await postAs(api, { origin: 'http://localhost:4321' })).status).toBe(200);
  expect((await postAs(api, { origin: 'http://127.0.0.1:80' })).status).toBe(200);
  expect((await postAs(api, { origin: 'http://localhost.evil.example' })).status).toBe(403);
  expect((await postAs(api, { origin: PANEL })).status).toBe(403);
});

test('SOCKET_ORIGINS_LOG writes the allowed origins down at the start', async () => {
  const api = await startApiWorld(url, { env: { ...PRODUCTION, SOCKET_ORIGINS_LOG: '1' } });
  const lines = api.lines.filter((line) => line.includes('api.allowed_origins')).map((line) => JSON.parse(line));
  const origins = [PANEL, 'https://overlay.example', 'https://bots.example', 'https://www.bots.example'];
  expect(lines).toMatchObject([{ origins }]);
});

test('DEBUG_CSRF tells the allowed origins', async () => {
  const api = await startApiWorld(url, { env: { ...PRODUCTION, DEBUG_CSRF: '1' } });
  const { json } = await postAs(api, { origin: 'https://evil.example' });
  expect(json.details.allowedOrigins).toContain(PANEL);
});

test('our pages read answers and their headers across origins, with cookies; others do not', async () => {
  const api = await startApiWorld(url, { env: PRODUCTION });
  const preflight = (origin: string) =>
    api.ask(null, 'OPTIONS', '/streamer/bots/twitch', {
      headers: { origin, 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'content-type' },
    });
  const ours = await preflight(PANEL);
  expect(ours.headers).toMatchObject({
    'access-control-allow-origin': PANEL,
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': expect.stringContaining('PATCH'),
  });
  const answer = await api.ask(null, 'GET', '/health', { headers: { origin: PANEL } });
  for (const name of ['Set-Cookie', 'X-Total', 'X-Limit', 'X-Offset', 'X-Request-Id']) {
    expect(answer.headers['access-control-expose-headers']).toContain(name);
  }
  expect((await preflight('https://evil.example')).headers['access-control-allow-origin']).toBeUndefined();
  expect((await api.ask(null, 'OPTIONS', '/health')).status).toBe(204);
});
