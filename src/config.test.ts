import { expect, test } from 'vitest';
import { allVariables, loadConfig, relayBaseUrls } from './config.ts';

const LONG_SECRET = 'a test secret that nobody guesses';
const KEY = Buffer.alloc(32).toString('base64');
const API = { DATABASE_URL: 'postgres://x', JWT_SECRET: LONG_SECRET, TWITCH_CLIENT_ID: 'i', TWITCH_CLIENT_SECRET: 's' };
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
  const single = valuesOf(
    loadConfig('twitch', { DATABASE_URL: 'postgres://x', CHATBOT_BACKEND_BASE_URL: 'http://a:1/path/' }),
  );
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
  ['1', 5],
])('an interval of %j is read as %d seconds', (raw, seconds) => {
  const config = valuesOf(loadConfig('twitch', { ...WORKER, CHATBOT_SYNC_SECONDS: raw }));
  expect(config.platform('twitch').CHATBOT_SYNC_SECONDS).toBe(seconds);
});

test('production refuses to keep tokens in clear text', () => {
  expect(loadConfig('api', { ...required, NODE_ENV: 'production' })).toMatchObject({
    problems: [{ key: 'CREDENTIALS_ENCRYPTION_KEY' }],
  });
  valuesOf(loadConfig('api', { ...required, NODE_ENV: 'production', CREDENTIALS_ENCRYPTION_KEY: KEY }));
});

test('the operator’s command needs no encryption key in production: those of its commands that seal say so themselves', () => {
  valuesOf(loadConfig('cli', { DATABASE_URL: 'postgres://x', NODE_ENV: 'production' }));
});

test('Redis settings of an old installation are ignored with one warning each', () => {
  const { warnings } = valuesOf(loadConfig('api', { ...required, REDIS_URL: 'redis://x' }));
  expect(warnings).toEqual([expect.stringContaining('REDIS_URL')]);
});

test('a public host is a host name alone: with a scheme or a path it would make addresses nobody can reach', () => {
  expect(valuesOf(loadConfig('api', { ...required, DOMAIN: 'Bots.Example' })).values.DOMAIN).toBe('bots.example');
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

test('what was built is production unless NODE_ENV says otherwise, and sources are not', () => {
  const env = { ...required, CREDENTIALS_ENCRYPTION_KEY: KEY };
  const isProduction = (given: object, isBuilt: boolean) =>
    valuesOf(loadConfig('api', { ...env, ...given }, isBuilt)).isProduction;
  expect(isProduction({}, true)).toBe(true);
  expect(isProduction({ NODE_ENV: ' ' }, true)).toBe(true);
  expect(isProduction({ NODE_ENV: 'development' }, true)).toBe(false);
  expect(isProduction({}, false)).toBe(false);
  expect(isProduction({ NODE_ENV: 'production' }, false)).toBe(true);
});

test('the refusal of a built process without an encryption key says how to make one, and names the mode for a trial', () => {
  const loaded = loadConfig('twitch', WORKER, true);
  expect(loaded).toMatchObject({ problems: [{ key: 'CREDENTIALS_ENCRYPTION_KEY' }] });
  const [{ problem } = { problem: '' }] = 'problems' in loaded ? loaded.problems : [];
  expect(problem).toContain('openssl rand -base64 32');
  expect(problem).toContain('NODE_ENV=development');
});

test('outside production a public host stops the start with one line that names every variable with one', () => {
  const given = { DOMAIN: 'bots.memalerts.com', KICK_CALLBACK_URL: 'https://bots.memalerts.com/x' };
  const loaded = loadConfig('api', { ...required, ...given, WEB_URL: 'http://localhost:5173' });
  expect(loaded).toMatchObject({ problems: [{ key: 'DOMAIN' }] });
  const [{ problem } = { problem: '' }] = 'problems' in loaded ? loaded.problems : [];
  expect(problem).toContain('DOMAIN, KICK_CALLBACK_URL.');
  expect(problem).toContain('NODE_ENV=production');
  const production = { NODE_ENV: 'production', CREDENTIALS_ENCRYPTION_KEY: KEY };
  valuesOf(loadConfig('api', { ...required, ...given, ...production }));
});

test.each([
  ['bots.memalerts.com', false],
  ['192.168.0.7:3001', false],
  ['example.com', false],
  ['localhost.evil.com', false],
  ['127.0.0.1.evil.com', false],
  ['bots.example', true],
  ['a.b.test', true],
  ['panel.localhost:5173', true],
  ['nobody.invalid', true],
  ['localhost', true],
  ['127.8.0.1:3001', true],
])('outside production a host of %s is accepted: %s', (host, isAccepted) => {
  for (const given of [{ DOMAIN: host }, { WEB_URL: `https://${host}` }, { TWITCH_CALLBACK_URL: `http://${host}/x` }]) {
    expect('config' in loadConfig('api', { ...required, ...given })).toBe(isAccepted);
  }
  // Of what a process does not read it says nothing.
  expect('config' in loadConfig('cli', { ...required, DOMAIN: host })).toBe(true);
});

test('every address of the installation itself is held to that rule', () => {
  const own = allVariables().flatMap(({ variables }) => variables.filter(({ isOwnAddress }) => isOwnAddress));
  const callbacks = allVariables().flatMap(({ variables }) =>
    variables.filter(({ name }) => name.endsWith('_CALLBACK_URL')),
  );
  expect(own.map(({ name }) => name)).toEqual(expect.arrayContaining(callbacks.map(({ name }) => name)));
  expect(own.length - callbacks.length).toBe(['DOMAIN', 'WEB_URL', 'OVERLAY_URL'].length);
});

test('production refuses a JWT_SECRET that can be guessed; a switch lets it pass with a warning at each start', () => {
  const env = { ...required, NODE_ENV: 'production', CREDENTIALS_ENCRYPTION_KEY: KEY, JWT_SECRET: 'x'.repeat(31) };
  expect(loadConfig('api', env)).toMatchObject({ problems: [{ key: 'JWT_SECRET' }] });
  expect(valuesOf(loadConfig('api', { ...env, JWT_SECRET_ALLOW_SHORT: '1' })).warnings).toEqual([
    expect.stringContaining('JWT_SECRET is shorter than 32 characters'),
  ]);
  expect(valuesOf(loadConfig('api', { ...env, JWT_SECRET: 'x'.repeat(32) })).warnings).toEqual([]);
  valuesOf(loadConfig('api', { ...env, NODE_ENV: 'development' }));
});

const KILL_SWITCHES = ['TROVO_CHAT_BOT_ENABLED', 'KICK_CHAT_BOT_ENABLED'];
const MISREAD = allVariables().flatMap(({ variables }) =>
  variables
    .filter(
      ({ name, rangeText }) =>
        !KILL_SWITCHES.includes(name) && /^([≥>\d]|bytes|seconds|1, true|\w+(\/\w+)* URL)/.test(rangeText),
    )
    .map((variable) => [variable.name, variable] as const),
);

test.each(MISREAD)('%s=abc is refused by name: it is no number, no switch and no URL', (name, variable) => {
  const reading = variable.read('abc', true);
  expect(reading).toHaveProperty('problem', expect.stringContaining(name));
});

test('the variables above are all there are of their kinds', () => {
  expect(MISREAD.length).toBeGreaterThan(70);
  for (const name of ['PORT', 'JSON_BODY_LIMIT', 'DB_SLOW_MS', 'SELF_SIGNUP', 'WEB_URL', 'VKVIDEO_CHAT_BOT_ENABLED']) {
    expect(MISREAD.map(([known]) => known)).toContain(name);
  }
});

test('the two switches that stay on but for three words stay on at any other, with a warning', () => {
  const variables = allVariables().flatMap((group) => group.variables);
  for (const { name, read } of variables.filter((variable) => KILL_SWITCHES.includes(variable.name))) {
    expect(read('abc', true)).toEqual({ value: true, warning: expect.stringContaining(name) });
    expect(read('off', true)).toEqual({ value: false });
  }
});
