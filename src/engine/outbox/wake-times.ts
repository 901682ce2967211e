/** When each waiting channel is to be looked at again, behind one timer for all of them. */
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock, Timer } from '../../lib/clock.ts';

interface Alarm {
  readonly channelId: ChannelId;
  readonly atMs: number;
  /** Alarms of the same moment go off in the order they were set. */
  readonly order: number;
}

/** Replaced alarms that may stay in the heap besides one for each live alarm. */
const SLACK = 256;

export class WakeTimes {
  readonly #clock: Clock;
  readonly #fire: (channelId: ChannelId) => void;
  readonly #alarms = new Map<ChannelId, Alarm>();
  /** A binary heap; an alarm that `#alarms` no longer holds has been replaced or dropped. */
  readonly #heap: Alarm[] = [];
  #timer: Timer | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #alarmsSet = 0;

  constructor(clock: Clock, fire: (channelId: ChannelId) => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  get size(): number {
    return this.#alarms.size;
  }

  /** Replaces the channel's earlier alarm. */
  set(channelId: ChannelId, delayMs: number): void {
    const atMs = this.#clock.monotonicMs() + Math.max(0, delayMs);
    const alarm = { channelId, atMs, order: this.#alarmsSet++ };
    this.#alarms.set(channelId, alarm);
    this.#heap.push(alarm);
    this.#rise(this.#heap.length - 1);
    if (this.#heap.length > SLACK + 2 * this.#alarms.size) this.#rebuild();
    this.#arm();
  }

  drop(channelId: ChannelId): void {
    this.#alarms.delete(channelId);
  }

  clear(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    this.#alarms.clear();
    this.#heap.length = 0;
  }

  #arm(): void {
    for (let head = this.#heap[0]; head && this.#alarms.get(head.channelId) !== head; head = this.#heap[0]) this.#pop();
    const nextMs = this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY;
    if (nextMs === this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = nextMs;
    this.#timer =
      nextMs === Number.POSITIVE_INFINITY
        ? null
        : this.#clock.setTimer(nextMs - this.#clock.monotonicMs(), () => this.#ring(), { unref: true });
  }

  #ring(): void {
    this.#timer = null;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#clock.monotonicMs();
    const due: ChannelId[] = [];
    for (let head = this.#heap[0]; head && head.atMs <= nowMs; head = this.#heap[0]) {
      this.#pop();
      if (this.#alarms.get(head.channelId) !== head) continue;
      this.#alarms.delete(head.channelId);
      due.push(head.channelId);
    }
    for (const channelId of due) this.#fire(channelId);
    this.#arm();
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  /** Removes replaced alarms, which would pile up while the next alarm is far away. */
  #rebuild(): void {
    const live = [...this.#alarms.values()].sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    this.#heap.splice(0, this.#heap.length, ...live);
  }

  #rise(from: number): void {
    for (let index = from; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #sink(from: number): void {
    for (let index = from; ; ) {
      const [left, right] = [index * 2 + 1, index * 2 + 2];
      let first = index;
      if (this.#isBefore(left, first)) first = left;
      if (this.#isBefore(right, first)) first = right;
      if (first === index) return;
      this.#swap(index, first);
      index = first;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (!first || !second) return false;
    return first.atMs < second.atMs || (first.atMs === second.atMs && first.order < second.order);
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]];
    if (!first || !second) return;
    this.#heap[a] = second;
    this.#heap[b] = first;
  }
}
