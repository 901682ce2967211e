/** What the API does by itself from time to time; of several copies one does it at a time. */
import { isMissingSchema, isUnavailable } from '../db/failures.ts';
import { alone, onOwnConnection } from '../db/own-connection.ts';
import { LOOK_DISTANCE_MS } from '../engine/diagnosis/ask-for-look.ts';
import type { ProviderId } from '../lib/brand.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { PacedWishes } from '../lib/paced-wishes.ts';
import type { HostedPlatform } from './context.ts';
import { pruneOldRows } from './retention.ts';

export interface JobDeps {
  readonly databaseUrl: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** 0 ≤ x < 1; jitter only. */
  readonly random: () => number;
  readonly platforms: readonly HostedPlatform[];
}

export interface Jobs {
  /** Compares event subscriptions now, unless that was done a moment ago; null: on every platform. */
  reconcile(provider: ProviderId | null): void;
  /** Starts nothing new and waits for what is running. */
  stop(): Promise<void>;
}

interface Job {
  readonly name: string;
  readonly everyMs: number;
  readonly firstMs: number;
  /** Of the platform whose event subscriptions it compares; null for anything else. */
  readonly provider: ProviderId | null;
  run(): Promise<void>;
}

const MINUTE_MS = 60_000;
const NAME = 'memalerts-api-jobs';

export function startJobs(deps: JobDeps): Jobs {
  const rounds = new Map<string, Promise<void>>();
  const timers = new Map<string, Timer>();
  let isStopped = false;

  const begin = (job: Job): void => {
    schedule(job, job.everyMs);
    // One round at a time: the one that comes during a slow one follows it at once.
    const before = rounds.get(job.name) ?? Promise.resolve();
    rounds.set(
      job.name,
      before.then(() => (isStopped ? undefined : perform(deps, job))),
    );
  };
  const schedule = (job: Job, delayMs: number): void => {
    timers.set(
      job.name,
      deps.clock.setTimer(delayMs, () => begin(job), { unref: true }),
    );
  };
  const jobs = jobsOf(deps);
  for (const job of jobs) schedule(job, job.firstMs * (0.5 + deps.random()));
  const asked = new PacedWishes<Job>({
    clock: deps.clock,
    distanceMs: LOOK_DISTANCE_MS,
    fulfil: (job) => {
      timers.get(job.name)?.cancel();
      begin(job);
    },
  });

  return {
    reconcile(provider) {
      for (const job of jobs) {
        if (job.provider !== null && (provider === null || provider === job.provider)) asked.want(job);
      }
    },
    async stop() {
      isStopped = true;
      asked.stop();
      for (const timer of timers.values()) timer.cancel();
      await Promise.all(rounds.values());
    },
  };
}

function jobsOf({ databaseUrl, clock, log, platforms }: JobDeps): Job[] {
  const reconciliations = platforms.flatMap(({ description, side }) =>
    side.reconcileSubscriptions === undefined
      ? []
      : [
          {
            name: `event-subscriptions:${description.id}`,
            provider: description.id,
            everyMs: 10 * MINUTE_MS,
            firstMs: MINUTE_MS / 4,
            run: () => side.reconcileSubscriptions?.() ?? Promise.resolve(),
          },
        ],
  );
  const retention = {
    name: 'retention',
    provider: null,
    everyMs: 60 * MINUTE_MS,
    firstMs: 2 * MINUTE_MS,
    run: () =>
      onOwnConnection({ databaseUrl, applicationName: NAME }, (client) => pruneOldRows(client, clock.now(), log)),
  };
  return [...reconciliations, retention];
}

/** Never throws: a job that failed is tried again at its next time. */
async function perform({ databaseUrl, log }: JobDeps, job: Job): Promise<void> {
  try {
    // A copy that finds the lock taken leaves the work to the other.
    const own = { databaseUrl, applicationName: NAME };
    const isOurs = await alone(own, `memalerts:${job.name}`, () => job.run());
    if (!isOurs) log.debug('api.job_left_to_another_copy', { job: job.name });
  } catch (error) {
    if (isMissingSchema(error) || isUnavailable(error)) log.warn('api.job_postponed', { job: job.name, error });
    else log.error('api.job_failed', { job: job.name, error });
  }
}
