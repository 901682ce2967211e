/** How busy this process is. */
import { type EventLoopUtilization, performance } from 'node:perf_hooks';

/** @returns a function that tells which share of the time since its last call was work, 0 to 1 */
export function createBusyShare(): () => number {
  let last: EventLoopUtilization = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
