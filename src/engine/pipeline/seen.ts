/** Remembers which messages were handled, within bounds. */

/** Two generations of ids: the older is dropped when the younger is full, so at least `keep` ids are remembered. */
export class SeenIds {
  readonly #keep: number;
  #young = new Set<string>();
  #old = new Set<string>();

  constructor(keep: number) {
    this.#keep = keep;
  }

  /** @returns true the first time */
  isNew(id: string): boolean {
    if (this.#young.has(id) || this.#old.has(id)) return false;
    if (this.#young.size >= this.#keep) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(id);
    return true;
  }
}
