import { decodeJwt } from 'jose';
import pg from 'pg';
import { beforeEach, expect, test } from 'vitest';
import { simulator } from '../../../simulators/twitch/test-support.ts';
import { type Answer, type ApiWorld, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';

const { url } = await createTestDatabase();
const WEB = 'https://panel.example';
const CALLBACK = 'http://localhost:3001/auth/twitch/callback';

// Every simulated platform counts its people from the same number.
beforeEach(async () => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('truncate "User", "Channel" cascade');
  await client.end();
});

async function world(env: Record<string, string> = {}) {
  const twitch = await simulator();
  const api = await startApiWorld(url, {
    env: { ...twitch.env(), TWITCH_CALLBACK_URL: CALLBACK, WEB_URL: WEB, ...env },
  });
  return { ...api, twitch };
}

type World = Awaited<ReturnType<typeof world>>;

/** The cookies an answer sets, by name, with their attributes. */
function cookiesOf({ headers }: Answer): Map<string, string> {
  return new Map((headers['set-cookie'] ?? []).map((line) => [line.slice(0, line.indexOf('=')), line]));
}

const pairOf = (line: string | undefined) => line?.split(';', 1)[0] ?? '';

/** Opens the consent page as a browser and lets somebody agree; returns what the platform redirects to. */
async function consent(api: World, login: string, { query = '', answer = '' } = {}) {
  const start = await api.ask(null, 'GET', `/auth/twitch${query}`);
  expect(start.status).toBe(302);
  const page = await fetch(`${start.headers.location}&as=${login}${answer}`, { redirect: 'manual' });
  const back = new URL(page.headers.get('location') ?? '');
  const cookie = pairOf(cookiesOf(start).get('oauth_state'));
  return { start, cookie, path: `${back.pathname}${back.search}` };
}

async function signIn(api: World, login: string, query = '') {
  const { cookie, path } = await consent(api, login, { query });
  return api.ask(null, 'GET', path, { headers: { cookie } });
}

const usersOf = async ({ db }: ApiWorld, twitchUserId: string) =>
  db.selectFrom('User').selectAll().where('twitchUserId', '=', twitchUserId).execute();

test('a first sign-in makes a viewer, stores the grant, and the cookie works', async () => {
  const api = await world();
  const person = api.twitch.addPerson('northpine');
  const answer = await signIn(api, 'northpine');
  expect([answer.status, answer.headers.location]).toEqual([302, `${WEB}/`]);
  const line = cookiesOf(answer).get('token') ?? '';
  expect(line.split('; ').slice(1).sort()).toEqual(['HttpOnly', 'Max-Age=604800', 'Path=/', 'SameSite=Lax']);

  const [user] = await usersOf(api, person.id);
  expect(user).toMatchObject({ role: 'viewer', channelId: null, displayName: person.displayName });
  expect(user?.twitchAccessToken).toBeTruthy();
  const accounts = await api.db
    .selectFrom('ExternalAccount')
    .selectAll()
    .where('userId', '=', user?.id ?? '')
    .execute();
  expect(accounts).toMatchObject([{ provider: 'twitch', providerAccountId: person.id, login: 'northpine' }]);
  expect(accounts[0]?.scopes?.split(' ')).toContain('moderator:read:followers');

  const token = pairOf(line).slice('token='.length);
  const { iat, exp, ...claims } = decodeJwt(token);
  expect(claims).toEqual({ userId: user?.id, role: 'viewer', channelId: null, jti: expect.any(String) });
  expect(Number(exp) - Number(iat)).toBe(604_800);
  expect(await api.codeOf({ token }, 'GET', '/streamer/bots')).toEqual([403, 'FORBIDDEN']);
});

test('signing in again is the same person, and a streamer lands on the dashboard', async () => {
  const api = await world();
  const person = api.twitch.addPerson('southfir');
  await signIn(api, 'southfir');
  const { channelId } = await api.streamer();
  await api.pg.query(`update "User" set role = 'streamer', "channelId" = $1 where "twitchUserId" = $2`, [
    channelId,
    person.id,
  ]);
  const answer = await signIn(api, 'southfir');
  expect(answer.headers.location).toBe(`${WEB}/dashboard`);
  expect(await usersOf(api, person.id)).toHaveLength(1);
});

test('two sign-ins of one new person at once make one user', async () => {
  const api = await world();
  const person = api.twitch.addPerson('twofold');
  const answers = await Promise.all([signIn(api, 'twofold'), signIn(api, 'twofold')]);
  expect(answers.map(({ headers }) => headers.location)).toEqual([`${WEB}/`, `${WEB}/`]);
  expect(await usersOf(api, person.id)).toHaveLength(1);
});

test('tokens are sealed in the database when there is a key', async () => {
  const api = await world({ CREDENTIALS_ENCRYPTION_KEY: Buffer.alloc(32, 3).toString('base64') });
  const person = api.twitch.addPerson('sealed');
  await signIn(api, 'sealed');
  const [user] = await usersOf(api, person.id);
  const account = await api.db
    .selectFrom('ExternalAccount')
    .selectAll()
    .where('providerAccountId', '=', person.id)
    .executeTakeFirstOrThrow();
  for (const stored of [user?.twitchAccessToken, user?.twitchRefreshToken, account.accessToken, account.refreshToken]) {
    expect(stored).toMatch(/^sealed\.v1\./);
  }
});

test('named logins become owners, and with self sign-up a streamer gets a channel', async () => {
  const api = await world({ OWNER_TWITCH_LOGINS: 'BigOwner', SELF_SIGNUP: '1' });
  const owner = api.twitch.addPerson('bigowner');
  const fresh = api.twitch.addPerson('freshling');
  await signIn(api, 'bigowner');
  expect((await signIn(api, 'freshling')).headers.location).toBe(`${WEB}/dashboard`);
  expect((await usersOf(api, owner.id))[0]?.role).toBe('admin');
  const [streamer] = await usersOf(api, fresh.id);
  expect(streamer?.role).toBe('streamer');
  const channel = await api.db
    .selectFrom('Channel')
    .selectAll()
    .where('id', '=', streamer?.channelId ?? '')
    .executeTakeFirst();
  expect(channel).toMatchObject({ slug: 'freshling', twitchChannelId: fresh.id });
});

test('a page of ours is returned to, any other address is not', async () => {
  const api = await world();
  api.twitch.addPerson('wanderer');
  for (const [asked, landed] of [
    ['/settings/bot/vk', '/settings/bot/vk'],
    ['//evil.example', '/'],
    ['https://evil.example', '/'],
    ['/\\evil.example', '/'],
    ['/nowhere', '/'],
  ]) {
    const answer = await signIn(
      api,
      'wanderer',
      `?redirect_to=${encodeURIComponent(asked ?? '')}&origin=https://evil.example`,
    );
    expect(answer.headers.location).toBe(`${WEB}${landed}`);
  }
});

test('whoever refuses is sent back with the reason, encoded', async () => {
  const api = await world();
  api.twitch.addPerson('refuser');
  const { path, cookie } = await consent(api, 'refuser', { answer: '&deny=1' });
  const denied = await api.ask(null, 'GET', path, { headers: { cookie } });
  expect(denied.headers.location).toBe(`${WEB}/?error=auth_failed&reason=access_denied`);
  const odd = await api.ask(null, 'GET', '/auth/twitch/callback?error=a%26b%3Dc%0d%0aX');
  expect(odd.headers.location).toBe(`${WEB}/?error=auth_failed&reason=a%26b%3Dc%0D%0AX`);
});

test('a callback needs a code and a state that is known, unused, in time and of this browser', async () => {
  const api = await world();
  api.twitch.addPerson('stately');
  const reasonOf = async (path: string, cookie: string) => {
    const { headers } = await api.ask(null, 'GET', path, { headers: { cookie } });
    expect(headers['set-cookie']?.some((line) => line.startsWith('token='))).not.toBe(true);
    return new URL(headers.location ?? '').searchParams.get('reason');
  };
  expect(await reasonOf('/auth/twitch/callback?state=x', '')).toBe('no_code');
  expect(await reasonOf('/auth/twitch/callback?code=x&state=y', 'oauth_state=y')).toBe('state_not_found');

  const another = await consent(api, 'stately');
  expect(await reasonOf(another.path, '')).toBe('state_not_found');
  expect(await reasonOf(another.path, 'oauth_state=somebody-elses')).toBe('state_not_found');

  const used = await consent(api, 'stately');
  await api.ask(null, 'GET', used.path, { headers: { cookie: used.cookie } });
  expect(await reasonOf(used.path, used.cookie)).toBe('state_already_used');

  const late = await consent(api, 'stately');
  await api.pg.query(`update "OAuthState" set "expiresAt" = timezone('utc', now()) - interval '1 second'`);
  expect(await reasonOf(late.path, late.cookie)).toBe('state_expired');
});

test('of two callbacks with one state at once, one signs in', async () => {
  const api = await world();
  api.twitch.addPerson('racer');
  const { path, cookie } = await consent(api, 'racer');
  const answers = await Promise.all([1, 2].map(() => api.ask(null, 'GET', path, { headers: { cookie } })));
  expect(answers.filter((answer) => cookiesOf(answer).has('token'))).toHaveLength(1);
  const ends = answers.map(({ headers }) => headers.location);
  expect(ends).toContain(`${WEB}/?error=auth_failed&reason=state_already_used`);
});

test('both callback paths are the same, and the provider of the state counts', async () => {
  const api = await world();
  api.twitch.addPerson('pathfinder');
  const { path, cookie } = await consent(api, 'pathfinder');
  const other = path.replace('/auth/twitch/callback', '/auth/kick/link/callback');
  const answer = await api.ask(null, 'GET', other, { headers: { cookie } });
  expect(cookiesOf(answer).has('token')).toBe(true);
});

test('a code the platform does not know is no token; a platform that is down is an exception without inner words', async () => {
  const api = await world();
  api.twitch.addPerson('unlucky');
  const { path, cookie } = await consent(api, 'unlucky');
  const forged = await api.ask(null, 'GET', path.replace(/code=[^&]+/, 'code=forged'), { headers: { cookie } });
  expect(forged.headers.location).toBe(`${WEB}/?error=auth_failed&reason=no_token`);
  const next = await consent(api, 'unlucky');
  await api.twitch.stop();
  const down = await api.ask(null, 'GET', next.path, { headers: { cookie: next.cookie } });
  expect(down.headers.location).toBe(`${WEB}/?error=auth_failed&reason=exception`);
});

test('an account that another user has linked signs nobody in: people are told on a page, scripts in JSON', async () => {
  const api = await world();
  const person = api.twitch.addPerson('linked');
  const owner = await api.streamer();
  await api.pg.query(
    `insert into "ExternalAccount" ("userId", provider, "providerAccountId") values ($1, 'twitch', $2)`,
    [owner.userId, person.id],
  );
  const answer = await signIn(api, 'linked', '?redirect_to=/settings/accounts');
  const expected = `${WEB}/settings/accounts?error=auth_failed&reason=account_already_linked&provider=twitch`;
  expect(answer.headers.location).toBe(expected);
  const { path, cookie } = await consent(api, 'linked');
  const { status, json } = await api.ask(null, 'GET', path, { headers: { cookie, accept: 'application/json' } });
  expect([status, json.errorCode, json.details]).toEqual([
    409,
    'ACCOUNT_ALREADY_LINKED',
    { provider: 'twitch', providerAccountId: person.id },
  ]);
  expect(await usersOf(api, person.id)).toEqual([]);
});

test('whoever signed in before does not take back an account that somebody linked since, such as a bot of theirs', async () => {
  const api = await world();
  const person = api.twitch.addPerson('botty');
  await signIn(api, 'botty');
  const owner = await api.streamer();
  await api.pg.query(`update "ExternalAccount" set "userId" = $1 where "providerAccountId" = $2`, [
    owner.userId,
    person.id,
  ]);
  const answer = await signIn(api, 'botty');
  expect(answer.headers.location).toBe(`${WEB}/?error=auth_failed&reason=account_already_linked&provider=twitch`);
  const accounts = api.db.selectFrom('ExternalAccount').select('userId').where('providerAccountId', '=', person.id);
  expect(await accounts.execute()).toEqual([{ userId: owner.userId }]);
});

test('what cannot sign anybody in says so', async () => {
  const api = await startApiWorld(url, { env: { WEB_URL: WEB } });
  const reasonOf = async (path: string) => {
    const { headers } = await api.ask(null, 'GET', path);
    return new URL(headers.location ?? '').searchParams.get('reason');
  };
  expect(await reasonOf('/auth/twitch')).toBe('no_callback_url');
  expect(await reasonOf('/auth/kick')).toBe('no_client_id');
  expect(await reasonOf('/auth/myspace')).toBe('unsupported_provider');
});

test('production makes the cookie secure; the beta has one of its own, bound to its host', async () => {
  const api = await world({
    NODE_ENV: 'production',
    CREDENTIALS_ENCRYPTION_KEY: Buffer.alloc(32, 3).toString('base64'),
    INSTANCE: 'beta',
    DOMAIN: 'beta.bots.example',
  });
  api.twitch.addPerson('betatester');
  const cookies = cookiesOf(await signIn(api, 'betatester'));
  expect(cookies.has('token')).toBe(false);
  expect(cookies.get('token_beta')?.split('; ')).toEqual(
    expect.arrayContaining(['Secure', 'HttpOnly', 'SameSite=Lax', 'Domain=beta.bots.example']),
  );
});

test('a logout needs no login and clears both cookies, of the host and of the domain', async () => {
  const api = await startApiWorld(url, { env: { DOMAIN: 'bots.example' } });
  const answer = await api.ask(null, 'POST', '/auth/logout');
  expect([answer.status, answer.json]).toEqual([200, { message: expect.any(String) }]);
  const cleared = (answer.headers['set-cookie'] ?? []).map((line) => [
    pairOf(line),
    /Domain=([^;]+)/.exec(line)?.[1] ?? null,
    line.includes('Max-Age=0') || line.includes('Expires=Thu, 01 Jan 1970'),
  ]);
  expect(cleared).toEqual([
    ['token_beta=', null, true],
    ['token_beta=', 'bots.example', true],
    ['token=', null, true],
    ['token=', 'bots.example', true],
  ]);
});
