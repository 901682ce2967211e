/** Remembers which messages of one chat came in, since each may come on two channels, by recovery and by back-fill. */

export type Arrival = 'live' | 'backlog';

/** More than the platform hands out as history at once: what is fetched was either seen lately or missed. */
const KEPT = 500;

export class SeenMessages {
  #young = new Map<string, Arrival>();
  #old: ReadonlyMap<string, Arrival> = new Map();

  /** @returns whether it is to be handed on; a line known from history alone may still be answered when it arrives */
  isNew(id: string, as: Arrival): boolean {
    const known = this.#young.get(id) ?? this.#old.get(id);
    if (known === 'live' || known === as) return false;
    if (this.#young.size >= KEPT) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(id, as);
    return true;
  }
}
