/** The channels something is going on in: which step each is at, what it waits for, how many may send at once. */
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import { WakeTimes } from './wake-times.ts';

/** One channel's way to the platform: one message at a time. */
export interface Lane {
  readonly channelId: ChannelId;
  /** `resting` until a wake-up; `asking` for its sender; `ready` for a claim; `taken` while a row of it is ours. */
  step: 'resting' | 'asking' | 'ready' | 'taken';
  /** The lane was woken while it was busy: it looks again when it is done. */
  isDirty: boolean;
  /** A hint came while the lane was busy: a new message may go before the one it found. */
  isHinted: boolean;
  /** The next message of the lane is probably an answer. Room that answers may not use does not help the lane then. */
  isAnswerNext: boolean;
  /** The next claim ignores the row's own waiting time. */
  isEager: boolean;
  /** Sends of the row `missedId` that did not settle it. */
  misses: number;
  missedId: string | null;
  /** Nobody can speak there at present. */
  lacksSender: boolean;
}

const SENDING_MAX = 64;

export class Lanes {
  readonly #lanes = new Map<ChannelId, Lane>();
  readonly #alarms: WakeTimes;
  readonly #start: (lane: Lane) => void;
  #taken = 0;
  #isClosed = false;

  /** @param start what a lane does when it is woken while it rests */
  constructor(clock: Clock, start: (lane: Lane) => void) {
    this.#alarms = new WakeTimes(clock, (channelId) => this.resume(channelId));
    this.#start = start;
  }

  get taken(): number {
    return this.#taken;
  }

  get free(): number {
    return SENDING_MAX - this.#taken;
  }

  lacksSender(channelId: ChannelId): boolean {
    return this.#lanes.get(channelId)?.lacksSender ?? false;
  }

  of(channelId: ChannelId): Lane {
    const known = this.#lanes.get(channelId);
    if (known) return known;
    const lane: Lane = {
      channelId,
      step: 'resting',
      isDirty: false,
      isHinted: false,
      isAnswerNext: false,
      isEager: false,
      misses: 0,
      missedId: null,
      lacksSender: false,
    };
    this.#lanes.set(channelId, lane);
    return lane;
  }

  /** There may be something new in the channel. A lane that is busy remembers it. */
  wake(channelId: ChannelId, isEager = false): void {
    if (this.#isClosed) return;
    const lane = this.of(channelId);
    lane.isEager ||= isEager;
    lane.isAnswerNext = false;
    lane.isHinted = lane.step !== 'resting';
    this.resume(channelId);
  }

  /** What the channel waited for may have come. */
  resume(channelId: ChannelId): void {
    if (this.#isClosed) return;
    const lane = this.of(channelId);
    if (lane.step !== 'resting') {
      lane.isDirty = true;
      return;
    }
    this.#alarms.drop(channelId);
    lane.isDirty = false;
    lane.step = 'asking';
    this.#start(lane);
  }

  /** The claim follows: it sees what was told of before. */
  take(lane: Lane): void {
    lane.step = 'taken';
    lane.isHinted = false;
    this.#taken += 1;
  }

  /**
   * A send of the row begins. Another row may have come before the one that waits: it does not inherit a long wait.
   *
   * @returns sends of this row without another's between them that did not settle it, this one included
   */
  begin(lane: Lane, rowId: string): number {
    lane.misses = lane.missedId === rowId ? lane.misses + 1 : 1;
    lane.missedId = rowId;
    return lane.misses;
  }

  /** A lane with nothing to remember is forgotten. */
  rest(lane: Lane): void {
    if (lane.step === 'taken') this.#taken -= 1;
    lane.step = 'resting';
    if (lane.isDirty && !this.#isClosed) this.resume(lane.channelId);
    else if (!lane.isEager && !lane.lacksSender && !lane.isAnswerNext && lane.misses === 0)
      this.#lanes.delete(lane.channelId);
  }

  /** Further rows change nothing for the one that waits, unless one was told of that may go before it. */
  restFor(lane: Lane, delayMs: number): void {
    lane.isDirty = lane.isHinted;
    lane.isHinted = false;
    this.rest(lane);
    this.wait(lane.channelId, delayMs);
  }

  /** Like `restFor`, for a wait that an eager lane need not keep. */
  retryIn(lane: Lane, delayMs: number): void {
    if (!lane.isEager) {
      this.restFor(lane, delayMs);
      return;
    }
    lane.isDirty = true;
    this.rest(lane);
  }

  /** Wakes the channel later, unless something is going on in it. */
  wait(channelId: ChannelId, delayMs: number): void {
    const step = this.#lanes.get(channelId)?.step ?? 'resting';
    if (step === 'resting' && !this.#isClosed) this.#alarms.set(channelId, delayMs);
  }

  /** Wakes nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#alarms.clear();
  }
}
