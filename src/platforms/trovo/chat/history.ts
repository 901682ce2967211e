/** Tells history from chat: Trovo hands out recent lines after each AUTH, in frames that look like any other (docs/platforms/trovo.md#history-on-connect). */
import type { Clock } from '../../../lib/clock.ts';
import type { ChatFrame } from './frames.external.ts';

/** How long after AUTH a frame may be history because it looks like it: Trovo sends history at once. */
const HINTS_COUNT_FOR_MS = 10_000;

/**
 * One per channel, over all its connections. A line written while the connection was down is news when history brings
 * it. Lines from the second of the newest line read so far are news again, so whoever answers has to skip known ids.
 */
export class History {
  readonly #clock: Clock;
  /** Lines from before this second are history; null before the first connection. */
  #newsSinceS: number | null = null;
  /** Second of the newest line read so far. It takes effect with the next connection, because history is not sorted. */
  #newestS = 0;
  #isFirst = true;
  #acceptedAtMs = 0;
  #acceptedAtS = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A connection was authorized, so history follows. */
  accepted(): void {
    this.#isFirst = this.#newsSinceS === null;
    this.#newsSinceS = Math.max(this.#newsSinceS ?? this.#nowS(), this.#newestS);
    this.#acceptedAtMs = this.#clock.monotonicMs();
    this.#acceptedAtS = this.#nowS();
  }

  /** @param sendTimeS of the line; null where it has none */
  isBacklog(frame: ChatFrame, sendTimeS: number | null): boolean {
    const newsSinceS = this.#newsSinceS ?? 0;
    // Times are whole seconds: a line of this very second counts as news, unless its frame looks like history.
    if (sendTimeS !== null && sendTimeS < newsSinceS) return true;
    const mayBeHinted = this.#isFirst || sendTimeS === null;
    return mayBeHinted && this.#isRecent() && looksLikeHistory(frame);
  }

  /** Whether the line was written before AUTH and therefore comes late. It may be history or news. */
  isFetched(sendTimeS: number | null): boolean {
    return sendTimeS !== null && sendTimeS < this.#acceptedAtS;
  }

  /** The second from which on every line should have been read. */
  get knownUntilS(): number {
    return Math.max(this.#newestS, this.#acceptedAtS);
  }

  /** Whether what arrives now may have been written long ago. */
  get isBeingTold(): boolean {
    return this.#isRecent();
  }

  /** Remembers the time of a line. A time ahead of our clock is capped, or later lines would be history. */
  read(sendTimeS: number | null): void {
    if (sendTimeS !== null) this.#newestS = Math.max(this.#newestS, Math.min(sendTimeS, this.#nowS()));
  }

  #isRecent(): boolean {
    return this.#clock.monotonicMs() - this.#acceptedAtMs < HINTS_COUNT_FOR_MS;
  }

  #nowS(): number {
    return Math.floor(this.#clock.now().getTime() / 1000);
  }
}

function looksLikeHistory({ channel_info: channel, data }: ChatFrame): boolean {
  return !channel || data?.eid?.split('_')[1] === '0';
}
