/** The simulated Trovo's REST interface: people, channels, limits and its troubles (docs/platforms/trovo.md#errors-and-limits, docs/platforms/trovo.md#rest-endpoints). */
import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import type { LimitChoice } from './limits.ts';
import { ask, simulator } from './test-support.ts';

async function withStreamer(limits: LimitChoice = 'off') {
  const clock = new ManualClock();
  const sim = await simulator({ clock, limits });
  sim.addPerson({ login: 'northpine', displayName: 'North Pine', id: '100000001', channelId: '500000001' });
  return { sim, clock };
}

test('getuserinfo is spelled in camel case, all strings, and needs its scope', async () => {
  const { sim } = await withStreamer();
  const { access } = sim.issueToken('northpine', ['user_details_self']);
  expect((await ask(sim, 'GET getuserinfo', { token: access })).body).toEqual({
    userId: '100000001',
    userName: 'northpine',
    nickName: 'North Pine',
    email: 'northpine@example.invalid',
    profilePic: 'https://headicon.trovo.live/user/100000001.jpeg',
    info: '',
    channelId: '500000001',
  });
  const { access: other } = sim.issueToken('northpine', ['chat_connect']);
  expect(await ask(sim, 'GET getuserinfo', { token: other })).toMatchObject({ status: 400, body: { status: 11730 } });
});

test('getusers is spelled in snake case, asks by `user`, and has three ways not to know a name', async () => {
  const { sim } = await withStreamer();
  const users = (...user: string[]) => ask(sim, 'POST getusers', { body: { user } });
  const known = { user_id: '100000001', username: 'northpine', nickname: 'North Pine', channel_id: '500000001' };
  expect((await users('northpine')).body).toEqual({ total: 1, users: [known] });
  expect(await users('northpine', 'nobody')).toMatchObject({ status: 400, body: { status: 1002 } });
  sim.setUnknownUser('emptyList');
  expect((await users('nobody')).body).toEqual({ total: 0, users: [] });
  sim.setUnknownUser('zeroChannel');
  expect((await users('nobody')).body.users).toMatchObject([{ username: 'nobody', channel_id: '0' }]);
  expect((await ask(sim, 'POST getusers', { body: { users: ['northpine'] } })).body.status).toBe(1002);
});

test('a channel is found by id, as string or number, and by name, with times as strings of seconds', async () => {
  const { sim } = await withStreamer();
  const channel = async (body: object) => (await ask(sim, 'POST channels/id', { body })).body;
  sim.goLive('northpine', { startedAt: new Date(1_767_323_045_000) });
  const live = {
    is_live: true,
    username: 'northpine',
    started_at: '1767323045',
    current_viewers: 7,
    category_id: '10023',
  };
  for (const body of [{ channel_id: '500000001' }, { channel_id: 500_000_001 }, { username: 'northpine' }]) {
    expect(await channel(body)).toMatchObject(live);
  }
  expect(await channel({ channel_id: '1' })).toMatchObject({ status: 10505 });
  expect(await channel({ username: 'nobody' })).toMatchObject({ status: 10505 });
  expect(await channel({})).toMatchObject({ status: 1002 });

  sim.goOffline('northpine');
  // The latest start stays: what is over is told by is_live alone.
  expect(await channel({ channel_id: '500000001' })).toMatchObject({ is_live: false, started_at: '1767323045' });
});

test('the own channel tells its ids and the stream key to its owner alone', async () => {
  const { sim } = await withStreamer();
  const { access } = sim.issueToken('northpine', ['channel_details_self']);
  expect((await ask(sim, 'GET channel', { token: access })).body).toMatchObject({
    uid: '100000001',
    channel_id: '500000001',
    stream_key: expect.any(String),
  });
  const { body } = await ask(sim, 'POST channels/id', { body: { channel_id: '500000001' } });
  expect(body).not.toHaveProperty('stream_key');
});

test('channels/update takes the id as a number and says nothing of what changed', async () => {
  const { sim } = await withStreamer();
  const { access: token } = sim.issueToken('northpine', ['channel_update_self']);
  const update = async (body: object) => (await ask(sim, 'POST channels/update', { token, body })).body;
  expect(await update({ channel_id: 500_000_001, live_title: 'New title' })).toEqual({ empty: '' });
  expect(await update({ channel_id: '500000001', live_title: 'Other' })).toMatchObject({ status: 1002 });
  expect(await update({ channel_id: 500_000_001, category_id: 'chess' })).toMatchObject({ status: 11000 });
  const { body } = await ask(sim, 'POST channels/id', { body: { channel_id: '500000001' } });
  expect(body.live_title).toBe('New title');
});

test('every call wants the Client-ID, in any letter case', async () => {
  const { sim } = await withStreamer();
  const body = { channel_id: '500000001' };
  const json = { 'content-type': 'application/json' };
  const status = async (headers: Record<string, string>) =>
    (await ask(sim, 'POST channels/id', { body, headers: { ...json, ...headers } })).body.status;
  expect(await status({})).toBe(11701);
  expect(await status({ 'client-id': 'somebody-else' })).toBe(11701);
  for (const name of ['client-id', 'Client-ID', 'CLIENT-ID']) {
    expect(await status({ [name]: sim.application.id })).toBeUndefined();
  }
});

test('an application has its calls a minute, told in headers, and 11706 for one more', async () => {
  const { sim, clock } = await withStreamer({ requestsPerMin: 3 });
  const call = () => ask(sim, 'POST getusers', { body: { user: ['northpine'] } });
  const { headers } = await call();
  expect(headers.get('x-ratelimit-limit')).toBe('3');
  expect(headers.get('x-ratelimit-remaining')).toBe('2');
  expect(headers.get('x-ratelimit-reset')).toBe(String(clock.now().getTime() / 1000 + 60));
  await call();
  await call();
  await clock.advance(20_000);
  sim.setResetUnit('secondsLeft');
  const refused = await call();
  expect(refused).toMatchObject({ status: 400, body: { status: 11706 } });
  expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
  expect(refused.headers.get('x-ratelimit-reset')).toBe('40');
  await clock.advance(40_000);
  expect((await call()).status).toBe(200);
});

test('1200 calls a minute are what an application has by itself, and none are counted when limits are off', async () => {
  const { sim } = await withStreamer({});
  const call = () => ask(sim, 'POST getusers', { body: { user: ['northpine'] } });
  expect((await call()).headers.get('x-ratelimit-limit')).toBe('1200');
  sim.setLimits('off');
  expect((await call()).headers.has('x-ratelimit-limit')).toBe(false);
});

test('the troubles every simulated HTTP interface has befall this one too', async () => {
  const { sim, clock } = await withStreamer();
  const path = '/openplatform/getusers';
  const call = () => ask(sim, 'POST getusers', { body: { user: ['northpine'] } });
  sim.faults.http({ kind: 'answer', status: 503, path, times: 1 });
  expect(await call()).toMatchObject({ status: 503, body: '' });
  sim.faults.tooManyRequests(path, 20);
  const limited = await call();
  expect(limited.body.status).toBe(11706);
  expect(limited.headers.get('x-ratelimit-reset')).toBe(String(clock.now().getTime() / 1000 + 20));
  for (const kind of ['cut', 'truncated'] as const) {
    sim.faults.http({ kind, path, times: 1 });
    await expect(call()).rejects.toThrow();
  }
  for (const kind of ['lost', 'ignored'] as const) {
    sim.faults.http({ kind, path, times: 1 });
    const init = { method: 'POST', signal: AbortSignal.timeout(50), body: '{"user":["northpine"]}' };
    const headers = { 'client-id': sim.application.id, 'content-type': 'application/json' };
    await expect(fetch(`${sim.urls.api}/getusers`, { ...init, headers })).rejects.toThrow();
  }
  sim.faults.http({ kind: 'slow', delayMs: 5000, path, times: 1 });
  const slow = call();
  while (clock.pendingTimers === 0) await new Promise((resolve) => setImmediate(resolve));
  await clock.advance(5000);
  expect((await slow).status).toBe(200);

  await sim.faults.refuse();
  await expect(call()).rejects.toThrow();
  await sim.faults.accept();
  expect((await call()).status).toBe(200);
});

test('what Trovo does not have is 404', async () => {
  const { sim } = await withStreamer();
  expect((await ask(sim, 'GET nothing/here')).status).toBe(404);
  expect((await ask(sim, 'GET chat/send')).status).toBe(404);
  expect((await fetch(new URL('/elsewhere', sim.urls.api))).status).toBe(404);
});
