/** Lets sockets of this process work between two steps of driven time. */
import { setTimeout as realDelay } from 'node:timers/promises';

const TURN_MS = 2;

/**
 * Counted in turns of the event loop, not in time: on a busy machine few of them fit into a while, and driven time
 * would outrun the work that it is to wait for.
 */
export async function letTurn(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await realDelay(TURN_MS);
}

/** Enough for sockets whose both ends are in this process: a driven day of them takes seconds. */
export async function letSocketsTurn(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
