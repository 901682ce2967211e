/**
 * The machine's time, which a test can make leap: sockets and databases go on in real time, and whoever waits a minute
 * for its turn waits for a moment.
 */
import { type Clock, sleepOn, type Timer } from '../../src/lib/clock.ts';
import { letTurn } from '../support/turns.ts';

interface PendingTimer {
  readonly dueMs: number;
  readonly order: number;
  readonly fire: () => void;
  readonly isUnref: boolean;
  handle: NodeJS.Timeout;
}

const STEP_MS = 1000;
const TURNS_PER_STEP = 5;

export class LeapingClock implements Clock {
  /** How far the test has leapt ahead of the machine. */
  #aheadMs = 0;
  #timersMade = 0;
  readonly #pending = new Set<PendingTimer>();

  now(): Date {
    return new Date(Date.now() + this.#aheadMs);
  }

  monotonicMs(): number {
    return performance.now() + this.#aheadMs;
  }

  setTimer(delayMs: number, fire: () => void, { unref = false } = {}): Timer {
    const dueMs = this.monotonicMs() + Math.max(delayMs, 0);
    const timer: PendingTimer = {
      dueMs,
      order: this.#timersMade++,
      isUnref: unref,
      handle: setTimeout(() => this.#ring(timer), Math.max(delayMs, 0)),
      fire,
    };
    if (unref) timer.handle.unref();
    this.#pending.add(timer);
    return {
      cancel: () => {
        clearTimeout(timer.handle);
        this.#pending.delete(timer);
      },
    };
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, delayMs, signal);
  }

  /**
   * Leaps a second at a time and looks after each, until the check passes.
   *
   * @param breathe awaited after each second: what others need to keep up on a busy machine
   * @throws what the check threw last, when it has not passed after `limitMs`
   */
  async leapUntil(check: () => unknown, limitMs: number, breathe: () => Promise<unknown>): Promise<void> {
    const untilMs = this.monotonicMs() + limitMs;
    for (;;) {
      try {
        await check();
        return;
      } catch (error) {
        if (this.monotonicMs() >= untilMs) throw error;
      }
      await this.#leap(STEP_MS);
      await breathe();
      await letTurn(TURNS_PER_STEP);
    }
  }

  /** Leaps so far. @param breathe awaited after each step: what others need to keep up */
  async pass(ms: number, stepMs: number, breathe: () => Promise<unknown>): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await this.#leap(stepMs);
      await breathe();
    }
  }

  /** Fires what falls due on the way, in order. */
  async #leap(ms: number): Promise<void> {
    const targetMs = this.monotonicMs() + ms;
    for (let next = this.#nextDue(targetMs); next; next = this.#nextDue(targetMs)) {
      this.#aheadMs += Math.max(0, next.dueMs - this.monotonicMs());
      this.#ring(next);
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#aheadMs += Math.max(0, targetMs - this.monotonicMs());
    for (const timer of this.#pending) this.#rearm(timer);
  }

  #nextDue(untilMs: number): PendingTimer | undefined {
    return [...this.#pending]
      .filter(({ dueMs }) => dueMs <= untilMs)
      .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
  }

  #rearm(timer: PendingTimer): void {
    clearTimeout(timer.handle);
    timer.handle = setTimeout(() => this.#ring(timer), Math.max(0, timer.dueMs - this.monotonicMs()));
    if (timer.isUnref) timer.handle.unref();
  }

  #ring(timer: PendingTimer): void {
    clearTimeout(timer.handle);
    if (this.#pending.delete(timer)) timer.fire();
  }
}
