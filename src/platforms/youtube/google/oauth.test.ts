import { expect, onTestFinished, test } from 'vitest';
import { startYouTubeSimulator } from '../../../../simulators/youtube/simulator.ts';
import { ManualClock } from '../../../../test/support/manual-clock.ts';
import { silentLog } from '../../../../test/support/silent-log.ts';
import { settingsOf } from '../../../../test/support/youtube-world.ts';
import { createHttpClient } from '../../../lib/http.ts';
import { createOAuth } from './oauth.ts';

const REDIRECT = 'http://localhost:3001/auth/youtube/link/callback';

async function world() {
  const clock = new ManualClock();
  const sim = await startYouTubeSimulator({ limits: 'off', clock });
  onTestFinished(() => sim.stop());
  const settings = settingsOf({ ...sim.env(), YOUTUBE_CALLBACK_URL: REDIRECT });
  const deps = { settings, clock, http: createHttpClient(2000), log: silentLog(), random: () => 0.5 };
  const tokenCalls = () => sim.calls.filter(({ path }) => path === '/token').length;
  return { sim, deps, oauth: createOAuth(deps), tokenCalls };
}

/** What Google redirects to once the person consented. */
async function consent(url: string): Promise<URLSearchParams> {
  const answer = await fetch(url, { redirect: 'manual' });
  return new URL(answer.headers.get('location') ?? '').searchParams;
}

test('the consent page is asked for a grant that can be renewed, for exactly the scopes, with the state', async () => {
  const { oauth, sim } = await world();
  const url = new URL(oauth.authorizeUrl({ state: 's & s', scopes: oauth.scopes.bot, codeChallenge: 'c4' }));
  expect(`${url.origin}${url.pathname}`).toBe(sim.urls.auth);
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    client_id: sim.application.id,
    redirect_uri: REDIRECT,
    response_type: 'code',
    scope: 'https://www.googleapis.com/auth/youtube.force-ssl openid email profile',
    access_type: 'offline',
    prompt: 'consent',
    include_granted_scopes: 'true',
    state: 's & s',
    code_challenge: 'c4',
    code_challenge_method: 'S256',
  });
  expect(oauth.missingSettings()).toEqual([]);
});

test('a code with its proof becomes tokens; used twice it is refused', async () => {
  const { oauth, sim } = await world();
  sim.addChannel('northpine');
  sim.autoConsent('northpine');
  const verifier = 'a'.repeat(64);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  const codeChallenge = Buffer.from(digest).toString('base64url');
  const answer = await consent(oauth.authorizeUrl({ state: 'st', scopes: oauth.scopes.streamer, codeChallenge }));
  expect(answer.get('state')).toBe('st');
  const code = answer.get('code') ?? '';
  const tokens = await oauth.exchangeCode(code, verifier);
  expect(tokens).toEqual({
    accessToken: expect.any(String),
    refreshToken: expect.any(String),
    expiresInSeconds: expect.any(Number),
    scopes: expect.arrayContaining(['https://www.googleapis.com/auth/youtube.readonly']),
    grantEndsInSeconds: null,
  });
  await expect(oauth.exchangeCode(code, verifier)).rejects.toMatchObject({
    name: 'PlatformRefused',
    code: 'invalid_grant',
  });

  const channel = sim.channel('northpine');
  expect(await oauth.identify(tokens.accessToken)).toMatchObject({
    platformUserId: channel.ownerId,
    login: channel.id,
    profileUrl: `https://www.youtube.com/channel/${channel.id}`,
  });
  await oauth.revoke(tokens.accessToken);
  expect(await oauth.refresh(tokens.refreshToken ?? '')).toEqual({ kind: 'dead', reason: 'invalid_grant' });
});

test('a refresh makes one request, whatever is answered, and only a dead grant is called dead', async () => {
  const { oauth, sim, tokenCalls } = await world();
  sim.addChannel('northpine');
  const { refresh } = sim.issueToken('northpine', [...oauth.scopes.streamer]);
  const outcome = await oauth.refresh(refresh ?? '');
  expect(outcome).toMatchObject({
    kind: 'refreshed',
    tokens: { refreshToken: null, expiresInSeconds: expect.any(Number) },
  });
  expect(tokenCalls()).toBe(1);
  for (const status of [408, 429, 500, 503]) {
    sim.faults.http({ kind: 'answer', status, body: 'busy', path: '/token', times: 1 });
    expect(await oauth.refresh(refresh ?? '')).toEqual({ kind: 'unavailable', reason: `token_endpoint_${status}` });
  }
  expect(tokenCalls()).toBe(5);
  const refuse = (status: number, error: string) =>
    sim.faults.http({ kind: 'answer', status, body: { error, error_description: 'no' }, path: '/token', times: 1 });
  refuse(401, 'invalid_client');
  expect(await oauth.refresh(refresh ?? '')).toEqual({ kind: 'unavailable', reason: 'client_refused' });
  refuse(400, 'invalid_grant');
  expect(await oauth.refresh(refresh ?? '')).toEqual({ kind: 'dead', reason: 'invalid_grant' });
  sim.faults.http({ kind: 'cut', path: '/token', times: 1 });
  expect(await oauth.refresh(refresh ?? '')).toEqual({ kind: 'unavailable', reason: 'unreachable' });
});

test('a token tells what it may and whose it is; an account without a channel has no name in chat', async () => {
  const { oauth, sim } = await world();
  const person = sim.addPerson('nobody');
  const { access } = sim.issueToken('nobody', [...oauth.scopes.streamer]);
  expect(await oauth.inspect(access)).toEqual({ scopes: [...oauth.scopes.streamer], subject: person.id });
  expect(await oauth.identify(access)).toMatchObject({ platformUserId: person.id, login: null, profileUrl: null });
  await expect(oauth.inspect('no such token')).rejects.toMatchObject({ name: 'PlatformRefused', status: 400 });
});
