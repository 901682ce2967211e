/** One wish to stop, however often its signal arrives. */
import type { Clock } from './clock.ts';

/**
 * A Ctrl-C and systemd send a signal to every process of a group, and npx, pnpm and start:all pass it on: one wish
 * arrives several times within moments. A signal that comes later than this is from somebody who will not wait.
 */
const ONE_WISH_MS = 3000;

/** Calls `stop` once, at the first signal. A signal that comes 3 s later or more ends the process at once, with code 1. */
export function onStopSignal(
  clock: Pick<Clock, 'monotonicMs'>,
  signals: readonly NodeJS.Signals[],
  stop: (signal: NodeJS.Signals) => void,
): void {
  let firstMs: number | null = null;
  for (const signal of signals) {
    process.on(signal, () => {
      const nowMs = clock.monotonicMs();
      if (firstMs === null) {
        firstMs = nowMs;
        stop(signal);
      } else if (nowMs - firstMs >= ONE_WISH_MS) process.exit(1);
    });
  }
}
