/** Clients that know nothing of us take the simulator for YouTube. */
import type { Readable } from 'node:stream';
import { youtube } from '@googleapis/youtube';
import { CodeChallengeMethod, OAuth2Client } from 'google-auth-library';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { BareStream, bearer, READ, simulator, TEXT, until, WRITE } from '../../test/support/youtube-simulator.ts';
import type { YouTubeSimulator } from './simulator.ts';

const REDIRECT = 'http://127.0.0.1:9/callback';

function authOf(sim: YouTubeSimulator): OAuth2Client {
  return new OAuth2Client({
    clientId: sim.application.id,
    clientSecret: sim.application.secret,
    redirectUri: REDIRECT,
    endpoints: {
      oauth2AuthBaseUrl: sim.urls.auth,
      oauth2TokenUrl: sim.urls.token,
      oauth2RevokeUrl: `${sim.urls.api}/revoke`,
      tokenInfoUrl: `${sim.urls.api}/tokeninfo`,
      oauth2FederatedSignonJwkCertsUrl: `${sim.urls.api}/oauth2/v3/certs`,
      oauth2FederatedSignonPemCertsUrl: `${sim.urls.api}/oauth2/v3/certs`,
      oauth2IapPublicKeyUrl: sim.urls.api,
    },
  });
}

function apiOf(sim: YouTubeSimulator, auth: OAuth2Client | string) {
  return youtube({ version: 'v3', auth, rootUrl: sim.urls.api, retry: false });
}

async function consent(url: string): Promise<URLSearchParams> {
  const response = await fetch(url, { redirect: 'manual' });
  return new URL(response.headers.get('location') ?? '').searchParams;
}

test('unmodified google-auth-library links an account with PKCE, refreshes before expiry, inspects and revokes', async () => {
  const sim = await simulator();
  const channel = sim.addChannel('northpine');
  const auth = authOf(sim);
  const { codeVerifier, codeChallenge } = await auth.generateCodeVerifierAsync();
  const url = auth.generateAuthUrl({
    access_type: 'offline',
    prompt: 'consent',
    scope: [READ, 'openid'],
    state: 'st-1',
    code_challenge_method: CodeChallengeMethod.S256,
    code_challenge: codeChallenge ?? '',
  });
  const given = await consent(`${url}&as=northpine`);
  expect(given.get('state')).toBe('st-1');

  const { tokens } = await auth.getToken({ code: given.get('code') ?? '', codeVerifier });

  expect(tokens).toMatchObject({ token_type: 'Bearer', scope: `${READ} openid`, refresh_token: expect.any(String) });
  const info = await auth.getTokenInfo(tokens.access_token ?? '');
  expect(info).toMatchObject({ aud: sim.application.id, sub: channel.ownerId, scopes: [READ, 'openid'] });
  auth.setCredentials({ ...tokens, expiry_date: Date.now() + 60_000 });
  const renewed: unknown[] = [];
  auth.on('tokens', (each) => renewed.push(each));
  const mine = await apiOf(sim, auth).channels.list({ part: ['id', 'snippet'], mine: true });
  expect(mine.data.items).toMatchObject([{ id: channel.id, snippet: { customUrl: '@northpine' } }]);
  expect(renewed).toHaveLength(1);
  expect(sim.tokensRefreshed).toBe(1);

  await auth.revokeToken(tokens.refresh_token ?? '');
  await expect(auth.refreshAccessToken()).rejects.toMatchObject({ response: { data: { error: 'invalid_grant' } } });
});

test('unmodified google-auth-library verifies the id token, and sees a denied consent', async () => {
  const sim = await simulator();
  const { ownerId } = sim.addChannel('northpine');
  const auth = authOf(sim);
  const url = auth.generateAuthUrl({ access_type: 'offline', scope: ['openid', 'email'] });
  const denied = await consent(`${url}&deny=1`);
  expect([denied.get('error'), denied.get('code')]).toEqual(['access_denied', null]);
  const { tokens } = await auth.getToken((await consent(`${url}&as=northpine`)).get('code') ?? '');
  const idToken = tokens.id_token ?? '';
  const keys = createRemoteJWKSet(new URL(`${sim.urls.api}/oauth2/v3/certs`));
  const { payload } = await jwtVerify(idToken, keys, { audience: sim.application.id });
  expect(payload).toMatchObject({ sub: ownerId, email: 'northpine@example.com' });
});

test('the unmodified Google client finds the broadcast, pages through the chat, writes and deletes', async () => {
  const sim = await simulator({ limits: { enforcePolling: 0 } });
  sim.addChannel('northpine');
  const { id, chat } = sim.startBroadcast('northpine', { title: 'demo' });
  const auth = authOf(sim);
  const { access, expiresAtMs } = sim.issueToken('northpine', [WRITE]);
  auth.setCredentials({ access_token: access, expiry_date: expiresAtMs });
  const api = apiOf(sim, auth);

  const found = await api.liveBroadcasts.list({
    part: ['id', 'snippet', 'status'],
    broadcastStatus: 'active',
    broadcastType: 'all',
  });
  expect(found.data.items).toMatchObject([
    { id, snippet: { liveChatId: chat.id }, status: { lifeCycleStatus: 'live' } },
  ]);
  const video = await apiOf(sim, sim.apiKey).videos.list({ part: ['liveStreamingDetails'], id: [id] });
  expect(video.data.items?.[0]?.liveStreamingDetails?.activeLiveChatId).toBe(chat.id);

  sim.say('northpine', 'mira_k', 'привет 👋', { isChatModerator: true });
  const part = ['id', 'snippet', 'authorDetails'];
  const first = await api.liveChatMessages.list({ liveChatId: chat.id, part, maxResults: 200 });
  expect(first.data.items).toMatchObject([
    { snippet: { displayMessage: 'привет 👋' }, authorDetails: { displayName: 'mira_k', isChatModerator: true } },
  ]);
  const sent = await api.liveChatMessages.insert({
    part: ['snippet'],
    requestBody: {
      snippet: { liveChatId: chat.id, type: 'textMessageEvent', textMessageDetails: { messageText: 'hello' } },
    },
  });
  const next = { liveChatId: chat.id, part, pageToken: first.data.nextPageToken ?? '' };
  const second = await api.liveChatMessages.list(next);
  expect(second.data.items?.map((item) => item.id)).toEqual([sent.data.id]);
  expect((await api.liveChatMessages.delete({ id: sent.data.id ?? '' })).status).toBe(204);
  sim.broadcasts.endChat(sim.broadcast('northpine'));
  await api.liveChatMessages.list(next);
  await expect(api.liveChatMessages.list({ liveChatId: chat.id, part })).rejects.toMatchObject({
    status: 403,
    response: { data: { error: { errors: [{ reason: 'liveChatEnded' }] } } },
  });
});

test('the unmodified Google client streams the chat over HTTP and can leave', async () => {
  const sim = await simulator();
  sim.addChannel('northpine');
  const { chat } = sim.startBroadcast('northpine');
  const auth = authOf(sim);
  const { access, expiresAtMs } = sim.issueToken('northpine', [READ]);
  auth.setCredentials({ access_token: access, expiry_date: expiresAtMs });
  const leave = new AbortController();
  const stream = await apiOf(sim, auth).youtube.v3.liveChat.messages.stream(
    { liveChatId: chat.id, part: ['snippet'] },
    { responseType: 'stream', signal: leave.signal },
  );
  let text = '';
  const body = stream.data as unknown as Readable;
  body.setEncoding('utf8');
  body.on('data', (chunk: string) => {
    text += chunk;
  });
  body.on('error', () => {});
  await until(() => sim.isRead('northpine'));
  sim.say('northpine', 'mira_k', 'braces } ] and 👋');
  await until(() => text.includes('👋'));
  const [empty, news] = JSON.parse(`${text}]`);
  expect(empty.items).toEqual([]);
  expect(news.items[0].snippet.displayMessage).toBe('braces } ] and 👋');

  leave.abort();
  await until(() => !sim.isRead('northpine'));
});

test('a plain gRPC client built from the published field numbers is given history, then every line with its roles', async () => {
  const sim = await simulator();
  const owner = sim.addChannel('northpine');
  const { chat } = sim.startBroadcast('northpine');
  sim.say('northpine', 'early_bird', 'before');
  const { access } = sim.issueToken('northpine', [READ]);

  const stream = new BareStream(sim, { liveChatId: chat.id, metadata: bearer(access) });
  await stream.said('before');
  sim.setMember('northpine', 'mira_k');
  const id = sim.say('northpine', 'mira_k', 'привет 👋');
  sim.say('northpine', 'northpine', 'welcome');
  await stream.said('before', 'привет 👋', 'welcome');

  const [, line, own] = stream.items;
  expect(line).toMatchObject({
    id,
    snippet: {
      type: TEXT,
      liveChatId: chat.id,
      hasDisplayContent: true,
      textMessageDetails: { messageText: 'привет 👋' },
    },
    authorDetails: { displayName: 'mira_k', isChatSponsor: true, isChatOwner: false },
  });
  expect(own?.authorDetails).toMatchObject({ channelId: owner.id, isChatOwner: true });
  expect(stream.responses.every(({ nextPageToken }) => nextPageToken.length > 0)).toBe(true);
  const withKey = new BareStream(sim, { liveChatId: chat.id, metadata: { 'x-goog-api-key': sim.apiKey } });
  await withKey.said('before', 'привет 👋', 'welcome');
});
