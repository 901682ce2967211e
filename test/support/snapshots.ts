/** Snapshots for judges under test: one healthy bot, and whatever a case changes of it. */
import type { ChannelSnapshot, Snapshot, WorkerFacts, WorkerSnapshot } from '../../src/engine/diagnosis/snapshot.ts';
import type { ChannelId, ProviderId } from '../../src/lib/brand.ts';
import type { CauseTable } from '../../src/platforms/causes/cause.ts';

export const NOW = new Date('2026-03-01T12:00:00.000Z');
export const NEST = 'nest' as ProviderId;

const nestCauses: CauseTable = {
  'Nest bot token is not configured': 'no_bot',
  nest_full: {
    verdict: 'broken',
    who: 'streamer',
    action: 'none',
    rank: 55,
    en: ['The nest is full.', 'Empty the nest.'],
    ru: ['Гнездо заполнено.', 'Освободите гнездо.'],
  },
};

export function secondsAgo(seconds: number): Date {
  return new Date(NOW.getTime() - seconds * 1000);
}

export const wellFacts: WorkerFacts = {
  version: '1.0.0',
  reasons: [],
  warnings: [],
  relays: [{ url: 'http://127.0.0.1:3001', isReachable: true }],
  clockOffsetMs: 3,
  loopLagMs: 0,
  keys: ['k1'],
  told: [],
};

export function workerOf(changes: Partial<WorkerSnapshot> = {}): WorkerSnapshot {
  return {
    provider: NEST,
    startNumber: 7,
    host: 'host-a',
    pid: 100,
    startedAt: secondsAgo(3600),
    heartbeatAt: secondsAgo(2),
    isAlive: true,
    channels: 1,
    facts: wellFacts,
    ...changes,
  };
}

export function channelOf(changes: Partial<ChannelSnapshot> = {}): ChannelSnapshot {
  return {
    channelId: 'c1' as ChannelId,
    slug: 'northpine',
    provider: NEST,
    isEnabled: true,
    isActive: true,
    updatedAt: secondsAgo(7200),
    target: 'northpine',
    isHeld: true,
    health: { state: 'live', reason: null, since: secondsAgo(600), lastLineAt: null, startNumber: 7, isCurrent: true },
    live: null,
    messages: { waiting: 0, oldestAt: null, headError: null, headDueAt: null, lastSentAt: null, failure: null },
    sender: {
      effective: { kind: 'default', login: 'nest_bot', displayName: 'Nest Bot', reason: 'default_bot' },
      ownTrouble: null,
      sharedTrouble: null,
    },
    lostEvents: [],
    ...changes,
  };
}

export function snapshotOf(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    at: NOW,
    database: null,
    platforms: [{ id: NEST, title: 'Nest', causes: nestCauses }],
    workers: [workerOf()],
    channels: [channelOf()],
    shared: [],
    own: [],
    ownKeys: ['k1'],
    ...changes,
  };
}
