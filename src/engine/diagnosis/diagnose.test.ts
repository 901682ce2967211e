import { expect, test } from 'vitest';
import { channelOf, NEST, NOW, secondsAgo, snapshotOf, wellFacts, workerOf } from '../../../test/support/snapshots.ts';
import { diagnose } from './diagnose.ts';
import { headline, waitingFor } from './diagnose-channel.ts';
import { verdictOf } from './fact.ts';
import { present } from './present.ts';
import type { ChannelSnapshot, HealthSnapshot, Snapshot } from './snapshot.ts';

const health = channelOf().health as HealthSnapshot;
const { messages, sender } = channelOf();
const nobody = { ...sender, effective: { kind: 'none', login: null, displayName: null, reason: 'no_bot' } } as const;

interface Case {
  readonly title: string;
  readonly snapshot?: Partial<Snapshot>;
  readonly channel?: Partial<ChannelSnapshot>;
  /** Of the first finding. */
  readonly cause: string;
  readonly verdict: string;
  readonly action: string;
  readonly since?: Date | null;
}

const CASES: readonly Case[] = [
  {
    title: 'switched off',
    channel: { isEnabled: false, isActive: false },
    cause: 'bot_off',
    verdict: 'off',
    action: 'switch_on',
  },
  {
    title: 'on without a channel',
    channel: { isActive: false, target: null },
    cause: 'channel_not_named',
    verdict: 'broken',
    action: 'choose_channel',
  },
  {
    title: 'its worker is dead, whatever the reader said last',
    snapshot: { workers: [workerOf({ isAlive: false, heartbeatAt: secondsAgo(40) })] },
    channel: { isHeld: false, health: { ...health, isCurrent: false } },
    cause: 'worker_gone',
    verdict: 'broken',
    action: 'start_worker',
    since: secondsAgo(40),
  },
  {
    title: 'no worker ever ran',
    snapshot: { workers: [] },
    channel: { isHeld: false, health: null },
    cause: 'no_worker',
    verdict: 'broken',
    action: 'start_worker',
    since: null,
  },
  {
    title: 'another copy is about to take over',
    channel: { isHeld: false, health: { ...health, isCurrent: false } },
    cause: 'awaiting_worker',
    verdict: 'waiting',
    action: 'wait',
  },
  {
    title: 'nobody can speak',
    channel: {
      sender: nobody,
      health: { ...health, state: 'needs_user_action', reason: 'Nest bot token is not configured' },
    },
    cause: 'no_bot',
    verdict: 'broken',
    action: 'link_default_bot',
  },
  {
    title: 'the grant of the default bot is over',
    channel: { sender: { ...nobody, sharedTrouble: 'default_bot_relink' } },
    cause: 'default_bot_relink',
    verdict: 'broken',
    action: 'link_default_bot',
  },
  {
    title: 'the custom bot is over and the default bot speaks',
    channel: { sender: { ...sender, ownTrouble: 'own_bot_relink' } },
    cause: 'own_bot_relink',
    verdict: 'broken',
    action: 'link_own_bot',
  },
  {
    title: 'banned',
    channel: { health: { ...health, state: 'needs_user_action', reason: 'banned' } },
    cause: 'banned',
    verdict: 'broken',
    action: 'unban_bot',
    since: secondsAgo(600),
  },
  {
    title: 'a cause of the platform',
    channel: { health: { ...health, state: 'needs_user_action', reason: 'nest_full' } },
    cause: 'nest_full',
    verdict: 'broken',
    action: 'none',
  },
  {
    title: 'words nobody has read before, tried again by itself',
    channel: { health: { ...health, state: 'degraded', reason: 'odd_words' } },
    cause: 'platform_refused',
    verdict: 'waiting',
    action: 'none',
  },
  {
    title: 'renamed',
    channel: { health: { ...health, state: 'degraded', reason: 'renamed' } },
    cause: 'renamed',
    verdict: 'waiting',
    action: 'wait',
  },
  {
    title: 'the platform refused the last message',
    channel: { messages: { ...messages, failure: { error: 'Nest error: 403 rude', at: secondsAgo(60) } } },
    cause: 'message_refused',
    verdict: 'broken',
    action: 'none',
  },
  {
    title: 'event subscription lost, and about to be renewed',
    channel: { lostEvents: [{ type: 'stream.online', reason: 'revoked', since: secondsAgo(10) }] },
    cause: 'subscription_gone',
    verdict: 'waiting',
    action: 'fix_webhook_address',
  },
  {
    title: 'event subscription that does not come back',
    channel: { lostEvents: [{ type: 'stream.online', reason: 'revoked', since: secondsAgo(1800) }] },
    cause: 'subscription_gone',
    verdict: 'broken',
    action: 'fix_webhook_address',
  },
  {
    title: 'event subscription that is refused for a reason with words',
    channel: { lostEvents: [{ type: 'stream.online', reason: 'nest_full', since: secondsAgo(10) }] },
    cause: 'nest_full',
    verdict: 'broken',
    action: 'none',
  },
  {
    title: 'tokens that no key of any process opens',
    snapshot: { sealedBy: ['k0', 'k1'] },
    cause: 'encryption_key_missing',
    verdict: 'broken',
    action: 'set_variable',
  },
  {
    title: 'a process that was asked has another key',
    snapshot: { otherKeys: [['k2']], sealedBy: ['k1'] },
    cause: 'encryption_keys_differ',
    verdict: 'broken',
    action: 'set_variable',
  },
  {
    title: 'deaf worker',
    snapshot: { workers: [workerOf({ facts: { ...wellFacts, reasons: ['reader_deaf'] } })] },
    cause: 'reader_deaf',
    verdict: 'broken',
    action: 'start_worker',
  },
  {
    title: 'clock of the worker',
    snapshot: { workers: [workerOf({ facts: { ...wellFacts, warnings: ['clock_ahead'], clockOffsetMs: 600_000 } })] },
    cause: 'clock_ahead',
    verdict: 'broken',
    action: 'correct_clock',
  },
  {
    title: 'relay away',
    snapshot: {
      workers: [workerOf({ facts: { ...wellFacts, relays: [{ url: 'http://a.test', isReachable: false }] } })],
    },
    cause: 'relay_unreachable',
    verdict: 'broken',
    action: 'set_variable',
  },
  {
    title: 'processes with different encryption keys',
    snapshot: { ownKeys: ['k2'] },
    cause: 'encryption_keys_differ',
    verdict: 'broken',
    action: 'set_variable',
  },
  {
    title: 'a worker of an older version',
    snapshot: { workers: [workerOf({ facts: null })] },
    cause: 'worker_silent_about_itself',
    verdict: 'unknown',
    action: 'none',
  },
  {
    title: 'a database without tables',
    snapshot: { at: null, database: 'schema_missing', workers: [], channels: [] },
    cause: 'schema_missing',
    verdict: 'broken',
    action: 'run_migrations',
  },
  {
    title: 'a database that cannot be reached',
    snapshot: { at: null, database: 'database_unavailable', workers: [], channels: [] },
    cause: 'database_unavailable',
    verdict: 'broken',
    action: 'set_variable',
  },
];

function snapshotFor({ snapshot, channel }: Case): Snapshot {
  return snapshotOf({ ...(channel === undefined ? {} : { channels: [channelOf(channel)] }), ...snapshot });
}

test.each(CASES)('what has to be mended comes first: $title', (one) => {
  const snapshot = snapshotFor(one);
  const [first] = diagnose(snapshot);
  if (first === undefined) throw new Error('nothing was found');
  const { cause, verdict, action, since } = present(snapshot, first, 'en');
  expect({ cause, verdict, action }).toEqual({ cause: one.cause, verdict: one.verdict, action: one.action });
  if (one.since !== undefined) expect(since).toEqual(one.since);
});

test.each(CASES)('both languages say it without a gap: $title', (one) => {
  const snapshot = snapshotFor(one);
  for (const fact of diagnose(snapshot)) {
    for (const language of ['en', 'ru'] as const) {
      const { text } = present(snapshot, fact, language);
      expect([fact.cause, text]).toEqual([fact.cause, expect.not.stringMatching(/[{}]|^\s*$/)]);
    }
  }
});

test('a bot that is well has no finding but healthy ones', () => {
  const snapshot = snapshotOf({ channels: [channelOf({ live: { isLive: true, since: secondsAgo(60) } })] });
  expect(diagnose(snapshot).map((fact) => verdictOf(snapshot, fact))).not.toContain('broken');
  expect(new Set(diagnose(snapshot).map((fact) => verdictOf(snapshot, fact)))).toEqual(new Set(['ok']));
});

test('eight quiet hours of a stream are told of, and nothing is broken by them', () => {
  const since = secondsAgo(8 * 3600);
  const quiet = channelOf({ live: { isLive: true, since }, health: { ...health, since } });
  const snapshot = snapshotOf({ channels: [quiet] });
  expect(diagnose(snapshot)).toContainEqual(expect.objectContaining({ cause: 'chat_quiet', since }));
  expect(new Set(diagnose(snapshot).map((fact) => verdictOf(snapshot, fact)))).toEqual(new Set(['ok']));
  expect(headline(snapshot, quiet).cause).toBe('chat_read');
  for (const heardAt of [secondsAgo(599), null]) {
    const heard = channelOf({
      live: { isLive: heardAt !== null, since },
      health: { ...health, since, lastLineAt: heardAt },
    });
    expect(diagnose(snapshotOf({ channels: [heard] })).map(({ cause }) => cause)).not.toContain('chat_quiet');
  }
});

test('an account that no channel needs is no fault where it is missing, though a worker runs', () => {
  const { effective, ...rest } = channelOf().sender;
  const nobody = { effective: { ...effective, kind: 'none', login: null, reason: 'no_bot' } as const, ...rest };
  const workers = [workerOf({ facts: { ...wellFacts, warnings: ['no_sender'] } })];
  const verdicts = (channels: readonly ChannelSnapshot[]) => {
    const snapshot = snapshotOf({ workers, channels, shared: [{ provider: NEST, sender: nobody }] });
    const about = diagnose(snapshot).filter(({ check, scope }) => check === 'sender' && scope.channelId === null);
    return about.map((fact) => [fact.cause, verdictOf(snapshot, fact)]);
  };
  const both = (verdict: string) =>
    expect.arrayContaining([
      ['no_bot', verdict],
      ['no_sender', verdict],
    ]);
  expect(verdicts([])).toEqual(both('off'));
  expect(verdicts([channelOf()])).toEqual(both('broken'));
});

test('a key that every process can open is no difference, however many there are', () => {
  const snapshot = snapshotOf({
    ownKeys: ['k2', 'k1'],
    workers: [workerOf({ facts: { ...wellFacts, keys: ['k1', 'k2'] } })],
  });
  expect(diagnose(snapshot).map(({ cause }) => cause)).not.toContain('encryption_keys_differ');
});

test('what a dead worker said last is no state: the bot is called worker_gone', () => {
  const channel = channelOf({ isHeld: false, health: { ...health, isCurrent: false } });
  const snapshot = snapshotOf({ workers: [workerOf({ isAlive: false })], channels: [channel] });
  expect(headline(snapshot, channel)).toMatchObject({ cause: 'worker_gone', since: secondsAgo(2) });
});

test('a bot that is well is called by how its chat is read', () => {
  const channel = channelOf();
  expect(headline(snapshotOf(), channel)).toMatchObject({ cause: 'chat_read', since: health.since });
});

test('a failure of long ago, or before a message that was sent, explains nothing', () => {
  const channel = channelOf({ messages: { ...messages, failure: { error: 'expired', at: secondsAgo(3601) } } });
  const snapshot = snapshotOf({ channels: [channel] });
  expect(diagnose(snapshot).map(({ cause }) => cause)).not.toContain('expired');
});

test('a message that waits says for what: the bot, the platform, a limit, or its turn', () => {
  const wait = (
    channel: ChannelSnapshot,
    lastError: string | null,
    dueAt: Date | null,
    changes: Partial<Snapshot> = {},
  ) => waitingFor(snapshotOf({ channels: [channel], ...changes }), channel, lastError, dueAt);
  const soon = new Date(NOW.getTime() + 5000);
  expect(wait(channelOf({ sender: nobody }), 'unreachable', soon)).toMatchObject({ cause: 'no_bot', until: null });
  expect(wait(channelOf({ isHeld: false, health: null }), null, null, { workers: [] })).toMatchObject({
    cause: 'no_worker',
  });
  expect(wait(channelOf(), 'unreachable', soon)).toMatchObject({ cause: 'unreachable', until: soon });
  expect(wait(channelOf(), null, soon)).toMatchObject({ cause: 'send_limit', until: soon });
  expect(wait(channelOf(), null, null)).toMatchObject({ cause: 'message_waits', until: null });
  const own = channelOf({ sender: { ...sender, ownTrouble: 'own_bot_relink' } });
  expect(wait(own, null, null), 'the default bot speaks').toMatchObject({ cause: 'message_waits' });
});

test('a button is told where its action begins, and an operator what to type', () => {
  const snapshot = snapshotOf();
  const scope = { provider: NEST, channelId: null, slug: null };
  const found = (cause: 'owner_scope_missing' | 'no_bot' | 'schema_missing' | 'banned') =>
    present(snapshot, { check: 'reader', cause, scope, since: null, data: {} }, 'en');
  expect(found('owner_scope_missing').url).toBe('/auth/nest/link');
  expect(found('no_bot').url).toBe('/owner/bots/nest/default/link');
  expect(found('schema_missing').command).toBe('pnpm memalerts migrate');
  expect(found('banned')).not.toHaveProperty('url');
});
