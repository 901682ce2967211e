/** The interval the stream-duration command measures: how one run of a channel goes on, rests and begins anew (docs/contract/workers.md#stream-run). */
import { randomUUID } from 'node:crypto';

/** One row of `StreamRun`. Online exactly while `segmentStartedAt` is set. */
export interface StreamRun {
  readonly runId: string;
  readonly status: 'online' | 'offline';
  readonly startedAt: Date;
  /** Length of the closed segments. */
  readonly onlineMs: number;
  readonly segmentStartedAt: Date | null;
  readonly offlineAt: Date | null;
}

/** What is known of a stream is forgotten this long after it was last confirmed. */
export const LIVE_STATE_LIFE_MS = 48 * 3_600_000;

const MINUTE_MS = 60_000;

/**
 * @param isLive whether the channel is live on any of its platforms now
 * @param at when that began; it may be learned late, so it is moved to the run's own last change where it precedes it
 * @returns the run as it goes on, or null when nothing changes
 */
export function advanceRun(
  run: StreamRun | null,
  isLive: boolean,
  at: Date,
  breakCreditMinutes: number,
): StreamRun | null {
  if (run === null) return isLive ? newRun(at) : emptyRun(at);
  if ((run.status === 'online') === isLive) return null;
  if (!isLive) return closeSegment(run, at);
  const resumedAt = later(at, run.offlineAt ?? at);
  const gapMs = resumedAt.getTime() - (run.offlineAt ?? resumedAt).getTime();
  if (gapMs > breakCreditMinutes * MINUTE_MS) return newRun(resumedAt);
  return { ...run, status: 'online', segmentStartedAt: resumedAt, offlineAt: null };
}

function newRun(at: Date): StreamRun {
  return { ...emptyRun(at), status: 'online', segmentStartedAt: at, offlineAt: null };
}

function emptyRun(at: Date): StreamRun {
  return {
    runId: randomUUID(),
    status: 'offline',
    startedAt: at,
    onlineMs: 0,
    segmentStartedAt: null,
    offlineAt: at,
  };
}

function closeSegment(run: StreamRun, at: Date): StreamRun {
  const startedAt = run.segmentStartedAt ?? at;
  const offlineAt = later(at, startedAt);
  const onlineMs = run.onlineMs + offlineAt.getTime() - startedAt.getTime();
  return { ...run, status: 'offline', onlineMs, segmentStartedAt: null, offlineAt };
}

export function later(one: Date, other: Date): Date {
  return one.getTime() >= other.getTime() ? one : other;
}
