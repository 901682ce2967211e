import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { simulatedTrovo, trovoDeps } from '../../../test/support/trovo-world.ts';
import { createOAuth } from './oauth.ts';

const REDIRECT = 'http://127.0.0.1:3001/auth/trovo/link/callback';

async function linking(env: Readonly<Record<string, string>> = {}) {
  const clock = new ManualClock();
  const sim = await simulatedTrovo({ clock });
  const deps = trovoDeps({ ...sim.env(), TROVO_CALLBACK_URL: REDIRECT, ...env });
  const oauth = createOAuth(deps);
  return {
    sim,
    oauth,
    /** What the login page sends back after a yes. */
    async code(person: string, scopes: readonly string[]): Promise<string> {
      sim.autoConsent(sim.addPerson(person));
      const url = oauth.authorizeUrl({ state: 's', scopes, codeChallenge: null });
      const answer = await fetch(url, { redirect: 'manual' });
      return new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? '';
    },
  };
}

test('scopes are joined by a plus that no encoding has touched', async () => {
  const { oauth } = await linking();
  const url = oauth.authorizeUrl({ state: 's', scopes: ['chat_connect', 'chat_send_self'], codeChallenge: null });
  expect(url).toContain('scope=chat_connect+chat_send_self');
  expect(url).toContain(`redirect_uri=${encodeURIComponent(REDIRECT)}`);
});

test('configured scopes win, in every notation; a bot falls back to the scopes of streamers', async () => {
  const asked = (env: Readonly<Record<string, string>>) => createOAuth(trovoDeps(env)).scopes;
  expect(asked({})).toEqual({
    streamer: ['user_details_self', 'chat_connect', 'send_to_my_channel'],
    bot: ['user_details_self', 'chat_send_self'],
  });
  expect(asked({ TROVO_SCOPES: 'a+b, c  d' })).toEqual({ streamer: ['a', 'b', 'c', 'd'], bot: ['a', 'b', 'c', 'd'] });
  expect(asked({ TROVO_BOT_SCOPES: 'x' }).bot).toEqual(['x']);
});

test('a code becomes tokens whose life is read as text and as number, with the scopes that were granted', async () => {
  const { sim, oauth, code } = await linking();
  for (const form of ['string', 'number'] as const) {
    sim.setExpiresInAs(form);
    const tokens = await oauth.exchangeCode(await code('northpine', ['chat_connect', 'send_to_my_channel']), null);
    expect(tokens).toMatchObject({ expiresInSeconds: 14_400, scopes: ['chat_connect', 'send_to_my_channel'] });
    expect(tokens.accessToken).not.toBe('');
    expect(tokens.refreshToken).toEqual(expect.any(String));
  }
});

test('a used code is refused; an outage is no refusal', async () => {
  const { sim, oauth, code } = await linking();
  const used = await code('northpine', ['chat_connect']);
  await oauth.exchangeCode(used, null);
  await expect(oauth.exchangeCode(used, null)).rejects.toMatchObject({ name: 'PlatformRefused' });
  sim.faults.http({ kind: 'answer', status: 503, path: '/openplatform/exchangetoken' });
  await expect(oauth.exchangeCode('another', null)).rejects.toMatchObject({ name: 'PlatformUnreachable' });
});

test('an account is known by the id its chat lines carry', async () => {
  const { sim, oauth, code } = await linking();
  const { id } = sim.addPerson({ login: 'mira_k', displayName: 'Mira K' });
  const { accessToken } = await oauth.exchangeCode(await code('mira_k', ['user_details_self']), null);
  expect(await oauth.identify(accessToken)).toMatchObject({
    platformUserId: id,
    login: 'mira_k',
    displayName: 'Mira K',
    profileUrl: null,
  });
  await expect(oauth.identify('not a token')).rejects.toMatchObject({ name: 'PlatformRefused' });
});

test('a refresh brings new tokens, and a dead grant is told apart from everything that may pass', async () => {
  const { sim, oauth } = await linking();
  sim.addPerson('northpine');
  const { refresh } = sim.issueToken('northpine', ['chat_connect']);
  const first = await oauth.refresh(refresh);
  expect(first).toMatchObject({ kind: 'refreshed', tokens: { expiresInSeconds: 14_400 } });
  // The one before keeps working.
  expect(await oauth.refresh(refresh)).toMatchObject({ kind: 'refreshed' });

  const refused = async (body: unknown, status = 400) => {
    sim.faults.http({ kind: 'answer', status, body, path: '/openplatform/refreshtoken', times: 1 });
    return oauth.refresh(refresh);
  };
  expect(await refused({ status: 11718 })).toEqual({ kind: 'unavailable', reason: 'too_many_tokens' });
  expect(await refused({ status: 11706 })).toEqual({ kind: 'unavailable', reason: 'rate_limited' });
  expect(await refused({ status: 11717 })).toEqual({ kind: 'unavailable', reason: 'client_refused' });
  expect(await refused('<html>', 502)).toEqual({ kind: 'unavailable', reason: 'token_endpoint_502' });
  expect(await refused({}, 200)).toEqual({ kind: 'unavailable', reason: 'token_endpoint_200' });

  sim.faults.expireRefreshTokens('northpine');
  expect(await oauth.refresh(refresh)).toEqual({ kind: 'dead', reason: 'invalid_grant' });
  expect(await oauth.refresh('never issued')).toEqual({ kind: 'dead', reason: 'invalid_grant' });
  await sim.faults.refuse();
  expect(await oauth.refresh(refresh)).toEqual({ kind: 'unavailable', reason: 'unreachable' });
});

test('a life of tokens that no calendar holds, and scopes nobody can read, cost no new token', async () => {
  const { sim, oauth } = await linking();
  for (const [expires_in, expected] of [
    ['14400', 14_400],
    ['1e300', null],
    [-5, null],
  ] as const) {
    const body = { access_token: 'at', refresh_token: 'rt', expires_in, scope: { odd: true } };
    sim.faults.http({ kind: 'answer', status: 200, body, path: '/openplatform/refreshtoken', times: 1 });
    const tokens = { accessToken: 'at', refreshToken: 'rt', expiresInSeconds: expected, scopes: null };
    expect(await oauth.refresh('any')).toMatchObject({ kind: 'refreshed', tokens });
  }
});

test('a wrong secret of ours declares no account dead', async () => {
  const { sim, oauth } = await linking({ TROVO_CLIENT_SECRET: 'wrong' });
  sim.addPerson('northpine');
  const { refresh } = sim.issueToken('northpine', ['chat_connect']);
  expect(await oauth.refresh(refresh)).toEqual({ kind: 'unavailable', reason: 'client_refused' });
});

test('validate tells a living token from a dead one, and a revoked one is dead', async () => {
  const { sim, oauth } = await linking();
  sim.addPerson('northpine');
  const { access } = sim.issueToken('northpine', ['chat_connect']);
  expect(await oauth.validate?.(access)).toBe('valid');
  await oauth.revoke(access);
  expect(await oauth.validate?.(access)).toBe('dead');
  await sim.faults.refuse();
  expect(await oauth.validate?.(access)).toBe('unknown');
  await oauth.revoke(access);
});

test('linking says which variables it lacks', () => {
  expect(createOAuth(trovoDeps({})).missingSettings()).toEqual([
    'TROVO_CLIENT_ID',
    'TROVO_CLIENT_SECRET',
    'TROVO_CALLBACK_URL',
  ]);
});
