/** Tells history from chat: Trovo hands out recent lines after each AUTH, in frames that look like any other (docs/platforms/trovo.md#history-on-connect). */
import type { Clock } from '../../../lib/clock.ts';
import type { ChatFrame } from './frames.external.ts';

/** History follows AUTH at once: later, a hint of history means nothing. */
const HINTS_COUNT_FOR_MS = 10_000;

/**
 * One per channel, over all its connections: what was written while the connection was down is news when history brings
 * it. Lines that come again count as news within the second of the newest one; whoever answers them knows their ids.
 */
export class History {
  readonly #clock: Clock;
  /** Lines from before this second are history; null before the first connection. */
  #newsSinceS: number | null = null;
  /** The newest line read so far. Takes effect with the next connection: history comes in no certain order. */
  #newestS = 0;
  #isFirst = true;
  #acceptedAtMs = 0;
  #acceptedAtS = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A connection was let in: history follows. */
  accepted(): void {
    this.#isFirst = this.#newsSinceS === null;
    this.#newsSinceS = Math.max(this.#newsSinceS ?? this.#nowS(), this.#newestS);
    this.#acceptedAtMs = this.#clock.monotonicMs();
    this.#acceptedAtS = this.#nowS();
  }

  /** @param sendTimeS of the line; null where it has none */
  isBacklog(frame: ChatFrame, sendTimeS: number | null): boolean {
    const newsSinceS = this.#newsSinceS ?? 0;
    // Only to the second: what was written in the very second counts as news, unless it looks like history.
    if (sendTimeS !== null && sendTimeS < newsSinceS) return true;
    const mayBeHinted = this.#isFirst || sendTimeS === null;
    return mayBeHinted && this.#isRecent() && looksLikeHistory(frame);
  }

  /** Written before the connection was let in: it was handed out late, be it news or not. */
  isFetched(sendTimeS: number | null): boolean {
    return sendTimeS !== null && sendTimeS < this.#acceptedAtS;
  }

  /** A time ahead of ours must not turn what follows into history. */
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
