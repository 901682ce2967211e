import { expect, test } from 'vitest';
import { STREAMER, simulatedVkVideo, vkvideoDeps } from '../../../test/support/vkvideo-world.ts';
import { PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import { createOAuth } from './oauth.ts';

const SCOPES = ['chat:message:send', 'channel:roles'];

async function world(env: Readonly<Record<string, string>> = {}) {
  const sim = await simulatedVkVideo();
  return { sim, oauth: createOAuth(vkvideoDeps({ ...sim.env(), ...env })) };
}

/** Consents as the streamer. @returns the code VK sends back with */
async function consent({ sim, oauth }: Awaited<ReturnType<typeof world>>): Promise<string> {
  sim.autoConsent(STREAMER);
  const response = await fetch(oauth.authorizeUrl({ state: 'st', scopes: SCOPES, codeChallenge: 'challenge' }), {
    redirect: 'manual',
  });
  return new URL(response.headers.get('location') ?? '').searchParams.get('code') ?? '';
}

test('a consent becomes tokens that work, are refreshed with the same redirect, and rotate', async () => {
  const given = await world();
  const { sim, oauth } = given;
  const tokens = await oauth.exchangeCode(await consent(given), 'verifier');
  expect(await oauth.identify(tokens.accessToken)).toMatchObject({
    platformUserId: sim.person(STREAMER).id,
    login: STREAMER,
    displayName: STREAMER,
    profileUrl: `https://live.vkvideo.ru/${STREAMER}`,
  });
  const first = await oauth.refresh(tokens.refreshToken ?? '');
  expect(first.kind).toBe('refreshed');
  // The one that was used is worth nothing any more.
  expect(await oauth.refresh(tokens.refreshToken ?? '')).toEqual({ kind: 'dead', reason: 'invalid_grant' });
  const rotated = first.kind === 'refreshed' ? first.tokens.refreshToken : null;
  expect(rotated).not.toBe(tokens.refreshToken);
  expect((await oauth.refresh(rotated ?? '')).kind).toBe('refreshed');
});

test('the consent page is asked with commas between scopes', async () => {
  const { oauth, sim } = await world();
  const url = new URL(oauth.authorizeUrl({ state: 'st', scopes: SCOPES, codeChallenge: 'abc' }));
  expect(Object.fromEntries(url.searchParams)).toEqual({
    response_type: 'code',
    client_id: sim.application.id,
    redirect_uri: sim.env().VKVIDEO_CALLBACK_URL,
    state: 'st',
    scope: 'chat:message:send,channel:roles',
    code_challenge: 'abc',
    code_challenge_method: 'S256',
  });
});

test('a life of tokens that no calendar holds is as good as untold', async () => {
  const { sim, oauth } = await world();
  for (const [expires_in, expected] of [
    ['3600', 3600],
    [1e300, null],
    [-5, null],
    ['soon', null],
  ] as const) {
    const body = { access_token: 'at', refresh_token: 'rt', expires_in };
    sim.faults.http({ kind: 'answer', status: 200, path: '/oauth/server/token', times: 1, body });
    expect(await oauth.refresh('any')).toMatchObject({ tokens: { expiresInSeconds: expected, refreshToken: 'rt' } });
  }
});

test('a code that was used, and one that never was, are refused', async () => {
  const given = await world();
  const code = await consent(given);
  await given.oauth.exchangeCode(code, null);
  await expect(given.oauth.exchangeCode(code, null)).rejects.toThrow(PlatformRefused);
  await expect(given.oauth.exchangeCode('made up', null)).rejects.toThrow(PlatformRefused);
});

test("a withdrawn grant is dead; a wrong secret, an outage and a page of a proxy are nobody's death", async () => {
  const { sim, oauth } = await world();
  const { refresh } = sim.issueToken(STREAMER);
  const wrongSecret = createOAuth(vkvideoDeps({ ...sim.env(), VKVIDEO_CLIENT_SECRET: 'wrong' }));
  expect(await wrongSecret.refresh(refresh ?? '')).toEqual({ kind: 'unavailable', reason: 'client_refused' });
  for (const body of ['<html>', '']) {
    sim.faults.http({ kind: 'answer', status: 200, path: '/oauth/server/token', body, times: 1 });
    expect(await oauth.refresh(refresh ?? '')).toMatchObject({ kind: 'unavailable' });
  }
  sim.faults.http({ kind: 'answer', status: 502, path: '/oauth/server/token', times: 2 });
  expect(await oauth.refresh(refresh ?? '')).toEqual({ kind: 'unavailable', reason: 'token_endpoint_502' });
  await expect(oauth.exchangeCode('code', null)).rejects.toThrow(PlatformUnreachable);
  sim.faults.http({ kind: 'cut', path: '/oauth/server/token', times: 1 });
  expect(await oauth.refresh(refresh ?? '')).toEqual({ kind: 'unavailable', reason: 'unreachable' });

  sim.faults.revokeGrant(STREAMER);
  expect(await oauth.refresh(refresh ?? '')).toEqual({ kind: 'dead', reason: 'invalid_grant' });
});

test('a revoked token asks for nothing any more, and revoking never throws', async () => {
  const { sim, oauth } = await world();
  const { access } = sim.issueToken(STREAMER);
  await oauth.revoke(access);
  await expect(oauth.identify(access)).rejects.toThrow(PlatformRefused);
  await sim.stop();
  await oauth.revoke(access);
});

test('what linking needs is named; a bot always asks for the right to write', async () => {
  const bare = createOAuth(vkvideoDeps({}));
  expect(bare.missingSettings()).toEqual([
    'VKVIDEO_CLIENT_ID',
    'VKVIDEO_CLIENT_SECRET',
    'VKVIDEO_AUTHORIZE_URL',
    'VKVIDEO_TOKEN_URL',
    'VKVIDEO_CALLBACK_URL',
  ]);
  expect(bare.scopes).toEqual({ streamer: [], bot: ['chat:message:send'] });
  expect(await bare.refresh('rt')).toEqual({ kind: 'unavailable', reason: 'token_url_not_configured' });
  const { scopes } = createOAuth(vkvideoDeps({ VKVIDEO_SCOPES: 'channel:roles, channel:points' }));
  expect(scopes.streamer).toEqual(['channel:roles', 'channel:points']);
  expect(scopes.bot).toEqual(['channel:roles', 'channel:points', 'chat:message:send']);
});
