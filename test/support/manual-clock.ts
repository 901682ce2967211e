/** A clock that stands still until a test moves it. */
import { type Clock, sleepOn, type Timer } from '../../src/lib/clock.ts';

interface PendingTimer {
  dueMs: number;
  order: number;
  fire: () => void;
}

export class ManualClock implements Clock {
  #elapsedMs = 0;
  #timersMade = 0;
  readonly #startMs: number;
  readonly #pending = new Set<PendingTimer>();

  constructor(start: Date = new Date('2026-01-01T00:00:00Z')) {
    this.#startMs = start.getTime();
  }

  now(): Date {
    return new Date(this.#startMs + this.#elapsedMs);
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer = { dueMs: this.#elapsedMs + Math.max(delayMs, 0), order: this.#timersMade++, fire };
    this.#pending.add(timer);
    return { cancel: () => void this.#pending.delete(timer) };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /** How many timers wait: tells a test that the code under test has gone to sleep. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /**
   * Moves time on and fires what falls due, in order, also what is set on the way.
   *
   * Lets promises and immediates settle before, between and after timers. Answers of sockets and databases take
   * real time: a test that needs one waits for it before it advances.
   */
  async advance(ms: number): Promise<void> {
    const targetMs = this.#elapsedMs + ms;
    await settle();
    for (let next = this.#nextDue(targetMs); next; next = this.#nextDue(targetMs)) {
      this.#pending.delete(next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      next.fire();
      await settle();
    }
    this.#elapsedMs = targetMs;
  }

  /** Moves time on at once, as for a host that slept: what falls due on the way fires late, and once. */
  async leap(ms: number): Promise<void> {
    await settle();
    this.#elapsedMs += ms;
    await this.advance(0);
  }

  #nextDue(untilMs: number): PendingTimer | undefined {
    return [...this.#pending]
      .filter((timer) => timer.dueMs <= untilMs)
      .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
  }
}

async function settle(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await new Promise((resolve) => setImmediate(resolve));
}
