/** How long work waits for this process. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** It wakes the process this often. At 20 ms that alone was half of what an idle worker costs. A shorter wait may be missed. */
const RESOLUTION_MS = 200;
/** Rounded to this, so that a quiet process always says the same. */
const STEP_MS = 100;

/** @returns a function that tells the longest wait since its last call, in milliseconds, rounded to 100 */
export function createLoopLag(): () => number {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return () => {
    const longestMs = delays.max / 1e6 - RESOLUTION_MS;
    delays.reset();
    return Math.max(0, Math.round(longestMs / STEP_MS) * STEP_MS);
  };
}
