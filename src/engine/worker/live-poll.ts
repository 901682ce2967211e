/** Asks the platform now and then which channels broadcast, to heal what no event told (docs/contract/workers.md#stream-run, docs/contract/workers.md#live-status-per-platform). */
import type { Db } from '../../db/pool.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { LiveStatus, ReadChannel } from '../../platforms/worker-side.ts';
import { recordPolledLive } from '../live/record-polled.ts';

interface LivePollDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly logPrefix: string;
  readonly provider: ProviderId;
  readonly status: LiveStatus;
  readonly held: () => ReadonlyMap<ChannelId, ReadChannel>;
  readonly startNumber: () => number | null;
  readonly periodMs: number;
}

/** The first question follows the start closely: whatever happened while no worker ran is to be known soon. */
const FIRST_AFTER_MS = 3000;

/** @returns how to stop it */
export function startLivePoll(deps: LivePollDeps): () => void {
  const { clock, periodMs, log, logPrefix } = deps;
  let timer: Timer;
  let isStopped = false;
  const schedule = (delayMs: number) => {
    timer = clock.setTimer(delayMs, () => void round(), { unref: true });
  };
  const round = async () => {
    try {
      await poll(deps);
    } catch (error) {
      if (!isStopped) log.warn(`${logPrefix}live_poll_failed`, { error });
    }
    if (!isStopped) schedule(periodMs);
  };
  schedule(FIRST_AFTER_MS);
  return () => {
    isStopped = true;
    timer.cancel();
  };
}

async function poll({ db, clock, provider, status, held, startNumber }: LivePollDeps): Promise<void> {
  const ours = startNumber();
  const channels = [...held().values()];
  if (ours === null || channels.length === 0) return;
  const facts = await status.poll(channels);
  if (facts.size > 0) await recordPolledLive({ db, clock }, provider, facts, ours);
}
