/** Notices when what was sent does not show up in the chat: held back, or seen by nobody but its sender (docs/platforms/youtube.md#pitfalls). */
import type { ChannelId } from '../../../lib/brand.ts';
import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { ReaderState } from '../../worker-side.ts';

interface EchoWatchDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** The judgement of a channel changed. */
  readonly changed: (channelId: ChannelId) => void;
}

/** Chat reaches us within seconds where it reaches us at all. */
const PATIENCE_MS = 30_000;
const SEEN_KEPT = 2000;

export class EchoWatch {
  readonly #deps: EchoWatchDeps;
  /** Awaited ids of each channel. */
  readonly #awaited = new Map<ChannelId, Set<string>>();
  readonly #missing = new Set<ChannelId>();
  /** Channels where nothing at all has come since the message: what keeps it back is not known. */
  readonly #unseen = new Set<ChannelId>();
  /** When a line came last. */
  readonly #lineAtMs = new Map<ChannelId, number>();
  /** Of all channels, oldest first: an echo may come before the answer that names it. */
  readonly #seen = new Set<string>();

  constructor(deps: EchoWatchDeps) {
    this.#deps = deps;
  }

  /** @param isHeard whether lines arrive as they are written, now and when the patience ends */
  sent(channelId: ChannelId, id: string, isHeard: () => boolean): void {
    if (this.#seen.has(id)) this.#heard(channelId);
    if (this.#seen.has(id) || !isHeard()) return;
    const awaited = this.#awaited.get(channelId) ?? new Set();
    this.#awaited.set(channelId, awaited.add(id));
    const sentAtMs = this.#deps.clock.monotonicMs();
    const give = () => {
      if (!awaited.delete(id) || !isHeard()) return;
      // A chat that brings nobody's lines may be quiet, held back or no longer delivered.
      if ((this.#lineAtMs.get(channelId) ?? Number.NEGATIVE_INFINITY) > sentAtMs) this.#miss(channelId);
      else this.#lose(channelId);
    };
    this.#deps.clock.setTimer(PATIENCE_MS, give, { unref: true });
  }

  seen(channelId: ChannelId, id: string): void {
    this.#lineAtMs.set(channelId, this.#deps.clock.monotonicMs());
    if (this.#awaited.get(channelId)?.delete(id)) this.#heard(channelId);
    else if (this.#unseen.delete(channelId)) this.#miss(channelId);
    this.#seen.add(id);
    const [oldest] = this.#seen;
    if (this.#seen.size > SEEN_KEPT && oldest !== undefined) this.#seen.delete(oldest);
  }

  /** The reader's word, with the warning where there is one. */
  judge(channelId: ChannelId, state: ReaderState): ReaderState {
    // What one stream kept back says nothing about the next.
    if (state.kind === 'idle') this.#forget(channelId);
    if (state.kind !== 'live' || state.reason !== null) return state;
    if (this.#missing.has(channelId)) return { kind: 'live', reason: 'echo_missing' };
    return this.#unseen.has(channelId) ? { kind: 'live', reason: 'echo_unseen' } : state;
  }

  #miss(channelId: ChannelId): void {
    if (this.#missing.has(channelId)) return;
    this.#missing.add(channelId);
    this.#deps.log.warn('youtube_chatbot.echo_missing', { channelId });
    this.#deps.changed(channelId);
  }

  #lose(channelId: ChannelId): void {
    if (this.#missing.has(channelId) || this.#unseen.has(channelId)) return;
    this.#unseen.add(channelId);
    this.#deps.changed(channelId);
  }

  #heard(channelId: ChannelId): void {
    if (this.#forget(channelId)) this.#deps.changed(channelId);
  }

  /** @returns whether there was a warning */
  #forget(channelId: ChannelId): boolean {
    const wasUnseen = this.#unseen.delete(channelId);
    return this.#missing.delete(channelId) || wasUnseen;
  }
}
