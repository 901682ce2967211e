/** Spreads subscriptions over connections: a server takes only so many on one (docs/platforms/vkvideo.md#topology). */
import { Shard, type ShardDeps } from './shard.ts';
import type { Wanted } from './shard-listener.ts';

/** Below the server's 128, so that a channel more never costs what is read already. */
const SUBSCRIPTIONS_MAX = 100;

export class Shards {
  readonly #deps: ShardDeps;
  readonly #shards = new Set<Shard>();
  readonly #byName = new Map<string, Shard>();

  constructor(deps: Omit<ShardDeps, 'trust'>) {
    this.#deps = { ...deps, trust: { isGood: true } };
  }

  get connections(): number {
    return this.#shards.size;
  }

  /** What belongs together shares a connection. */
  add(wanted: readonly Wanted[]): void {
    const fresh = wanted.filter(({ name }) => !this.#byName.has(name));
    if (fresh.length === 0) return;
    const shard = [...this.#shards].find(({ size }) => size + fresh.length <= SUBSCRIPTIONS_MAX) ?? this.#open();
    for (const { name } of fresh) this.#byName.set(name, shard);
    shard.add(fresh);
  }

  remove(names: readonly string[]): void {
    const byShard = Map.groupBy(names, (name) => this.#byName.get(name));
    for (const [shard, theirs] of byShard) {
      if (shard === undefined) continue;
      for (const name of theirs) this.#byName.delete(name);
      shard.remove(theirs);
      if (shard.size > 0) continue;
      shard.close();
      this.#shards.delete(shard);
    }
  }

  /** Asks for names the server refused, or gave no access to. */
  again(names: readonly string[]): void {
    const byShard = Map.groupBy(names, (name) => this.#byName.get(name));
    for (const [shard, theirs] of byShard) shard?.again(theirs);
  }

  /** Somebody wants to know whether the server knows these subscriptions. */
  check(names: readonly string[]): void {
    const byShard = Map.groupBy(names, (name) => this.#byName.get(name));
    for (const [shard, theirs] of byShard) shard?.check(theirs);
  }

  /** What is published under these names does not arrive. */
  doubt(names: readonly string[]): void {
    for (const shard of new Set(names.map((name) => this.#byName.get(name)))) shard?.doubt();
  }

  /** Another account reads from now on; null: none. */
  renew(accountKey: string | null): void {
    for (const shard of this.#shards) shard.renew(accountKey);
  }

  close(): void {
    for (const shard of this.#shards) shard.close();
    this.#shards.clear();
    this.#byName.clear();
  }

  #open(): Shard {
    const shard = new Shard(this.#deps);
    this.#shards.add(shard);
    return shard;
  }
}
