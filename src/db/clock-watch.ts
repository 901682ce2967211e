/** Whether this process's clock is right. With a wrong one fresh commands look old, and nothing else shows it. */
import type pg from 'pg';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';

/** Codes of `/readyz`. */
type ClockWarning = 'clock_ahead' | 'clock_behind';

interface ClockWatchDeps {
  readonly pg: pg.Pool;
  readonly clock: Clock;
  readonly log: Logger;
  readonly logPrefix: string;
}

const QUESTION = 'select extract(epoch from clock_timestamp())::float8 * 1000 as ms';
const ASK_EVERY_MS = 300_000;
const ASK_AGAIN_MS = 30_000;
/** Half of a longer round trip would be too large an error. */
const LONGEST_TRIP_MS = 5_000;
const AHEAD_MS = 10_000;
const BEHIND_MS = -10_000;
/** Platforms may be late by themselves. */
const LINES_AHEAD_MS = 30_000;
const LINES = 20;
/** Bounds how often a warning is logged while the age of lines swings around a limit. */
const LINES_WARN_FOR_MS = 60_000;
const FIX =
  'Let NTP set the clocks of this machine and of the database server (check with timedatectl). If both clocks are right and measuredBy is lines, the platform delivers late or the process is overloaded.';

/** Compares with the database's clock at once and every five minutes, and with the age of fresh chat lines. */
export class ClockWatch {
  readonly #deps: ClockWatchDeps;
  readonly #found: Record<'database' | 'lines', ClockWarning | null> = { database: null, lines: null };
  #warnings: readonly ClockWarning[] = [];
  #databaseOffsetMs: number | null = null;
  readonly #ages = new Float64Array(LINES);
  #lineCount = 0;
  #linesWarnUntilMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(deps: ClockWatchDeps) {
    this.#deps = deps;
    void this.#ask();
  }

  /** How far our clock was ahead of the database's at the last comparison; null before the first. */
  get offsetMs(): number | null {
    return this.#databaseOffsetMs;
  }

  get warnings(): readonly ClockWarning[] {
    return this.#warnings;
  }

  /** Called for every line that came as soon as it was written; none that was fetched or stored belongs here. */
  line(sentAtMs: number): void {
    const { clock } = this.#deps;
    const ageMs = clock.now().getTime() - sentAtMs;
    this.#ages[this.#lineCount++ % LINES] = ageMs;
    if (this.#lineCount < LINES) return;
    // A line of a usual age cannot be the one that makes the median unusual.
    if (this.#found.lines === null && warningOf(ageMs, LINES_AHEAD_MS) === null) return;
    const nowMs = clock.monotonicMs();
    if (nowMs < this.#linesWarnUntilMs) return;
    const medianMs = medianOf(this.#ages);
    const warning = warningOf(medianMs, LINES_AHEAD_MS);
    if (warning !== null && warning !== this.#found.lines) this.#linesWarnUntilMs = nowMs + LINES_WARN_FOR_MS;
    this.#note('lines', medianMs, warning);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  async #ask(): Promise<void> {
    const offsetMs = await this.#offsetMs();
    if (this.#isStopped) return;
    if (offsetMs !== null) {
      this.#databaseOffsetMs = Math.round(offsetMs);
      this.#note('database', offsetMs, warningOf(offsetMs, AHEAD_MS));
    }
    const delayMs = offsetMs === null ? ASK_AGAIN_MS : ASK_EVERY_MS;
    this.#timer = this.#deps.clock.setTimer(delayMs, () => void this.#ask(), { unref: true });
  }

  /** @returns by how much our clock is ahead of the database's; null without an answer that tells */
  async #offsetMs(): Promise<number | null> {
    const { pg, clock } = this.#deps;
    try {
      // The wait for a connection is no part of the round trip.
      const client = await pg.connect();
      try {
        const askedMs = clock.now().getTime();
        const [row] = (await client.query<{ ms: number }>(QUESTION)).rows;
        // Negative, or long, also when somebody set our clock meanwhile.
        const tripMs = clock.now().getTime() - askedMs;
        return row === undefined || tripMs < 0 || tripMs > LONGEST_TRIP_MS ? null : askedMs + tripMs / 2 - row.ms;
      } finally {
        client.release();
      }
    } catch {
      // Whoever needs the database says that it is away.
      return null;
    }
  }

  #note(measuredBy: 'database' | 'lines', offsetMs: number, warning: ClockWarning | null): void {
    const { log, logPrefix } = this.#deps;
    const before = this.#warnings;
    this.#found[measuredBy] = warning;
    const found = Object.values(this.#found).filter((code) => code !== null);
    this.#warnings = [...new Set(found)];
    const facts = { offsetMs: Math.round(offsetMs), measuredBy };
    for (const code of this.#warnings) if (!before.includes(code)) log.warn(logPrefix + code, { ...facts, fix: FIX });
    for (const code of before) if (!found.includes(code)) log.info(`${logPrefix}${code}_over`, facts);
  }
}

function warningOf(offsetMs: number, aheadMs: number): ClockWarning | null {
  if (offsetMs >= aheadMs) return 'clock_ahead';
  return offsetMs <= BEHIND_MS ? 'clock_behind' : null;
}

function medianOf(values: Float64Array): number {
  const sorted = values.toSorted();
  const upper = sorted.length / 2;
  return ((sorted[upper - 1] ?? 0) + (sorted[upper] ?? 0)) / 2;
}
