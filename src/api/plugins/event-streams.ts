/** How many event streams there may be: whoever comes last is served, and the oldest makes room. */
import type { FastifyReply } from 'fastify';
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import { type EventStream, openEventStream } from './event-stream.ts';

export interface StreamLimits {
  readonly perChannel: number;
  readonly perProcess: number;
}

/** Far above the pages of one streamer; together they bound what readers that take nothing can cost. */
const LIMITS: StreamLimits = { perChannel: 200, perProcess: 2000 };

export class EventStreams {
  readonly #clock: Clock;
  readonly #limits: StreamLimits;
  /** Oldest first. */
  readonly #byChannel = new Map<ChannelId, Set<EventStream>>();
  #count = 0;

  constructor(clock: Clock, limits = LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** From here on the answer is 200: everything that could be refused has been checked before. */
  open(reply: FastifyReply, channelId: ChannelId): EventStream {
    const ofChannel = this.#byChannel.get(channelId);
    if ((ofChannel?.size ?? 0) >= this.#limits.perChannel) this.#endOldest(channelId);
    else if (this.#count >= this.#limits.perProcess) this.#endOldest(ofChannel ? channelId : this.#fullest());
    const stream = openEventStream(reply, this.#clock);
    const streams = this.#byChannel.get(channelId) ?? new Set();
    this.#byChannel.set(channelId, streams.add(stream));
    this.#count += 1;
    stream.onClosed(() => this.#forget(channelId, stream));
    return stream;
  }

  #endOldest(channelId: ChannelId | null): void {
    const [oldest] = (channelId === null ? undefined : this.#byChannel.get(channelId)) ?? [];
    if (channelId === null || oldest === undefined) return;
    // Counted no more from now on: one that takes nothing is closed only later.
    this.#forget(channelId, oldest);
    oldest.end();
  }

  #fullest(): ChannelId | null {
    let found: { readonly channelId: ChannelId; readonly size: number } | null = null;
    for (const [channelId, { size }] of this.#byChannel) {
      if (found === null || size > found.size) found = { channelId, size };
    }
    return found?.channelId ?? null;
  }

  #forget(channelId: ChannelId, stream: EventStream): void {
    const streams = this.#byChannel.get(channelId);
    if (!streams?.delete(stream)) return;
    this.#count -= 1;
    if (streams.size === 0) this.#byChannel.delete(channelId);
  }
}
