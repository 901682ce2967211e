/** Time as something that is handed in, so that tests can drive it. */

/** A timer that has not fired yet. */
export interface Timer {
  /** Makes sure the callback will not run. Calling it again, or after the timer fired, does nothing. */
  cancel(): void;
}

/** The only way our code learns the time or waits for it. */
export interface Clock {
  /** Wall-clock time: for what people and other systems read. May jump. */
  now(): Date;
  /** Milliseconds from an arbitrary point that never go back: for measuring and for deadlines. */
  monotonicMs(): number;
  /**
   * Calls `fire` once after `delayMs`.
   *
   * @param options `unref`: the timer alone must not keep the process alive
   */
  setTimer(delayMs: number, fire: () => void, options?: { unref?: boolean }): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason as soon as `signal` aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

// Node turns a longer delay into 1 ms.
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  setTimer(delayMs, fire, options) {
    const handle = setTimeout(fire, Math.min(Math.max(delayMs, 0), MAX_TIMEOUT_MS));
    if (options?.unref) handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
  sleep: (delayMs, signal) => sleepOn(systemClock, delayMs, signal),
};

/** `Clock.sleep` for a clock that has timers. */
export function sleepOn(clock: Pick<Clock, 'setTimer'>, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
