/** Remembers which messages of one chat came in, since each may come on two channels, by recovery and by back-fill. */
import type { Clock } from '../../lib/clock.ts';
import { Lately } from '../../lib/lately.ts';

export type Arrival = 'live' | 'backlog';

/** More than the platform hands out as history at once: what is fetched was either seen lately or missed. */
const KEPT = 500;
/** A credits roll is over after that time: until then a line that is fetched again must not count as missed. */
const KEPT_MS = 48 * 60 * 60_000;

export class SeenMessages {
  readonly #arrivals: Lately<Arrival>;

  constructor(clock: Pick<Clock, 'setTimer'>) {
    this.#arrivals = new Lately({ keepMs: KEPT_MS, max: KEPT, clock });
  }

  /** @returns whether it is to be handed on; a line known from history alone may still be answered when it arrives */
  isNew(id: string, as: Arrival): boolean {
    const known = this.#arrivals.get('', id);
    if (known === 'live' || known === as) return false;
    this.#arrivals.set('', id, as);
    return true;
  }
}
