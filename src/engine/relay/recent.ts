/** Remembers for a few seconds who was relayed under which name: a busy chatter is one event, not one per line. */

type Names = Map<string, Map<string, string>>;

/** Two generations; nothing is written for a repeat, so a name is told again 5 to 10 seconds after it was told last. */
export class RecentChatters {
  readonly #max: number;
  #young: Names = new Map();
  #old: Names = new Map();
  #size = 0;

  /** @param max people per generation; more of them shorten the memory */
  constructor(max: number) {
    this.#max = max;
  }

  get isEmpty(): boolean {
    return this.#young.size === 0 && this.#old.size === 0;
  }

  has(channelSlug: string, userId: string, displayName: string): boolean {
    // The younger generation decides: somebody who took a new name and took the old one back is news both times.
    const name = this.#young.get(channelSlug)?.get(userId) ?? this.#old.get(channelSlug)?.get(userId);
    return name === displayName;
  }

  add(channelSlug: string, userId: string, displayName: string): void {
    if (this.#size >= this.#max) this.rotate();
    let names = this.#young.get(channelSlug);
    if (names === undefined) {
      names = new Map();
      this.#young.set(channelSlug, names);
    }
    names.set(userId, displayName);
    this.#size += 1;
  }

  /** Forgets the older half. */
  rotate(): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#size = 0;
  }
}
