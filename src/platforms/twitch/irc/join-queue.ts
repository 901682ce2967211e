/** Which rooms are asked for next, and when: within the join limit, patient with rooms that refuse. */
import { type BackoffLimits, backoffMs } from '../../../lib/backoff.ts';
import type { Clock, Timer } from '../../../lib/clock.ts';
import { SlidingWindow, shareOf } from './pacing.ts';
import { batches } from './room-names.ts';
import type { Session } from './session.ts';

export interface JoinQueueDeps {
  readonly clock: Clock;
  readonly random: () => number;
  /** JOIN attempts an account may make in 10 s; 0 is off. */
  readonly joinsPer10s: number;
  readonly limitShare: () => number;
}

/** A room as far as joining goes. */
export interface Joinable {
  /** `#login` */
  readonly name: string;
  /** Where it stands on the newest session. */
  step: 'waiting' | 'asked' | 'refused' | 'joined';
  /** Joins in a row that came to nothing. */
  failures: number;
  /** When it was asked for or joined, or when the next try is due. */
  atMs: number;
}

/** Slightly more than Twitch's 10 s: what leaves evenly may arrive closer together. */
const JOIN_PERIOD_MS = 10_500;
const SHORT_STAY_MS = 30_000;
const JOIN_TIMEOUT_MS = 10_000;
const JOIN_AGAIN: BackoffLimits = { firstMs: 30_000, longestMs: 600_000 };
/** Most JOINs that look after rooms in one step where nothing limits them. */
const LOOKS_WITHOUT_LIMIT = 20;
/** Twitch closes the connection of an account that joins too fast (docs/platforms/twitch.md#rate-limits). */
const CLOSED_BY_JOINS_MS = 5_000;
const AFTER_JOIN_FLOOD: BackoffLimits = { firstMs: 10_000, longestMs: 120_000 };

export class JoinQueue<R extends Joinable> {
  readonly #deps: JoinQueueDeps;
  readonly #timedOut: (rooms: readonly R[]) => void;
  readonly #waiting = new Set<R>();
  /** Oldest first. */
  readonly #asked = new Set<R>();
  readonly #refused = new Set<R>();
  readonly #joins = new SlidingWindow(JOIN_PERIOD_MS);
  #session: Session | null = null;
  #timer: Timer | null = null;
  #lastJoinMs = Number.NEGATIVE_INFINITY;
  #floods = 0;
  #pausedUntilMs = 0;

  /** @param timedOut gets rooms that were asked for and stayed silent; it puts each back with `postpone` */
  constructor(deps: JoinQueueDeps, timedOut: (rooms: readonly R[]) => void) {
    this.#deps = deps;
    this.#timedOut = timedOut;
  }

  /** The session that joins from now on. */
  get session(): Session | null {
    return this.#session;
  }

  /** True when every room is joined or has been refused. */
  get isSettled(): boolean {
    return this.#session !== null && this.#waiting.size === 0 && this.#asked.size === 0;
  }

  start(session: Session): void {
    this.#session = session;
  }

  /** The session is gone; the first close after a JOIN may be chance, from the second on joining pauses. */
  stop(): void {
    const now = this.#deps.clock.monotonicMs();
    this.#session = null;
    if (this.#asked.size > 0 && now - this.#lastJoinMs <= CLOSED_BY_JOINS_MS) {
      this.#floods += 1;
      const strikes = this.#floods - 1;
      if (strikes > 0) this.#pausedUntilMs = now + backoffMs(strikes, AFTER_JOIN_FLOOD, this.#deps.random);
    }
    for (const room of this.#asked) this.wait(room);
  }

  /** To be joined as soon as the limit allows. */
  wait(room: R): void {
    this.remove(room);
    room.step = 'waiting';
    this.#waiting.add(room);
  }

  joined(room: R): void {
    this.remove(room);
    room.step = 'joined';
    room.failures = 0;
    room.atMs = this.#deps.clock.monotonicMs();
    if (this.isSettled) this.#floods = 0;
  }

  /** After being put out of a room that was joined: at once, unless that follows every join. */
  rejoin(room: R): void {
    if (this.#deps.clock.monotonicMs() - room.atMs < SHORT_STAY_MS) this.postpone(room);
    else this.wait(room);
  }

  /** To be tried again, each time later. */
  postpone(room: R): void {
    this.remove(room);
    room.step = 'refused';
    room.failures += 1;
    room.atMs = this.#deps.clock.monotonicMs() + backoffMs(room.failures, JOIN_AGAIN, this.#deps.random);
    this.#refused.add(room);
  }

  remove(room: R): void {
    this.#waiting.delete(room);
    this.#asked.delete(room);
    this.#refused.delete(room);
  }

  /** JOINs that may be spent on looks: half of the limit stays free for rooms to come, all of it while some wait. */
  spareJoins(nowMs: number): number {
    if (!this.isSettled || nowMs < this.#pausedUntilMs) return 0;
    const max = this.#max();
    if (max === 0) return LOOKS_WITHOUT_LIMIT;
    return Math.max(0, this.#joins.free(nowMs, max) - Math.floor(max / 2));
  }

  spend(nowMs: number, count: number): void {
    this.#joins.take(nowMs, count, this.#max());
  }

  /** Asks for what may be asked for now and comes back by itself when there is more to do. */
  pump(): void {
    const now = this.#deps.clock.monotonicMs();
    for (const room of this.#refused) if (room.atMs <= now) this.wait(room);
    const silent = this.#silentRooms(now);
    if (silent.length > 0) this.#timedOut(silent);
    if (this.#session) this.#ask(this.#session, now);
    this.#timer?.cancel();
    const wakeMs = this.#nextWakeMs(now);
    this.#timer = wakeMs === null ? null : this.#deps.clock.setTimer(wakeMs - now, () => this.pump());
  }

  close(): void {
    this.#timer?.cancel();
    this.#session = null;
  }

  #silentRooms(now: number): R[] {
    const silent: R[] = [];
    for (const room of this.#asked) {
      if (room.atMs + JOIN_TIMEOUT_MS > now) break;
      silent.push(room);
    }
    return silent;
  }

  #ask(session: Session, now: number): void {
    if (now < this.#pausedUntilMs) return;
    const max = this.#max();
    const free = this.#joins.free(now, max);
    const names: string[] = [];
    for (const room of this.#waiting) {
      if (names.length >= free) break;
      this.#waiting.delete(room);
      room.step = 'asked';
      room.atMs = now;
      this.#asked.add(room);
      names.push(room.name);
      // An earlier JOIN may have succeeded unseen, and a repeated one is not answered (docs/platforms/twitch.md#join-and-part).
      if (room.failures > 0) session.write(`PART ${room.name}`);
    }
    if (names.length === 0) return;
    for (const list of batches(names)) session.write(`JOIN ${list}`);
    this.#joins.take(now, names.length, max);
    this.#lastJoinMs = now;
  }

  /** 0 is no limit. */
  #max(): number {
    return shareOf(this.#deps.joinsPer10s, this.#deps.limitShare());
  }

  #nextWakeMs(now: number): number | null {
    if (!this.#session) return null;
    let first = Number.POSITIVE_INFINITY;
    for (const room of this.#asked) {
      first = room.atMs + JOIN_TIMEOUT_MS;
      break;
    }
    for (const room of this.#refused) first = Math.min(first, room.atMs);
    if (this.#waiting.size > 0) {
      first = Math.min(first, Math.max(this.#pausedUntilMs, this.#joins.nextFreeMs(now, this.#max())));
    }
    return first === Number.POSITIVE_INFINITY ? null : first;
  }
}
