/** Whether a worker does its work, and what keeps it from it; what it writes about itself (docs/diagnosis.md#the-snapshot). */
import { codesOf } from '../../db/session.ts';
import type { Clock } from '../../lib/clock.ts';
import { createLoopLag } from '../../lib/loop-lag.ts';
import { readManifest } from '../../lib/manifest.ts';
import type { CauseCode } from '../../platforms/causes/cause.ts';
import type { WorkerFacts } from '../diagnosis/snapshot.ts';
import type { SharedSenderReport } from './shared-sender.ts';
import type { Worker } from './worker.ts';

export interface Readiness {
  readonly ready: boolean;
  /** Codes; empty when ready. */
  readonly reasons: readonly CauseCode[];
  /** Codes of what an operator should look at although the worker is ready. */
  readonly warnings: readonly CauseCode[];
  readonly copies: number;
  readonly channels: { readonly desired: number; readonly held: number } & Readonly<Record<string, number>>;
  /** When the channels were last known to be those the database desires. */
  readonly lastSyncAt: Date | null;
  /** Age of the oldest message that was not delivered when the outbox last looked at all of them; 0 without any. */
  readonly oldestWaitingSeconds: number;
  /** Who speaks where no other bot does; absent until that was looked up. */
  readonly sender?: SharedSenderReport;
  /** What only this platform has to tell. */
  readonly platform?: Readonly<Record<string, unknown>>;
}

/** A reader that hears nothing in any channel for this long is deaf, whatever its sockets say. */
const DEAF_MS = 60_000;

export function readinessOf(worker: Worker, clock: Clock): Readiness {
  const { presence, health, outbox } = worker;
  const { life, listener, channels } = presence;
  const trouble = codesOf(listener.trouble);
  const reasons: CauseCode[] = [...trouble.reasons];
  const warnings: CauseCode[] = [...trouble.warnings, ...worker.clockWatch.warnings];
  if (life.trouble !== null) reasons.push(life.trouble);
  else if (channels.isFailing) reasons.push('sync_failed');
  else if (life.startNumber === null || !channels.isCurrent) reasons.push('starting');
  if (!listener.isConnected && listener.trouble === null) reasons.push('not_listening');
  if (health.deafMs >= DEAF_MS) reasons.push('reader_deaf');
  const platform = worker.details();
  const sender = worker.sharedSender.report;
  if (sender?.kind === 'none') warnings.push('no_sender');
  return {
    ready: reasons.length === 0,
    reasons,
    warnings,
    copies: life.copies,
    channels: {
      desired: channels.desiredCount,
      held: channels.held().size,
      ...Object.fromEntries(health.counts()),
    },
    lastSyncAt: channels.currentAt,
    oldestWaitingSeconds: oldestWaitingSeconds(outbox.stats().oldestWaitingSince, clock),
    ...(sender === null ? {} : { sender }),
    ...(platform === null ? {} : { platform }),
  };
}

export function oldestWaitingSeconds(since: Date | null, clock: Clock): number {
  return since === null ? 0 : Math.max(0, (clock.now().getTime() - since.getTime()) / 1000);
}

/** @returns a function to be called with each heartbeat; it asks nobody */
export function createWorkerFacts(worker: Worker, keys: readonly string[], clock: Clock): () => WorkerFacts {
  const { version } = readManifest();
  const loopLagMs = createLoopLag();
  return () => {
    const { reasons, warnings } = readinessOf(worker, clock);
    return {
      version,
      reasons,
      warnings,
      relays: worker.credits.instances().map(({ origin, isReachable }) => ({ url: origin, isReachable })),
      clockOffsetMs: worker.clockWatch.offsetMs,
      loopLagMs: loopLagMs(),
      keys,
      told: worker.told(),
    };
  };
}
