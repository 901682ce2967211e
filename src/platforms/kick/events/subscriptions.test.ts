import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { addKickChannel, kickDeps, simulatedKick } from '../../../../test/support/kick-world.ts';
import { ManualClock } from '../../../../test/support/manual-clock.ts';
import { silentLog } from '../../../../test/support/silent-log.ts';
import { createPool } from '../../../db/pool.ts';
import type { AccountCredential } from '../../account-side.ts';
import { createKickApi } from '../api/client.ts';
import { readingState } from './keeper.ts';
import { EVENTS } from './remote.ts';
import { Subscriptions } from './subscriptions.ts';

const PATH = '/public/v1/events/subscriptions';
const [CHAT, STREAM] = EVENTS;
const MINUTE = 60_000;

async function world() {
  const clock = new ManualClock(new Date());
  const sim = await simulatedKick(clock);
  const { url } = await createTestDatabase({ forTest: true });
  const pool = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const { db } = pool;
  const deps = kickDeps(sim.env(), clock);
  const { channelId, broadcasterId } = await addKickChannel(db, sim, 'northpine');
  const owner: { credential: AccountCredential | null } = { credential: null };
  const grant = () => {
    const { access } = sim.issueToken('northpine', ['events:subscribe']);
    owner.credential = {
      accountId: 'a',
      platformUserId: broadcasterId,
      accessToken: access,
    } as unknown as AccountCredential;
  };
  grant();
  const credentials = {
    owner: async () => owner.credential ?? ('none' as const),
    renewed: async () => 'none' as const,
  };
  const open = () => new Subscriptions({ ...deps, db, credentials, api: createKickApi(deps, deps.settings as never) });
  const subject = { channelId: channelId as never, broadcasterId };
  return {
    ...deps,
    sim,
    db,
    owner,
    subject,
    open,
    remote: () =>
      sim.subscriptions
        .all()
        .map(({ event }) => event)
        .toSorted(),
    creations: () => sim.calls.filter(({ method, path }) => method === 'POST' && path === PATH).length,
    known: () =>
      db.selectFrom('PlatformEventSubscription').select(['type', 'status', 'reason']).orderBy('type').execute(),
  };
}

const LIVE = { kind: 'live', reason: null };

test('what is missing is asked for in one call, what is there is left, however often it is looked at', async () => {
  const { open, subject, sim, remote, creations, known } = await world();
  sim.subscriptions.add(subject.broadcasterId, CHAT);
  const subscriptions = open();
  for (let look = 0; look < 5; look += 1) {
    expect(readingState(await subscriptions.ensure(subject, EVENTS), null)).toEqual(LIVE);
  }
  expect(remote()).toEqual([CHAT, STREAM]);
  expect(creations()).toBe(1);
  expect(await known()).toEqual([
    { type: CHAT, status: 'active', reason: null },
    { type: STREAM, status: 'active', reason: null },
  ]);
});

test('of an event that is subscribed twice the older stays; events of others are nobody’s business', async () => {
  const { open, subject, sim, clock, remote } = await world();
  const first = sim.subscriptions.add(subject.broadcasterId, CHAT);
  await clock.advance(1000);
  sim.subscriptions.add(subject.broadcasterId, CHAT);
  sim.subscriptions.add(subject.broadcasterId, 'kicks.gifted');
  sim.subscriptions.add(subject.broadcasterId, 'kicks.gifted');
  await open().ensure(subject, EVENTS);
  expect(remote()).toEqual([CHAT, 'kicks.gifted', 'kicks.gifted', STREAM]);
  expect(sim.subscriptions.of(subject.broadcasterId, CHAT)[0]?.id).toBe(first.id);
});

test('processes that create the same event at the same moment leave one, and agree on it', async () => {
  const { open, subject, sim, db, remote } = await world();
  const ensured = await Promise.all([1, 2, 3, 4].map(() => open().ensure(subject, EVENTS, true)));
  expect(remote()).toEqual([CHAT, STREAM]);
  const ids = ensured.map((each) => ('unknown' in each ? [] : EVENTS.map((event) => each.get(event)?.remoteId)));
  const standing = EVENTS.map((event) => sim.subscriptions.of(subject.broadcasterId, event)[0]?.id);
  expect(ids).toEqual(Array(4).fill(standing));
  const stored = await db.selectFrom('PlatformEventSubscription').select('remoteId').orderBy('type').execute();
  expect(stored.map(({ remoteId }) => remoteId)).toEqual(standing);
});

test('looks at one channel by one process come one after another: the second sees what the first created', async () => {
  const { open, subject, remote, creations } = await world();
  const subscriptions = open();
  await Promise.all([1, 2, 3, 4].map(() => subscriptions.ensure(subject, EVENTS, true)));
  expect([creations(), remote()]).toEqual([1, [CHAT, STREAM]]);
});

test('an error inside a success concerns its event alone: it is told, and tried again later, not at once', async () => {
  const { open, subject, sim, clock, remote, creations, lines } = await world();
  sim.faults.failSubscriptions(STREAM, 'webhooks are not enabled for app');
  const subscriptions = open();
  const state = async () => readingState(await subscriptions.ensure(subject, EVENTS), null);
  const degraded = { kind: 'degraded', reason: STREAM, detail: 'webhooks are not enabled for app' };
  expect(await state()).toEqual(degraded);
  for (let minute = 0; minute < 9; minute += 1) {
    await clock.advance(MINUTE);
    expect(await state()).toEqual(degraded);
  }
  expect(creations()).toBe(1);
  expect(remote()).toEqual([CHAT]);
  await clock.advance(MINUTE);
  expect(await state()).toEqual(LIVE);
  expect(creations()).toBe(2);
  expect(remote()).toEqual([CHAT, STREAM]);
  expect(lines.filter((line) => line.includes('kick_chatbot.events_subscription_create_failed'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('kick_chatbot.events_subscription_created'))).toHaveLength(2);
});

test('one that Kick lists late is not asked for twice, by nobody, also after a restart', async () => {
  const { open, subject, sim, clock, remote, creations } = await world();
  sim.faults.subscriptions({ listLagMs: 5 * MINUTE });
  for (let start = 0; start < 3; start += 1) {
    expect(readingState(await open().ensure(subject, EVENTS), null)).toEqual(LIVE);
    await clock.advance(MINUTE);
  }
  await clock.advance(20 * MINUTE);
  expect(readingState(await open().ensure(subject, EVENTS), null)).toEqual(LIVE);
  expect(creations()).toBe(1);
  expect(remote()).toEqual([CHAT, STREAM]);
});

test('one that Kick dropped without a word is made anew', async () => {
  const { open, subject, sim, clock, remote } = await world();
  const subscriptions = open();
  await subscriptions.ensure(subject, EVENTS);
  sim.subscriptions.removeAll(CHAT);
  await clock.advance(11 * MINUTE);
  expect(readingState(await subscriptions.ensure(subject, EVENTS), null)).toEqual(LIVE);
  expect(remote()).toEqual([CHAT, STREAM]);
});

test('at the limit nobody asks for more, the operator hears of it, and what is there stays', async () => {
  const { open, subject, sim, clock, creations, remote, lines } = await world();
  sim.subscriptions.add(subject.broadcasterId, STREAM);
  sim.faults.subscriptions({ chatMax: 0 });
  const subscriptions = open();
  const look = async () => readingState(await subscriptions.ensure(subject, EVENTS), null);
  expect(await look()).toEqual({ kind: 'degraded', reason: 'event subscription limit reached' });
  await clock.advance(5 * MINUTE);
  await look();
  expect(creations()).toBe(1);
  expect(remote()).toEqual([STREAM]);
  expect(lines.filter((line) => line.includes('kick_chatbot.events_subscription_limit'))).toHaveLength(1);
});

test('a list that cannot be had changes nothing, and what was known of the chat stays', async () => {
  const { open, subject, sim, creations } = await world();
  const subscriptions = open();
  sim.faults.http({ kind: 'answer', status: 503, path: PATH, method: 'GET', times: 2 });
  expect(readingState(await subscriptions.ensure(subject, EVENTS), null)).toEqual({
    kind: 'connecting',
    reason: 'unreachable',
  });
  const before = { kind: 'live', reason: null } as const;
  expect(readingState(await subscriptions.ensure(subject, EVENTS), before)).toBe(before);
  expect(creations()).toBe(0);
});

test('any success of a creation is one', async () => {
  const { open, subject, sim, remote } = await world();
  sim.faults.subscriptions({ createdStatus: 201 });
  expect(readingState(await open().ensure(subject, EVENTS), null)).toEqual(LIVE);
  expect(remote()).toEqual([CHAT, STREAM]);
});

test('without a grant of the streamer the application asks, and also takes away', async () => {
  const { open, subject, sim, owner, remote, known } = await world();
  sim.faults.disconnect('northpine');
  const subscriptions = open();
  expect(readingState(await subscriptions.ensure(subject, EVENTS), null)).toEqual(LIVE);
  owner.credential = null;
  sim.subscriptions.add(subject.broadcasterId, CHAT);
  sim.subscriptions.add(subject.broadcasterId, 'kicks.gifted');
  await subscriptions.remove(subject);
  expect(remote()).toEqual(['kicks.gifted']);
  expect(await known()).toEqual([]);
  expect(readingState(await subscriptions.ensure(subject, EVENTS), null)).toEqual(LIVE);
});

test('a streamer who did not allow it has to link again', async () => {
  const { open, subject, sim, owner } = await world();
  const { access } = sim.issueToken('northpine', ['user:read']);
  owner.credential = { ...(owner.credential as AccountCredential), accessToken: access };
  expect(readingState(await open().ensure(subject, EVENTS), null)).toEqual({
    kind: 'needs_user_action',
    reason: 'reconnect_required',
  });
});
