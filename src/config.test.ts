import { expect, test } from 'vitest';
import { loadConfig, relayBaseUrls } from './config.ts';

const API = { DATABASE_URL: 'postgres://x', JWT_SECRET: 's', TWITCH_CLIENT_ID: 'i', TWITCH_CLIENT_SECRET: 's' };
const required = { ...API, TWITCH_EVENTSUB_SECRET: '0123456789' };
const WORKER = { DATABASE_URL: 'postgres://x', CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:3001' };

function valuesOf(loaded: ReturnType<typeof loadConfig>) {
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ problem }) => problem).join('; '));
  return loaded.config;
}

test('an API without its required variables is told the name of each', () => {
  const loaded = loadConfig('api', {});
  const keys = 'problems' in loaded ? loaded.problems.map(({ key }) => key) : [];
  expect(keys).toEqual(
    expect.arrayContaining(['DATABASE_URL', 'JWT_SECRET', 'TWITCH_CLIENT_ID', 'TWITCH_EVENTSUB_SECRET']),
  );
});

test('a worker without relay targets refuses to start, and the old single form is enough', () => {
  expect(loadConfig('twitch', { DATABASE_URL: 'postgres://x' })).toMatchObject({
    problems: [{ key: 'CHATBOT_BACKEND_BASE_URLS' }],
  });
  const single = valuesOf(loadConfig('twitch', { DATABASE_URL: 'x', CHATBOT_BACKEND_BASE_URL: 'http://a:1/path/' }));
  expect(relayBaseUrls(single.values)).toEqual(['http://a:1']);
});

test('a relay target without a scheme is a start error, not a crash at the first chat line', () => {
  expect(loadConfig('twitch', { ...WORKER, CHATBOT_BACKEND_BASE_URLS: '127.0.0.1:3001' })).toMatchObject({
    problems: [{ key: 'CHATBOT_BACKEND_BASE_URLS' }],
  });
});

test('a trailing slash in a relay target does not cause a second delivery', () => {
  const urls = 'http://127.0.0.1:3001,http://127.0.0.1:3001/, http://127.0.0.1:3002';
  const { values } = valuesOf(loadConfig('twitch', { ...WORKER, CHATBOT_BACKEND_BASE_URLS: urls }));
  expect(relayBaseUrls(values)).toEqual(['http://127.0.0.1:3001', 'http://127.0.0.1:3002']);
});

test('an interval too large for the timers is capped at 24 hours with a warning', () => {
  const config = valuesOf(loadConfig('twitch', { ...WORKER, CHATBOT_SYNC_SECONDS: '9999999' }));
  expect(config.platform('twitch').CHATBOT_SYNC_SECONDS).toBe(86_400);
  expect(config.warnings).toHaveLength(1);
});

test.each([
  ['30abc', 30],
  ['', 30],
  ['nonsense', 30],
  ['1', 5],
])('an interval of %j is read as %d seconds', (raw, seconds) => {
  const config = valuesOf(loadConfig('twitch', { ...WORKER, CHATBOT_SYNC_SECONDS: raw }));
  expect(config.platform('twitch').CHATBOT_SYNC_SECONDS).toBe(seconds);
});

test('production refuses to keep tokens in clear text', () => {
  expect(loadConfig('api', { ...required, NODE_ENV: 'production' })).toMatchObject({
    problems: [{ key: 'CREDENTIALS_ENCRYPTION_KEY' }],
  });
  const key = Buffer.alloc(32).toString('base64');
  valuesOf(loadConfig('api', { ...required, NODE_ENV: 'production', CREDENTIALS_ENCRYPTION_KEY: key }));
});

test('Redis settings of an old installation are ignored with one warning each', () => {
  const { warnings } = valuesOf(loadConfig('api', { ...required, REDIS_URL: 'redis://x' }));
  expect(warnings).toEqual([expect.stringContaining('REDIS_URL')]);
});

test('a public host is a host name alone: with a scheme or a path it would make addresses nobody can reach', () => {
  expect(valuesOf(loadConfig('api', { ...required, DOMAIN: 'Bots.Example.org' })).values.DOMAIN).toBe(
    'bots.example.org',
  );
  for (const DOMAIN of ['https://bots.example.org', 'bots.example.org/', 'bots example', '-bots', 'bots.']) {
    expect(loadConfig('api', { ...required, DOMAIN })).toMatchObject({ problems: [{ key: 'DOMAIN' }] });
  }
});

test('a DATABASE_URL written for a pooler in transaction mode is warned about, without its password', () => {
  const DATABASE_URL = 'postgres://u:secret@h/db?pgbouncer=true';
  for (const process of ['api', 'twitch', 'cli']) {
    const { warnings } = valuesOf(loadConfig(process, { ...required, ...WORKER, DATABASE_URL }));
    expect(warnings).toEqual([expect.stringContaining('pgbouncer=true')]);
    expect(warnings.join()).not.toContain('secret');
  }
  expect(valuesOf(loadConfig('api', { ...required, DATABASE_URL: 'postgres://h/db' })).warnings).toEqual([]);
});
