import net from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';

import { readJsonBody } from '../../lib/json-body.ts';

const { url } = await createTestDatabase();
const COMMANDS = '/streamer/bot/commands';

test('a request keeps its id if it is a plain one, and gets a new one otherwise', async () => {
  const api = await startApiWorld(url);
  const idOf = async (headers: Record<string, string>) => {
    const { headers: answered, json } = await api.ask(null, 'GET', '/nope', { headers });
    expect(json.requestId).toBe(answered['x-request-id']);
    return json.requestId;
  };
  expect(await idOf({ 'x-request-id': 'trace-1.A_b' })).toBe('trace-1.A_b');
  expect(await idOf({ 'x-correlation-id': 'corr-2' })).toBe('corr-2');
  expect(await idOf({ 'x-request-id': 'first', 'x-correlation-id': 'second' })).toBe('first');
  for (const odd of ['a b', 'x'.repeat(129), '<script>']) {
    expect(await idOf({ 'x-request-id': odd })).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  }
});

test.each([
  ['GET', '/nope'],
  ['POST', '/streamer/nope'],
  ['GET', '/streamer/bots/twitch/bott'],
  ['DELETE', '/owner/bots/twitch'],
  ['PUT', '/streamer/bots'],
])('%s %s does not exist', async (method, path) => {
  const api = await startApiWorld(url);
  const { status, json, headers } = await api.ask(null, method, path);
  expect([status, json]).toEqual([
    404,
    { errorCode: 'NOT_FOUND', error: 'Not found', requestId: headers['x-request-id'] },
  ]);
  expect(headers['content-type']).toContain('application/json');
});

test.each([
  ['{"message":', 'application/json'],
  ['not json', 'application/json; charset=utf-8'],
  ['{"a":1}}', 'application/vnd.api+json'],
])('malformed JSON (%s) is 400 and the API lives on', async (raw, type) => {
  const api = await startApiWorld(url);
  const { status, json } = await api.ask(await api.streamer(), 'POST', COMMANDS, {
    raw,
    headers: { 'content-type': type },
  });
  expect([status, json.errorCode, json.error]).toEqual([400, 'BAD_REQUEST', 'The body is not valid JSON']);
  expect((await api.ask(null, 'GET', '/health')).status).toBe(200);
});

test('a body above the limit is 413, on webhooks too; one below it passes', async () => {
  const api = await startApiWorld(url, { env: { JSON_BODY_LIMIT: '2kb', URLENCODED_BODY_LIMIT: '1kb' } });
  const who = await api.streamer();
  const body = { trigger: '!x', response: 'x', extra: 'x'.repeat(2048) };
  expect(await api.codeOf(who, 'POST', COMMANDS, { body })).toEqual([413, 'FILE_TOO_LARGE']);
  expect(await api.codeOf(null, 'POST', '/webhooks/twitch/eventsub', { body })).toEqual([413, 'FILE_TOO_LARGE']);
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const raw = `a=${'x'.repeat(1100)}`;
  expect(await api.codeOf(who, 'POST', COMMANDS, { raw, headers: form })).toEqual([413, 'FILE_TOO_LARGE']);
  expect((await api.ask(who, 'POST', COMMANDS, { body: { ...body, extra: 'x' } })).status).toBe(201);
});

test('webhooks, the relay and the look of the credits take 512 kB, everything else 128 kB', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const STYLE = '/streamer/credits/settings';
  const padded = (bytes: number, fields: object) => {
    const text = JSON.stringify(fields);
    return `${text.slice(0, -1)}${' '.repeat(bytes - text.length)}}`;
  };
  const statusOf = async (path: string, raw: string, headers = {}) =>
    (await api.ask(who, 'POST', path, { raw, headers })).status;
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const KB = 1024;
  const style = { creditsStyleJson: '{}' };
  const command = { trigger: '!kb', response: 'x' };
  expect({
    webhook: await statusOf('/webhooks/twitch/eventsub', padded(512 * KB, {})),
    largerWebhook: await statusOf('/webhooks/kick/events', padded(512 * KB + 1, {})),
    relay: await statusOf('/internal/credits/chatter', padded(512 * KB, {})),
    largerRelay: await statusOf('/internal/credits/chatter', padded(512 * KB + 1, {})),
    style: await statusOf(STYLE, padded(512 * KB, style)),
    largerStyle: await statusOf(STYLE, padded(512 * KB + 1, style)),
    command: await statusOf(COMMANDS, padded(128 * KB, command)),
    largerCommand: await statusOf(COMMANDS, padded(128 * KB + 1, command)),
    largerForm: await statusOf(COMMANDS, `a=${'x'.repeat(128 * KB)}`, form),
    largerOther: await statusOf(COMMANDS, 'x'.repeat(128 * KB + 1), { 'content-type': 'text/plain' }),
  }).toEqual({
    webhook: 403,
    largerWebhook: 413,
    relay: 404,
    largerRelay: 413,
    style: 200,
    largerStyle: 413,
    command: 201,
    largerCommand: 413,
    largerForm: 413,
    largerOther: 413,
  });
});

test.each([
  ['application/json', Buffer.from('{"trigger":"!u","response":"caf\xe9"}', 'latin1')],
  ['application/x-www-form-urlencoded', Buffer.from('trigger=!u&response=caf\xe9', 'latin1')],
])('bytes of %s that are not UTF-8 are refused: nobody would read what was stored of them', async (type, raw) => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const { status, json } = await api.ask(who, 'POST', COMMANDS, { raw, headers: { 'content-type': type } });
  expect([status, json.errorCode, json.error]).toEqual([400, 'BAD_REQUEST', 'The body has to be UTF-8']);
  expect((await api.ask(who, 'GET', COMMANDS)).json.items).toEqual([]);
});

test('a body cannot reach the prototype of anything', async () => {
  const api = await startApiWorld(url);
  const raw = '{"trigger":"!p","response":"x","__proto__":{"enabled":false},"constructor":{"prototype":{"x":1}}}';
  const { json } = await api.ask(await api.streamer(), 'POST', COMMANDS, { raw });
  expect(json.enabled).toBe(true);
  // Nor does it get as far as a handler that merges it.
  const merged = Object.assign({}, readJsonBody(Buffer.from('{"a":{"__proto__":{"x":1},"constructor":2,"b":3}}'))) as {
    a: object;
  };
  expect(Reflect.ownKeys(merged.a)).toEqual(['b']);
});

test('half of a surrogate pair, which nothing stores, is replaced wherever it stands', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const command = { trigger: '!\ud800', response: 'a\udc00', allowedUsers: ['b\ud800'] };
  const { status, json } = await api.ask(who, 'POST', COMMANDS, { body: command });
  expect([status, json.trigger, json.response, json.allowedUsers]).toEqual([201, '!\ufffd', 'a\ufffd', ['b\ufffd']]);
});

test('a path that cannot be decoded is a bad request', async () => {
  const api = await startApiWorld(url);
  expect(await api.codeOf(null, 'GET', '/streamer/%zz')).toEqual([400, 'BAD_REQUEST']);
});

test.each([
  ['no HTTP', '\u0000\u0001\u0002\r\n\r\n'],
  ['no path', 'GET\r\n\r\n'],
  ['an unknown version', 'GET / HTTP/9.9\r\n\r\n'],
  ['endless headers', `GET / HTTP/1.1\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`],
  ['a length that is none', 'POST /streamer/bot/say HTTP/1.1\r\nhost: x\r\ncontent-length: abc\r\n\r\n'],
])(
  'garbage on the socket (%s) is told so in the envelope, and ends that socket and nothing else',
  async (_, garbage) => {
    const api = await startApiWorld(url);
    const socket = net.connect(api.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(garbage);
    const answer = await text(socket);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    const requestId = /^x-request-id: (.+)$/im.exec(head)?.[1];
    expect(head).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(body)).toEqual({ errorCode: 'BAD_REQUEST', error: expect.any(String), requestId });
    expect((await api.ask(null, 'GET', '/health')).status).toBe(200);
  },
);

test('what a caller can do nothing about but we foresaw is a warning, not an alarm', async () => {
  const api = await startApiWorld(url);
  const enabling = { body: { enabled: true } };
  const { status } = await api.ask(await api.streamer(), 'PATCH', '/streamer/bots/twitch', enabling);
  expect(status).toBe(503);
  const line = JSON.parse(api.lines.find((one) => one.includes('api.request_failed')) ?? '{}');
  expect([line.level, line.errorCode, line.errorStack]).toEqual(['warn', 'TWITCH_BOT_NOT_CONFIGURED', undefined]);
});

test('a failure of ours is 500 in general words, logged with its request, and the API lives on', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  await api.pg.query('alter table "ChatBotCommand" alter column response type integer using 1');
  try {
    const { status, json } = await api.ask(who, 'POST', COMMANDS, { body: { trigger: '!x', response: 'text' } });
    expect([status, json]).toEqual([
      500,
      { errorCode: 'INTERNAL_ERROR', error: expect.not.stringContaining('integer'), requestId: expect.any(String) },
    ]);
    expect(api.lines.some((line) => line.includes('api.request_failed') && line.includes(json.requestId))).toBe(true);
  } finally {
    await api.pg.query('alter table "ChatBotCommand" alter column response type text');
  }
  expect((await api.ask(who, 'GET', COMMANDS)).status).toBe(200);
});

test('answers are no pages: nothing may run them or frame them', async () => {
  const api = await startApiWorld(url);
  const { headers } = await api.ask(null, 'GET', '/health');
  expect(headers['content-security-policy']).toBe("default-src 'none';frame-ancestors 'none'");
  expect(headers['x-content-type-options']).toBe('nosniff');
});

test('an upload that its client broke off is no outage of the database', async () => {
  const api = await startApiWorld(url);
  const { token } = await api.streamer();
  const socket = net.connect(api.port, '127.0.0.1');
  socket.write(
    `POST ${COMMANDS} HTTP/1.1\r\nhost: x\r\ncookie: token=${token}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"trigger":`,
  );
  await expect.poll(() => socket.bytesWritten).toBeGreaterThan(0);
  await expect.poll(async () => (await api.ask(null, 'GET', '/health')).status).toBe(200);
  socket.resetAndDestroy();
  await api.close();
  expect(api.lines.filter((line) => line.includes('api.request_failed'))).toEqual([]);
});

test('a wrong field is told in one sentence that names it and says what to send', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const told = async (method: 'POST' | 'PATCH' | 'GET', path: string, body?: unknown) =>
    (await api.ask(who, method, path, body === undefined ? {} : { body })).json.error;
  const commands = '/streamer/bot/commands';
  expect(await told('POST', commands, { response: 'x' })).toBe('trigger is required');
  expect(await told('POST', commands, { trigger: 5, response: 'x' })).toBe('trigger must be a string');
  expect(await told('POST', commands, { trigger: ' ', response: 'x' })).toBe('trigger must not be empty');
  expect(await told('POST', commands, { trigger: '!a', response: 'x', enabled: 1 })).toBe('enabled must be a boolean');
  expect(await told('POST', commands, { trigger: '!a', response: 'x', allowedUsers: ['a b'] })).toBe(
    'allowedUsers.0 must not contain white space or control characters',
  );
  expect(await told('POST', commands, { trigger: 'x'.repeat(300), response: 'x' })).toBe(
    'trigger must be at most 50 characters',
  );
  expect(await told('POST', commands, [])).toBe('The request body must be an object');
  expect(await told('POST', '/streamer/api-tokens', { name: 'x', scopes: [] })).toMatch(
    /^scopes must have at least one of /,
  );
  expect(await told('GET', '/streamer/bot/outbox?limit=101')).toBe('limit must be a whole number from 1 to 100');
  expect(await told('GET', '/streamer/bot/outbox?status=lost')).toMatch(/^status must be one of pending, /);
});
