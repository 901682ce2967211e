import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { kickDeps, simulatedKick } from '../../../test/support/kick-world.ts';
import { systemClock } from '../../lib/clock.ts';
import { tokenAnswer } from './oauth.external.ts';
import { createOAuth } from './oauth.ts';

const VERIFIER = 'a-verifier-that-is-long-enough-to-be-one-of-rfc-7636';
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');
const TOKEN = '/oauth/token';

async function world(env: Record<string, string> = {}) {
  const sim = await simulatedKick();
  sim.addPerson({ login: 'northpine', displayName: 'Northpine' });
  const oauth = createOAuth(kickDeps({ ...sim.env(), ...env }, systemClock));
  const consent = async () => {
    sim.autoConsent('northpine');
    const address = oauth.authorizeUrl({ state: 's1', scopes: oauth.scopes.streamer, codeChallenge: CHALLENGE });
    const answer = await fetch(address, { redirect: 'manual' });
    const target = new URL(answer.headers.get('location') ?? '', address);
    return {
      status: answer.status,
      code: target.searchParams.get('code') ?? '',
      state: target.searchParams.get('state'),
    };
  };
  return { sim, oauth, consent };
}

test('a streamer links: consent with PKCE, the code for tokens, and who they are', async () => {
  const { oauth, consent } = await world();
  expect(oauth.usesPkce).toBe(true);
  expect(oauth.missingSettings()).toEqual([]);
  const { code, state } = await consent();
  expect(state).toBe('s1');
  const tokens = await oauth.exchangeCode(code, VERIFIER);
  expect(tokens).toMatchObject({ expiresInSeconds: 7200, scopes: ['user:read', 'channel:read', 'events:subscribe'] });
  expect(await oauth.identify(tokens.accessToken)).toMatchObject({ login: 'northpine', displayName: 'Northpine' });
  expect(await oauth.validate?.(tokens.accessToken)).toBe('valid');
  await expect(oauth.exchangeCode(code, VERIFIER)).rejects.toMatchObject({ name: 'PlatformRefused' });
});

test('a code without its verifier is worth nothing', async () => {
  const { oauth, consent } = await world();
  const { code } = await consent();
  await expect(oauth.exchangeCode(code, 'another')).rejects.toMatchObject({ name: 'PlatformRefused' });
});

test('a token is renewed, also with the refresh token of before when the answer was lost', async () => {
  const { sim, oauth } = await world();
  const { refresh } = sim.issueToken('northpine', ['user:read']);
  sim.faults.http({ kind: 'cut', path: TOKEN, times: 1 });
  expect(await oauth.refresh(refresh ?? '')).toEqual({ kind: 'unavailable', reason: 'unreachable' });
  const renewed = await oauth.refresh(refresh ?? '');
  expect(renewed).toMatchObject({ kind: 'refreshed', tokens: { expiresInSeconds: 7200, scopes: ['user:read'] } });
});

test('only what Kick calls an invalid grant is the end of it, whatever the status; our own mistakes are not', async () => {
  const { sim, oauth } = await world();
  const { refresh } = sim.issueToken('northpine', ['user:read']);
  const outcome = async (status: number, body: unknown) => {
    sim.faults.http({ kind: 'answer', status, body, path: TOKEN, times: 1 });
    return oauth.refresh(refresh ?? '');
  };
  for (const status of [400, 401, 403]) {
    expect(await outcome(status, { error: 'invalid_grant' })).toEqual({ kind: 'dead', reason: 'invalid_grant' });
  }
  expect(await outcome(401, { error: 'invalid_client' })).toEqual({ kind: 'unavailable', reason: 'client_refused' });
  for (const [status, body] of [
    [400, { error: 'Invalid request' }],
    [403, '<html>blocked</html>'],
    [429, {}],
    [500, 'oops'],
    [200, 'a page of a proxy'],
  ] as const) {
    expect(await outcome(status, body)).toEqual({ kind: 'unavailable', reason: `token_endpoint_${status}` });
  }
  sim.faults.disconnect('northpine');
  expect(await oauth.refresh(refresh ?? '')).toEqual({ kind: 'dead', reason: 'invalid_grant' });
});

test('a revoked token is dead', async () => {
  const { sim, oauth } = await world();
  const { access } = sim.issueToken('northpine', ['user:read']);
  await oauth.revoke(access);
  expect(await oauth.validate?.(access)).toBe('dead');
  await expect(oauth.identify(access)).rejects.toMatchObject({ name: 'PlatformRefused' });
  await sim.faults.refuse();
  await oauth.revoke(access);
  expect(await oauth.validate?.(access)).toBe('unknown');
});

test('the life of a token is a number, a text, or nothing at all', () => {
  const life = (given: unknown) => tokenAnswer.parse({ access_token: 'a', expires_in: given }).expires_in;
  expect([life(7200), life('7200'), life(''), life(undefined), life(0), life(null)]).toEqual([
    7200,
    7200,
    null,
    undefined,
    null,
    null,
  ]);
});

test('scopes may be parted by spaces, commas or pluses; a bot asks for the streamers’ when it has none of its own', async () => {
  const given = await world({ KICK_SCOPES: 'user:read,channel:read+events:subscribe', KICK_BOT_SCOPES: '' });
  expect(given.oauth.scopes.streamer).toEqual(['user:read', 'channel:read', 'events:subscribe']);
  expect(given.oauth.scopes.bot).toEqual(given.oauth.scopes.streamer);
  const none = await world({ KICK_SCOPES: '', KICK_BOT_SCOPES: '' });
  expect(none.oauth.scopes.bot).toEqual(['user:read', 'chat:write']);
});

test('whatever linking needs and is not set is named', () => {
  const oauth = createOAuth(kickDeps({ KICK_CLIENT_ID: 'id' }, systemClock));
  expect(oauth.missingSettings()).toEqual([
    'KICK_CLIENT_SECRET',
    'KICK_CALLBACK_URL',
    'KICK_AUTHORIZE_URL',
    'KICK_TOKEN_URL',
    'KICK_REFRESH_URL',
    'KICK_USERINFO_URL',
  ]);
});
