/** Removes what workers leave behind in the database: the log of changes, and the rows of starts long dead. */
import type pg from 'pg';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { isAliveSql } from './alive.ts';

interface HousekeepingDeps {
  readonly pg: pg.Pool;
  readonly clock: Clock;
  readonly log: Logger;
  readonly logPrefix: string;
}

/** Twice within the hour in which a dead start has to go. */
const EVERY_MS = 30 * 60 * 1000;

/** Every half an hour; the first time half an hour after the start. @returns how to stop it */
export function startHousekeeping({ pg, clock, log, logPrefix }: HousekeepingDeps): () => void {
  let timer: Timer;
  const schedule = () => {
    timer = clock.setTimer(EVERY_MS, () => void tidy(), { unref: true });
  };
  const tidy = async () => {
    schedule();
    try {
      await pg.query(FORGET_CHANGES);
      await pg.query(FORGET_WORKERS);
    } catch (error) {
      log.warn(`${logPrefix}housekeeping_failed`, { error });
    }
  };
  schedule();
  return () => timer.cancel();
}

// The newest of each kind stays: it is what the others are compared with.
const FORGET_CHANGES = `
  delete from "ConfigChange" c
  where "changedAt" < timezone('utc', now()) - interval '1 day'
    and exists (select from "ConfigChange" n where n.kind = c.kind and n.provider = c.provider and n.id > c.id)`;

const FORGET_WORKERS = `
  delete from "BotWorker" dead
  where "heartbeatAt" < timezone('utc', now()) - interval '15 minutes' and not ${isAliveSql('dead."startNumber"')}`;
