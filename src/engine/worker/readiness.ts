/** Whether a worker does its work, and what keeps it from it. */
import type { Clock } from '../../lib/clock.ts';
import type { Worker } from './worker.ts';

export interface Readiness {
  readonly ready: boolean;
  /** Codes; empty when ready. */
  readonly reasons: readonly string[];
  readonly copies: number;
  readonly channels: { readonly desired: number; readonly held: number } & Readonly<Record<string, number>>;
}

/** A reader that hears nothing in any channel for this long is deaf, whatever its sockets say. */
const DEAF_MS = 60_000;

export class ReadinessWatch {
  readonly #worker: Worker;
  readonly #clock: Clock;
  #deafSinceMs: number | null = null;

  constructor(worker: Worker, clock: Clock) {
    this.#worker = worker;
    this.#clock = clock;
  }

  look(): Readiness {
    const { life, listener, channels } = this.#worker.presence;
    const held = channels.held().size;
    const states = Object.fromEntries(this.#worker.health.counts());
    const reasons: string[] = [];
    if (life.trouble !== null) reasons.push(life.trouble);
    else if (life.startNumber === null || !channels.isCurrent) reasons.push('starting');
    if (!listener.isHealthy) reasons.push('not_listening');
    if (this.#isDeaf(held, (states.live ?? 0) + (states.idle ?? 0))) reasons.push('reader_deaf');
    return {
      ready: reasons.length === 0,
      reasons,
      copies: life.copies,
      channels: { desired: channels.desiredCount, held, ...states },
    };
  }

  #isDeaf(held: number, hearing: number): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (held === 0 || hearing > 0) this.#deafSinceMs = null;
    else this.#deafSinceMs ??= nowMs;
    return this.#deafSinceMs !== null && nowMs - this.#deafSinceMs >= DEAF_MS;
  }
}
