/** Looks again and again until there is something to see. */
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 10;

/** @returns what `look` found, or null when it found nothing within the time */
export async function until<T>(seconds: number, look: () => Promise<T | null>): Promise<T | null> {
  const giveUpAtMs = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== null || performance.now() > giveUpAtMs) return found;
    await pause(LOOK_EVERY_MS);
  }
}
