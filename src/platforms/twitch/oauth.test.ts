import { expect, test } from 'vitest';
import { ScriptedTwitchApi } from '../../../test/support/scripted-twitch-api.ts';
import { twitchDeps } from '../../../test/support/twitch-api-world.ts';
import { createHelix } from './helix/client.ts';
import { findUser } from './helix/users.ts';
import { createOAuth } from './oauth.ts';

const TOKEN = 'POST /oauth2/token';
const REDIRECT = 'http://localhost:3001/auth/twitch/callback';

async function world() {
  const twitch = await ScriptedTwitchApi.start();
  const deps = twitchDeps(twitch, { TWITCH_CALLBACK_URL: REDIRECT });
  return { twitch, deps, oauth: createOAuth(deps), helix: createHelix(deps, deps.settings as never) };
}

test('the consent page is asked for exactly the scopes, with the state, at the configured address', async () => {
  const { oauth, twitch } = await world();
  const url = new URL(oauth.authorizeUrl({ state: 's & s', scopes: oauth.scopes.bot, codeChallenge: null }));
  expect(`${url.origin}${url.pathname}`).toBe(`${twitch.url}/oauth2/authorize`);
  expect(Object.fromEntries(url.searchParams)).toEqual({
    response_type: 'code',
    client_id: 'cid',
    redirect_uri: REDIRECT,
    scope: 'chat:read chat:edit user:read:chat user:write:chat user:bot',
    state: 's & s',
  });
  expect(oauth.scopes.streamer).toEqual(expect.arrayContaining(['moderator:read:followers', 'channel:bot']));
  expect(oauth.missingSettings()).toEqual([]);
  const unset = twitchDeps(twitch);
  expect(createOAuth(unset).missingSettings()).toEqual(['TWITCH_CALLBACK_URL']);
});

test('a code becomes tokens; a refused one is told apart from a silent Twitch', async () => {
  const { oauth, twitch } = await world();
  expect(await oauth.exchangeCode('c0de', null)).toEqual({
    accessToken: 'ua-2',
    refreshToken: 'rt-2',
    expiresInSeconds: 14_000,
    scopes: ['a'],
  });
  expect(twitch.called(TOKEN)[0]?.body).toEqual({
    client_id: 'cid',
    client_secret: 'shh',
    code: 'c0de',
    grant_type: 'authorization_code',
    redirect_uri: REDIRECT,
  });
  twitch.scripts.set(TOKEN, { status: 400, body: { status: 400, message: 'Invalid authorization code' } });
  await expect(oauth.exchangeCode('used', null)).rejects.toMatchObject({ name: 'PlatformRefused' });
  twitch.scripts.set(TOKEN, { status: 503 });
  await expect(oauth.exchangeCode('c0de', null)).rejects.toMatchObject({ name: 'PlatformUnreachable' });
});

test('a refresh ends an account only when Twitch says that its grant is dead', async () => {
  const { oauth, twitch } = await world();
  expect(await oauth.refresh('rt-1')).toMatchObject({ kind: 'refreshed', tokens: { refreshToken: 'rt-2' } });
  const outcomeOf = async (status: number | 'hang up', message: string) => {
    twitch.scripts.set(TOKEN, { status, body: { status, message } });
    return (await oauth.refresh('rt-1')).kind;
  };
  expect(await outcomeOf(400, 'Invalid refresh token')).toBe('dead');
  expect(await outcomeOf(401, 'unauthorized')).toBe('dead');
  expect(await outcomeOf(400, 'invalid client')).toBe('unavailable');
  expect(await outcomeOf(403, 'invalid client secret')).toBe('unavailable');
  expect(await outcomeOf(429, 'slow down')).toBe('unavailable');
  expect(await outcomeOf(500, 'oops')).toBe('unavailable');
  expect(await outcomeOf('hang up', '')).toBe('unavailable');
});

test('a token described as living 0 s has no known end', async () => {
  const { oauth, twitch } = await world();
  twitch.scripts.set(TOKEN, { status: 200, body: { access_token: 'ua-9', expires_in: 0 } });
  expect(await oauth.refresh('rt-1')).toMatchObject({
    kind: 'refreshed',
    tokens: { accessToken: 'ua-9', refreshToken: null, expiresInSeconds: null, scopes: null },
  });
});

test('validation says dead only for a 401; revoking never throws', async () => {
  const { oauth, twitch } = await world();
  expect(await oauth.validate?.('good')).toBe('valid');
  twitch.deadTokens.add('bad');
  expect(await oauth.validate?.('bad')).toBe('dead');
  await oauth.revoke('good');
  twitch.scripts.set('GET /oauth2/validate', { status: 500 });
  expect(await oauth.validate?.('bad')).toBe('unknown');
  await twitch.stop();
  expect(await oauth.validate?.('bad')).toBe('unknown');
  await oauth.revoke('good');
});

test('a token tells whose it is', async () => {
  const { oauth, twitch } = await world();
  twitch.users.set('7702', 'HelperBot');
  expect(await oauth.identify('good')).toEqual({
    platformUserId: '7702',
    login: 'helperbot',
    displayName: 'HelperBot',
    avatarUrl: null,
    profileUrl: 'https://www.twitch.tv/helperbot',
  });
  twitch.deadTokens.add('bad');
  await expect(oauth.identify('bad')).rejects.toMatchObject({ name: 'PlatformRefused', status: 401 });
});

test('fifty callers share one app token; a refused or old one is replaced, and a dead application is not hammered', async () => {
  const { helix, twitch, deps } = await world();
  twitch.users.set('1', 'one');
  const logins = await Promise.all(Array.from({ length: 50 }, () => findUser(helix, '1')));
  expect(logins.map((user) => user?.login)).toEqual(Array(50).fill('one'));
  expect(twitch.appTokens).toBe(1);

  twitch.deadTokens.add('app-1');
  expect((await findUser(helix, '1'))?.login).toBe('one');
  expect(twitch.appTokens).toBe(2);

  await deps.clock.advance(5_000_000 * 1000);
  await findUser(helix, '1');
  expect(twitch.appTokens).toBe(3);

  for (const token of ['app-3', 'app-4']) twitch.deadTokens.add(token);
  await expect(findUser(helix, '1')).rejects.toMatchObject({ name: 'PlatformRefused', status: 401 });
  expect(twitch.appTokens).toBe(4);
});
