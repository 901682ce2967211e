/** Waiting for something to become true. */
import { setTimeout as pause } from 'node:timers/promises';

/** @throws Error naming what did not happen in time */
export async function until(seconds: number, what: string, look: () => boolean | Promise<boolean>, everyMs = 5) {
  const giveUpAtMs = performance.now() + seconds * 1000;
  while (!(await look())) {
    if (performance.now() > giveUpAtMs) throw new Error(`waited ${seconds} s in vain until ${what}`);
    await pause(everyMs);
  }
}

/** Milliseconds since 1970 with fractions, as the simulator notes arrivals. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
