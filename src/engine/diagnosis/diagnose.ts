/** The only judge of every state: a snapshot in, facts out, and nothing asked meanwhile (docs/diagnosis.md#the-judge). */
import type { CauseCode } from '../../platforms/causes/cause.ts';
import { channelFacts } from './diagnose-channel.ts';
import { type Check, type Fact, INSTALLATION, inOrderOfCure, missingWorker, type Scope } from './fact.ts';
import type { Snapshot, SnapshotPlatform, WorkerSnapshot } from './snapshot.ts';

/** A process whose work waits this long is overloaded. */
const SLOW_MS = 1000;

const CHECK_OF_CAUSE: Partial<Record<CauseCode, Check>> = {
  no_sender: 'sender',
  clock_ahead: 'clock',
  clock_behind: 'clock',
  database_unavailable: 'database',
  schema_missing: 'database',
  cannot_write: 'database',
  transaction_pooler: 'database',
  notifications_lost: 'database',
  not_listening: 'database',
};

/** Everything, in the order in which it should be mended. */
export function diagnose(snapshot: Snapshot): readonly Fact[] {
  return inOrderOfCure(snapshot, [
    ...installationFacts(snapshot),
    ...snapshot.channels.flatMap((channel) => channelFacts(snapshot, channel)),
  ]);
}

/** What concerns no channel by itself. */
export function installationFacts(snapshot: Snapshot): readonly Fact[] {
  const { database, at, own, platforms } = snapshot;
  const facts: Fact[] = [
    { check: 'database', cause: database ?? 'database_ready', scope: INSTALLATION, since: null, data: {} },
    ...own.map(({ check, cause, provider, data }): Fact => {
      return { check, cause, scope: { ...INSTALLATION, provider }, since: null, data };
    }),
  ];
  if (at === null) {
    return [...facts, ...platforms.map(({ id }) => unseen('worker', { ...INSTALLATION, provider: id }, database))];
  }
  return [...facts, ...platforms.flatMap((platform) => workerFacts(snapshot, platform)), ...keyFacts(snapshot)];
}

/** What could not be looked at, and why. */
export function unseen(check: Check, scope: Scope, why: CauseCode | null): Fact {
  return { check, cause: why ?? 'database_unavailable', verdict: 'unknown', scope, since: null, data: {} };
}

/** How the workers of one platform are; nothing where it has none and no channel needs one. */
function workerFacts(snapshot: Snapshot, { id }: SnapshotPlatform): readonly Fact[] {
  const scope: Scope = { ...INSTALLATION, provider: id };
  const living = snapshot.workers.filter(({ provider, isAlive }) => provider === id && isAlive);
  if (living.length > 0) return living.flatMap((worker) => factsOfWorker(worker, scope));
  const isNeeded = snapshot.channels.some(({ provider, isActive }) => provider === id && isActive);
  return isNeeded ? [missingWorker(snapshot, scope)] : [];
}

function factsOfWorker({ facts, host, pid, startedAt }: WorkerSnapshot, scope: Scope): readonly Fact[] {
  const process = { host, pid };
  if (facts === null) return [factOf('worker_silent_about_itself', scope, process, startedAt)];
  const { reasons, warnings, relays, clockOffsetMs, loopLagMs, told } = facts;
  const clock = clockOffsetMs === null ? {} : { offsetMs: clockOffsetMs };
  const found = [
    ...[...reasons, ...warnings].map((cause) => factOf(cause, scope, { ...process, ...clock })),
    ...relays
      .filter(({ isReachable }) => !isReachable)
      .map(
        ({ url }): Fact => ({
          check: 'relay',
          cause: 'relay_unreachable',
          scope,
          since: null,
          data: { ...process, url },
        }),
      ),
    ...told.map(
      ({ check, cause, data }): Fact => ({ check, cause, scope, since: null, data: { ...process, ...data } }),
    ),
    ...(loopLagMs >= SLOW_MS ? [factOf('process_slow', scope, { ...process, lagMs: loopLagMs })] : []),
  ];
  return reasons.length > 0 ? found : [factOf('worker_ready', scope, process, startedAt), ...found];
}

/** Whether every process can read what every other one seals. */
function keyFacts({ workers, ownKeys }: Snapshot): readonly Fact[] {
  const rings = [
    ...(ownKeys === null ? [] : [ownKeys]),
    ...workers.flatMap(({ isAlive, facts }) => (isAlive && facts !== null ? [facts.keys] : [])),
  ];
  const sealing = new Set(rings.map(([first]) => first ?? ''));
  const differ = rings.some((ring) => [...sealing].some((key) => key !== '' && !ring.includes(key)));
  return differ ? [{ check: 'keys', cause: 'encryption_keys_differ', scope: INSTALLATION, since: null, data: {} }] : [];
}

function factOf(cause: CauseCode, scope: Scope, data: Fact['data'], since: Date | null = null): Fact {
  return { check: checkOf(cause), cause, scope, since, data };
}

/** Under which check a process tells a cause of itself. */
export function checkOf(cause: CauseCode): Check {
  return CHECK_OF_CAUSE[cause] ?? 'worker';
}
