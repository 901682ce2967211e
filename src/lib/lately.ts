/** Remembers things for a limited time and in a limited number: whatever a worker has to recognise when it comes again. */
import type { Clock, Timer } from './clock.ts';

interface Limits {
  /** Each is remembered for at least this long and forgotten after twice this long, unless there are too many. */
  readonly keepMs: number;
  /** Per generation, over all groups; more of them shorten the memory. */
  readonly max: number;
  readonly clock: Pick<Clock, 'setTimer'>;
}

type Generation<V> = Map<string, Map<string, V>>;

/**
 * Values by group and key, in two generations: the elder is dropped when the younger is old or full. Writing makes a
 * thing young again, reading does not. A memory with nothing in it has no timer.
 */
export class Lately<V> {
  readonly #limits: Limits;
  #young: Generation<V> = new Map();
  #old: Generation<V> = new Map();
  #size = 0;
  #rotation: Timer | null = null;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get(group: string, key: string): V | undefined {
    return this.#young.get(group)?.get(key) ?? this.#old.get(group)?.get(key);
  }

  set(group: string, key: string, value: V): void {
    if (this.#size >= this.#limits.max) this.#rotate();
    let values = this.#young.get(group);
    if (values === undefined) {
      values = new Map();
      this.#young.set(group, values);
    }
    values.set(key, value);
    this.#size += 1;
    this.#rotation ??= this.#rotateLater();
  }

  /** Forgets the groups that are not among these. */
  keep(groups: { has(group: string): boolean }): void {
    for (const generation of [this.#young, this.#old]) {
      for (const group of generation.keys()) if (!groups.has(group)) generation.delete(group);
    }
  }

  /** Forgets everything, and leaves no timer. */
  clear(): void {
    this.#rotation?.cancel();
    this.#rotation = null;
    this.#young.clear();
    this.#old.clear();
    this.#size = 0;
  }

  #rotate(): void {
    this.#old = this.#young;
    this.#young = new Map();
    this.#size = 0;
  }

  #rotateLater(): Timer {
    return this.#limits.clock.setTimer(
      this.#limits.keepMs,
      () => {
        this.#rotate();
        this.#rotation = this.#old.size === 0 ? null : this.#rotateLater();
      },
      { unref: true },
    );
  }
}
