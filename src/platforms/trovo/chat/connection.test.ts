import { expect, test } from 'vitest';
import { STREAMER, trovoWorld } from '../../../../test/support/trovo-world.ts';

const LIVE = { kind: 'live', reason: null };

test('every connect asks for a chat token of its own: the old one would be too old', async () => {
  const { sim, read, states, passUntil, clock } = await trovoWorld();
  await read();
  await clock.advance(25_000);
  sim.faults.dropConnections();
  await passUntil(() => expect(states.get(STREAMER)?.kind).toBe('degraded'));
  await passUntil(() => expect(states.get(STREAMER)).toEqual(LIVE));
  expect(sim.calls.filter(({ path }) => path.endsWith('/chat/token'))).toHaveLength(2);
});

test('a rejected AUTH is tried again at once with a new token, twice, then with growing distance', async () => {
  const { sim, streamer, side, states, events, until, passUntil, clock } = await trovoWorld();
  const tokens = () => sim.calls.filter(({ path }) => path.endsWith('/chat/token')).length;
  sim.faults.refuseAuth(4);
  side.reader.setChannels([streamer(STREAMER)]);
  await until(() => expect(states.get(STREAMER)).toEqual({ kind: 'degraded', reason: 'auth_rejected' }));
  expect(tokens()).toBe(3);
  expect(clock.monotonicMs()).toBe(0);
  await passUntil(() => expect(states.get(STREAMER)).toEqual(LIVE));
  expect(tokens()).toBe(5);
  expect(clock.monotonicMs()).toBeGreaterThanOrEqual(1_000);
  expect(events().filter((event) => event === 'trovo_chatbot.ws_auth_rejected')).toHaveLength(1);
});

test('an AUTH that is never answered is given up after 15 s', async () => {
  const { sim, streamer, side, states, until, passUntil, clock } = await trovoWorld();
  sim.faults.ignoreAuth();
  side.reader.setChannels([streamer(STREAMER)]);
  await until(() => expect(sim.connections).toBe(1));
  await clock.advance(14_999);
  expect(states.get(STREAMER)?.kind).toBe('connecting');
  await passUntil(() => expect(states.get(STREAMER)).toEqual({ kind: 'degraded', reason: 'disconnected' }), 1);
  await passUntil(() => expect(states.get(STREAMER)).toEqual(LIVE));
});

test('chat before the answer to AUTH does not count', async () => {
  const { sim, streamer, side, states, heard, until } = await trovoWorld();
  const channel = streamer(STREAMER);
  sim.say(STREAMER, 'mira_k', 'history');
  sim.faults.historyBeforeResponse();
  side.reader.setChannels([channel]);
  await until(() => expect(states.get(STREAMER)).toEqual(LIVE));
  await until(() => expect(heard).toMatchObject([{ text: 'history', isBacklog: true }]));
});

test('a connection on which a PING stays unanswered is dead, and is replaced with one timer left', async () => {
  const { sim, read, states, passUntil, clock, events } = await trovoWorld();
  await read();
  await passUntil(() => expect(clock.pendingTimers).toBeGreaterThan(0));
  const timers = clock.pendingTimers;
  sim.faults.ignorePings(2);
  const ignoredAtMs = clock.monotonicMs();
  await passUntil(() => expect(states.get(STREAMER)).toEqual({ kind: 'degraded', reason: 'disconnected' }));
  expect(clock.monotonicMs() - ignoredAtMs).toBeLessThanOrEqual(60_000);
  await passUntil(() => expect(states.get(STREAMER)).toEqual(LIVE));
  await passUntil(() => expect(sim.connections).toBe(1));
  expect(clock.pendingTimers).toBeLessThanOrEqual(timers);
  expect(events()).toContain('trovo_chatbot.ws_close');
});

test('a mute socket is found within a minute', async () => {
  const { sim, read, texts, states, passUntil, clock } = await trovoWorld();
  await read();
  const mutedAtMs = clock.monotonicMs();
  sim.faults.mute();
  await passUntil(() => expect(states.get(STREAMER)?.kind).toBe('degraded'));
  await passUntil(() => expect(states.get(STREAMER)).toEqual(LIVE));
  expect(clock.monotonicMs() - mutedAtMs).toBeLessThan(60_000);
  sim.say(STREAMER, 'mira_k', 'heard again');
  await passUntil(() => expect(texts()).toContain('heard again'));
});

test('an outage of an hour is waited out with at most a minute between tries, and told once', async () => {
  const { sim, read, states, passUntil, events, clock, sendable } = await trovoWorld();
  await read();
  await sim.faults.refuse();
  await passUntil(() => expect(states.get(STREAMER)).toEqual({ kind: 'degraded', reason: 'unreachable' }));
  const told = () => events().filter((event) => event === 'trovo_chatbot.chat_token_failed').length;
  for (let minute = 0; minute < 60; minute += 1) {
    await clock.advance(60_000);
    await passUntil(() => expect(clock.pendingTimers).toBeGreaterThan(0));
  }
  expect(told()).toBe(1);
  await sim.faults.accept();
  await passUntil(() => expect(states.get(STREAMER)).toEqual(LIVE), 10_000, 120_000);
  expect(sendable).toEqual([STREAMER, STREAMER]);
});

test('an access token that ran out is renewed once, and the chat is read', async () => {
  const { sim, streamer, side, owners, states, until } = await trovoWorld();
  const channel = streamer(STREAMER);
  sim.faults.expireTokens(STREAMER);
  owners.renew = () => sim.issueToken(STREAMER, ['chat_connect']).access;
  side.reader.setChannels([channel]);
  await until(() => expect(states.get(STREAMER)).toEqual(LIVE));
  expect(owners.renewals).toBe(1);
});

test('a withdrawn grant asks for a new link, is looked at every sync, and heals on the link', async () => {
  const { sim, streamer, side, owners, states, until, passUntil, events } = await trovoWorld();
  const channel = streamer(STREAMER);
  sim.faults.revokeGrant(STREAMER);
  side.reader.setChannels([channel]);
  const dead = { kind: 'needs_user_action', reason: 'owner_login_refused' };
  await until(() => expect(states.get(STREAMER)).toEqual(dead));
  expect(events()).toContain('trovo_chatbot.chat_token_failed');

  owners.byChannel.delete(STREAMER);
  const unlinked = { kind: 'needs_user_action', reason: 'owner_not_linked' };
  await passUntil(() => expect(states.get(STREAMER)).toEqual(unlinked));
  streamer(STREAMER);
  await passUntil(() => expect(states.get(STREAMER)).toEqual(LIVE), 1_000, 40_000);
});

test('an account that may not read its chat is told which right is missing', async () => {
  const { sim, streamer, side, owners, states, until } = await trovoWorld();
  const channel = streamer(STREAMER);
  const accessToken = sim.issueToken(STREAMER, ['user_details_self']).access;
  const account = owners.byChannel.get(STREAMER);
  if (account) owners.byChannel.set(STREAMER, { ...account, accessToken });
  side.reader.setChannels([channel]);
  const missing = { kind: 'needs_user_action', reason: 'missing_scope_chat_connect' };
  await until(() => expect(states.get(STREAMER)).toEqual(missing));
});

test('a database that is away is a state, and the chat is read once it is back', async () => {
  const { streamer, side, owners, states, until, passUntil } = await trovoWorld();
  owners.isDatabaseAway = true;
  side.reader.setChannels([streamer(STREAMER)]);
  const away = { kind: 'degraded', reason: 'credentials_unavailable' };
  await until(() => expect(states.get(STREAMER)).toEqual(away));
  owners.isDatabaseAway = false;
  await passUntil(() => expect(states.get(STREAMER)).toEqual(LIVE));
});

test('without the id of the application nothing is asked, and the log names the variable once', async () => {
  const { sim, streamer, side, states, clock, lines } = await trovoWorld({ TROVO_CLIENT_ID: '' });
  side.reader.setChannels([streamer(STREAMER)]);
  side.reader.setChannels([streamer(STREAMER), streamer('southoak')]);
  const missing = { kind: 'needs_user_action', reason: 'TROVO_CLIENT_ID is not configured' };
  expect([...states.values()]).toEqual([missing, missing]);
  await clock.advance(120_000);
  expect(sim.calls).toEqual([]);
  expect(sim.connections).toBe(0);
  const told = lines.filter(({ event }) => event === 'trovo_chatbot.missing_env');
  expect(told).toMatchObject([{ key: 'TROVO_CLIENT_ID' }]);
});

test('when the calls are used up nobody asks before they are back', async () => {
  const { sim, streamer, side, states, until, passUntil, clock } = await trovoWorld();
  const tokens = () => sim.calls.filter(({ path }) => path.endsWith('/chat/token')).length;
  sim.faults.tooManyRequests('/openplatform/chat/token', 20);
  side.reader.setChannels([streamer(STREAMER)]);
  await until(() => expect(states.get(STREAMER)).toEqual({ kind: 'degraded', reason: 'rate_limited' }));
  await clock.advance(18_000);
  side.reader.setChannels([streamer(STREAMER), streamer('southoak')]);
  await clock.advance(1_000);
  expect(tokens()).toBe(1);
  await passUntil(() => expect([...states.values()]).toEqual([LIVE, LIVE]));
});

test.for(['9e99', '99999999', '-1', '9999999999999999', 'soon'])(
  'calls that are used up until %s, which no bucket means, are tried again before long',
  async (reset) => {
    const { sim, streamer, side, states, passUntil } = await trovoWorld();
    sim.faults.http({
      kind: 'answer',
      status: 400,
      body: { status: 11706, error: 'rateLimit' },
      headers: { 'x-ratelimit-reset': reset },
      path: '/openplatform/chat/token',
      times: 1,
    });
    side.reader.setChannels([streamer(STREAMER)]);
    await passUntil(() => expect(states.get(STREAMER)).toEqual(LIVE), 1_000, 60_000);
    side.reader.setChannels([streamer(STREAMER), streamer('southoak')]);
    await passUntil(() => expect(states.get('southoak')).toEqual(LIVE), 1_000, 60_000);
  },
);

test('many chats are connected to at the pace of the limit', async () => {
  const { sim, streamer, side, passUntil, clock } = await trovoWorld({ TROVO_JOINS_PER_10S: '10' });
  const names = Array.from({ length: 15 }, (_, index) => `streamer${index}`);
  side.reader.setChannels(names.map(streamer));
  await passUntil(() => expect(sim.readChannels().length).toBeGreaterThanOrEqual(10), 100);
  expect(clock.monotonicMs()).toBeGreaterThanOrEqual(9_000);
  await passUntil(() => expect(sim.readChannels()).toHaveLength(15), 100);
  expect(clock.monotonicMs()).toBeGreaterThanOrEqual(14_000);
});

test('a channel of another name or owner is connected to anew; one that is gone is left', async () => {
  const { sim, read, side, states, until, passUntil, clock } = await trovoWorld();
  const channel = await read();
  side.reader.setChannels([{ ...channel, slug: 'renamed' }]);
  expect(sim.connections).toBe(1);

  const other = sim.addPerson('southoak');
  side.reader.setChannels([{ ...channel, target: sim.room(other).id as typeof channel.target }]);
  await until(() => expect(sim.calls.filter(({ path }) => path.endsWith('/chat/token'))).toHaveLength(2));
  expect(states.get(STREAMER)).toBeDefined();

  side.reader.setChannels([]);
  await passUntil(() => expect(sim.connections).toBe(0));
  await until(() => expect(clock.pendingTimers).toBe(0));
});
