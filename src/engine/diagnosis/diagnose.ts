/** The only judge of every state: a snapshot in, facts out, and nothing asked meanwhile (docs/diagnosis.md#the-judge). */
import type { ProviderId } from '../../lib/brand.ts';
import type { CauseCode } from '../../platforms/causes/cause.ts';
import { channelFacts } from './diagnose-channel.ts';
import { type Check, type Fact, INSTALLATION, inOrderOfCure, missingWorker, type Scope, verdictOf } from './fact.ts';
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
    ...sharedSenderFacts(snapshot),
    ...snapshot.channels.flatMap((channel) => channelFacts(snapshot, channel)),
  ]);
}

/** What concerns no channel by itself. */
export function installationFacts(snapshot: Snapshot): readonly Fact[] {
  const { database, databaseData = {}, at, own, platforms } = snapshot;
  const facts: Fact[] = [
    { check: 'database', cause: database ?? 'database_ready', scope: INSTALLATION, since: null, data: databaseData },
    ...own.map(({ provider, ...told }): Fact => ({ ...told, scope: { ...INSTALLATION, provider }, since: null })),
  ];
  if (at === null) {
    const unseenWorkers = platforms.map(({ id }) => unseen('worker', { ...INSTALLATION, provider: id }, database));
    return [...facts, ...unseenWorkers.map((fact) => ({ ...fact, data: databaseData }))];
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
  if (living.length > 0) {
    return living.flatMap((worker) => factsOfWorker(worker, scope)).map((fact) => offWhereUnwanted(snapshot, fact));
  }
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

/** Who speaks for all channels of a platform. Where no channel has a bot on, one that is missing is only off. */
function sharedSenderFacts(snapshot: Snapshot): readonly Fact[] {
  return snapshot.shared.map(({ provider, sender: { effective } }): Fact => {
    const { kind, login, reason } = effective;
    const scope: Scope = { ...INSTALLATION, provider };
    const data = kind === 'none' ? {} : { login };
    const fact: Fact = { check: 'sender', cause: reason, scope, since: null, data };
    return offWhereUnwanted(snapshot, fact);
  });
}

/** A worker that serves no channel needs no account: `start:all` starts one for every platform. */
function offWhereUnwanted(snapshot: Snapshot, fact: Fact): Fact {
  if (fact.check !== 'sender' || verdictOf(snapshot, fact) !== 'broken') return fact;
  const isWanted = snapshot.channels.some(({ provider, isActive }) => provider === fact.scope.provider && isActive);
  return isWanted ? fact : { ...fact, verdict: 'off' };
}

/** Whether a worker or an enabled bot needs the platform. */
export function isUsed({ workers, channels }: Snapshot, id: ProviderId): boolean {
  return (
    workers.some(({ provider, isAlive }) => provider === id && isAlive) ||
    channels.some(({ provider, isActive }) => provider === id && isActive)
  );
}

/** Whether every process can read what every other one seals, and anybody what is stored. */
function keyFacts({ workers, ownKeys, otherKeys = [], sealedBy = [] }: Snapshot): readonly Fact[] {
  const rings = [
    ...(ownKeys === null ? [] : [ownKeys]),
    ...otherKeys,
    ...workers.flatMap(({ isAlive, facts }) => (isAlive && facts !== null ? [facts.keys] : [])),
  ];
  const sealing = new Set(rings.map(([first]) => first ?? ''));
  const differ = rings.some((ring) => [...sealing].some((key) => key !== '' && !ring.includes(key)));
  const lost = sealedBy.filter((key) => rings.every((ring) => !ring.includes(key)));
  const causes: CauseCode[] = [];
  if (differ) causes.push('encryption_keys_differ');
  if (rings.length > 0 && lost.length > 0) causes.push('encryption_key_missing');
  if (causes.length === 0 && sealedBy.length > 0) causes.push('stored_tokens_readable');
  return causes.map((cause) => ({ check: 'keys', cause, scope: INSTALLATION, since: null, data: {} }));
}

function factOf(cause: CauseCode, scope: Scope, data: Fact['data'], since: Date | null = null): Fact {
  return { check: checkOf(cause), cause, scope, since, data };
}

/** Under which check a process tells a cause of itself. */
export function checkOf(cause: CauseCode): Check {
  return CHECK_OF_CAUSE[cause] ?? 'worker';
}
