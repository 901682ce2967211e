import { jwtVerify, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { type ApiWorld, JWT_SECRET, type StreamerPerson, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { openEvents } from '../../../test/support/event-reader.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { issueOverlayToken } from '../../credits/overlay-token.ts';

const { url } = await createTestDatabase();

const open = (api: ApiWorld, path: string) => openEvents(api.port, path);
const tokenOf = async (api: ApiWorld, who: StreamerPerson) =>
  (await api.ask(who, 'GET', '/streamer/credits/token')).json.token as string;
const eventsPath = (token: string) => `/overlay/credits/t/${token}/events`;
const chat = (api: ApiWorld, { slug }: StreamerPerson, name: string) =>
  api.ask(null, 'POST', '/internal/credits/chatter', {
    body: { channelSlug: slug, userId: `twitch:${name}`, displayName: name },
    headers: { 'x-memalerts-internal': 'credits-event' },
  });
const stateOf = (...names: string[]) => [
  'credits:state',
  { chatters: names.map((name) => ({ name, avatarUrl: null, provider: 'twitch' })), donors: [] },
];

test('the page is never stored, runs only its own script, and writes nothing of its address into itself', async () => {
  const api = await startApiWorld(url, { env: { WEB_URL: 'https://panel.example' } });
  const { status, headers, text } = await api.ask(null, 'GET', '/overlay/credits/t/a.token-with_letters');
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(headers).toMatchObject({
    'cache-control': 'no-store, no-cache, must-revalidate, proxy-revalidate',
    pragma: 'no-cache',
    expires: '0',
  });
  const policy = String(headers['content-security-policy']);
  const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1];
  expect(policy).toContain(`style-src 'nonce-${nonce}'`);
  expect(policy).toContain("frame-ancestors 'self' https://panel.example");
  expect(policy).not.toContain('unsafe');
  expect(text.match(/<script[\s\S]*?<\/script>/g)).toEqual([
    `<script type="module" nonce="${nonce}" src="../files/page.js"></script>`,
  ]);
  expect(text.match(/<(style|link)[^>]*>/g)).toEqual([
    `<link rel="stylesheet" nonce="${nonce}" href="../files/page.css">`,
  ]);
  expect(text).not.toContain('a.token-with_letters');
  expect(headers['x-frame-options']).toBeUndefined();
  const again = await api.ask(null, 'GET', '/overlay/credits/t/a.token-with_letters');
  expect(again.headers['content-security-policy']).not.toBe(policy);
});

test('what the page loads is there, and nothing else is', async () => {
  const api = await startApiWorld(url);
  const read = (file: string) => api.ask(null, 'GET', `/overlay/credits/files/${file}`);
  const open = ['page.css', 'page.js'];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const { status, headers, text } = await read(name);
    expect([name, status]).toEqual([name, 200]);
    expect(headers['content-type']).toBe(`text/${name.endsWith('.css') ? 'css' : 'javascript'}; charset=utf-8`);
    open.push(...[...text.matchAll(/^import .* from '\.\/(.*)';$/gm)].map(([, imported = '']) => imported));
  }
  for (const other of ['page.html', 'tsconfig.json', '..%2Fserver.ts', 'constructor']) {
    expect((await read(other)).status).toBe(404);
  }
});

test('the page knows the titles of the platforms', async () => {
  const api = await startApiWorld(url);
  const { text } = await api.ask(null, 'GET', '/overlay/credits/t/abc');
  const titles = /data-platforms="([^"]*)"/.exec(text)?.[1]?.replaceAll('&quot;', '"') ?? '';
  expect(JSON.parse(titles)).toMatchObject({ twitch: 'Twitch', vkvideo: 'VK Video Live' });
});

test.each(['', '%3C%2Fscript%3E%3Cscript%3Ealert(1)', 'a%20b', "a'b"])(
  'the address "%s" is no token',
  async (token) => {
    const api = await startApiWorld(url);
    const { status, json, headers } = await api.ask(null, 'GET', `/overlay/credits/t/${token}`);
    expect([status, json.errorCode]).toEqual([400, 'BAD_REQUEST']);
    expect(headers['content-type']).toContain('application/json');
  },
);

test('an overlay is told config and state at once, then every change, whichever copy of the API made it', async () => {
  const [one, two] = [await startApiWorld(url), await startApiWorld(url)];
  const who = await one.streamer();
  await chat(one, who, 'Ada');
  const overlay = await open(two, eventsPath(await tokenOf(one, who)));
  expect(overlay.response.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  await expect.poll(() => overlay.events).toEqual([['credits:config', { creditsStyleJson: null }], stateOf('Ada')]);

  await chat(one, who, 'Ben');
  await expect.poll(() => overlay.events.at(-1)).toEqual(stateOf('Ada', 'Ben'));
  await one.ask(who, 'POST', '/streamer/credits/settings', { body: { creditsStyleJson: '{"fontSize":30}' } });
  const restyled = ['credits:config', { creditsStyleJson: '{"fontSize":30}' }];
  await expect.poll(() => overlay.events).toContainEqual(restyled);
  await one.ask(who, 'POST', '/streamer/credits/reset');
  await expect.poll(() => overlay.events.at(-1)).toEqual(stateOf());
});

test('however fast people chat, an overlay is told about once a second, and of the last one too', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const overlay = await open(api, eventsPath(await tokenOf(api, who)));
  await expect.poll(() => overlay.events.length).toBeGreaterThanOrEqual(2);
  const before = { events: overlay.events.length, ms: performance.now() };
  const names = Array.from({ length: 40 }, (_, index) => `p${index}`);
  for (const name of names) await chat(api, who, name);
  await expect.poll(() => overlay.events.at(-1)).toEqual(stateOf(...names));
  const seconds = (performance.now() - before.ms) / 1000;
  expect(overlay.events.length - before.events).toBeLessThan(3 + 1.5 * seconds);
});

test('a state that did not change is told once a minute', async () => {
  const clock = new ManualClock(new Date());
  const api = await startApiWorld(url, { clock });
  const who = await api.streamer();
  const overlay = await open(api, eventsPath(await tokenOf(api, who)));
  const states = () => overlay.events.filter(([name]) => name === 'credits:state');
  await expect.poll(() => states().length).toBe(1);
  for (const count of [2, 3]) {
    for (let seconds = 5; seconds < 60; seconds += 5) await clock.advance(5000);
    expect(states()).toHaveLength(count - 1);
    await clock.advance(5000);
    await expect.poll(() => states().length).toBe(count);
    expect(states().at(-1)).toEqual(stateOf());
  }
});

test('an address that was taken back ends its overlays and opens no new ones; the new address works', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const token = await tokenOf(api, who);
  const overlay = await open(api, eventsPath(token));
  await expect.poll(() => overlay.events.length).toBe(2);
  const rotated = (await api.ask(who, 'POST', '/streamer/credits/token/rotate')).json.token;
  await overlay.ended;
  expect(await api.codeOf(null, 'GET', eventsPath(token))).toEqual([403, 'FORBIDDEN']);
  const next = await open(api, eventsPath(rotated));
  await expect.poll(() => next.events.length).toBe(2);
});

test('overlay tokens have a key of their own; one of an older installation counts until its channel rotates', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const secret = new TextEncoder().encode(JWT_SECRET);
  const token = await tokenOf(api, who);
  await expect(jwtVerify(token, secret)).rejects.toThrow('signature verification failed');
  const older = await new SignJWT({ kind: 'credits', v: 1, channelId: who.channelId, channelSlug: who.slug, tv: 1 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(secret);
  const overlay = await open(api, eventsPath(older));
  await expect.poll(() => overlay.events.length).toBe(2);
  await api.ask(who, 'POST', '/streamer/credits/token/rotate');
  await overlay.ended;
  for (const former of [older, token]) {
    expect(await api.codeOf(null, 'GET', eventsPath(former))).toEqual([403, 'FORBIDDEN']);
  }
});

test('a forged token, one for something else and one of a deleted channel open nothing', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const claims = { channelId: who.channelId, channelSlug: who.slug, version: 1 };
  const forged = await issueOverlayToken(claims, `${JWT_SECRET}!`);
  const gone = await issueOverlayToken({ ...claims, channelId: 'gone' as never }, JWT_SECRET);
  const otherKind = await new SignJWT({ kind: 'handover', channelId: who.channelId, channelSlug: who.slug, tv: 1 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(JWT_SECRET));
  for (const token of [forged, who.token, otherKind, gone, 'abc']) {
    expect(await api.codeOf(null, 'GET', eventsPath(token))).toEqual([403, 'FORBIDDEN']);
  }
});

test('asking only for the head of the events waits for nothing', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  expect((await api.ask(who, 'HEAD', eventsPath(await tokenOf(api, who)))).status).toBe(404);
});

test('stopping the API does not wait for open overlays', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const overlay = await open(api, eventsPath(await tokenOf(api, who)));
  await expect.poll(() => overlay.events.length).toBe(2);
  await api.close();
  await overlay.ended;
});
