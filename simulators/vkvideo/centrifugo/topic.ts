/** One pub/sub channel: who listens, and what is remembered of it for those who come back (docs/platforms/vkvideo.md#recovery). */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../src/lib/clock.ts';
import type { SubscribeRequest } from './protocol.ts';

const RECOVERED_MAX = 300;

interface Publication {
  readonly data: unknown;
  readonly offset: number;
}

interface History {
  readonly size: number;
  readonly seconds: number;
  readonly epoch: string;
  /** Offset of the last publication. */
  offset: number;
  kept: (Publication & { readonly atMs: number })[];
}

export interface TopicListener {
  send(message: string): void;
}

export class Topic {
  readonly listeners = new Set<TopicListener>();
  readonly #name: string;
  readonly #clock: Clock;
  #history: History | null = null;

  constructor(name: string, clock: Clock) {
    this.#name = name;
    this.#clock = clock;
  }

  /** Begins to remember; a size of 0 forgets for good. */
  remember(size: number, seconds: number): void {
    this.#history = size === 0 ? null : { size, seconds, epoch: newEpoch(), offset: 0, kept: [] };
  }

  /** As when the server lost its memory: nobody can catch up with what came before. */
  lose(): void {
    if (this.#history) this.remember(this.#history.size, this.#history.seconds);
  }

  publish(data: unknown): void {
    const publication = this.#remembered(data) ?? { data };
    const message = JSON.stringify({ push: { channel: this.#name, pub: publication } });
    for (const listener of this.listeners) listener.send(message);
  }

  /** The part of a subscribe result that concerns history: empty where there is none. */
  position(request: SubscribeRequest): Record<string, unknown> {
    const history = this.#history;
    if (!history) return request.recover ? { was_recovering: true } : {};
    const { epoch, offset } = history;
    const here = { recoverable: true, positioned: true, epoch, ...(offset === 0 ? {} : { offset }) };
    if (!request.recover) return here;
    const missed = this.#missedSince(request);
    if (missed === null) return { ...here, was_recovering: true };
    const recovered = {
      recovered: true,
      was_recovering: true,
      ...(missed.length === 0 ? {} : { publications: missed }),
    };
    const { offset: _offset, ...there } = here;
    return { ...there, ...recovered, ...(request.offset === 0 ? {} : { offset: request.offset }) };
  }

  #remembered(data: unknown): Publication | null {
    const history = this.#history;
    if (!history) return null;
    history.offset += 1;
    const publication = { data, offset: history.offset };
    history.kept = [...history.kept, { ...publication, atMs: this.#clock.monotonicMs() }].slice(-history.size);
    return publication;
  }

  #missedSince({ offset: since, epoch }: SubscribeRequest): Publication[] | null {
    const history = this.#history;
    if (!history || epoch !== history.epoch || since > history.offset) return null;
    const youngerThan = this.#clock.monotonicMs() - history.seconds * 1000;
    const missed = history.kept.filter(({ offset, atMs }) => offset > since && atMs >= youngerThan);
    if (missed.length !== history.offset - since || missed.length > RECOVERED_MAX) return null;
    return missed.map(({ data, offset }) => ({ data, offset }));
  }
}

function newEpoch(): string {
  return randomBytes(3).toString('hex');
}
