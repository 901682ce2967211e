/** Finds rooms that Twitch forgot while the connection lives: a repeated JOIN is answered only where it was needed (docs/platforms/twitch.md#join-and-part). */
import type { Clock, Timer } from '../../../lib/clock.ts';
import type { Joinable, JoinQueue } from './join-queue.ts';
import { batches } from './room-names.ts';
import type { Session } from './session.ts';

/** A room as far as it can be forgotten. */
export interface Forgettable extends Joinable {
  readonly joinedOn: Session | null;
  /** When it was last known to be ours: a line came, it was joined, or it was looked at without an answer. */
  provenMs: number;
  /** When it was looked at last. */
  lookedMs: number;
  /** Above 0 while somebody waits for a look; who asked last has the highest. */
  urgency: number;
}

interface RoomLooksDeps<R extends Forgettable> {
  readonly clock: Clock;
  readonly queue: Pick<JoinQueue<R>, 'session' | 'spareJoins' | 'spend'>;
  readonly rooms: () => Iterable<R>;
}

/** Shorter than the window of the join limit, so that what is free in it is used soon. */
const LOOK_EVERY_MS = 1_000;
/** A room that brings no line for this long is looked at; waiting for its turn it stays within a minute. */
const QUIET_MS = 30_000;
/** Later than this a refusal answers something else. */
const ANSWER_MS = 10_000;

export class RoomLooks<R extends Forgettable> {
  readonly #deps: RoomLooksDeps<R>;
  #timer: Timer | null = null;
  #wishes = 0;

  constructor(deps: RoomLooksDeps<R>) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer ??= this.#plan();
  }

  /** At the next step, before all others and whatever it has brought: one that is asked for alone passes a thousand. */
  hurry(room: R): void {
    this.#wishes += 1;
    room.urgency = this.#wishes;
  }

  /** Whether what Twitch says of the room may answer a look. */
  isAsked(room: R): boolean {
    return this.#deps.clock.monotonicMs() - room.lookedMs <= ANSWER_MS;
  }

  close(): void {
    this.#timer?.cancel();
  }

  #plan(): Timer {
    return this.#deps.clock.setTimer(LOOK_EVERY_MS, () => {
      this.#timer = this.#plan();
      this.#look();
    });
  }

  /** Those that somebody asks for come first, then those that were silent longest; as many as the join limit leaves. */
  #look(): void {
    const { clock, queue, rooms } = this.#deps;
    const { session } = queue;
    const nowMs = clock.monotonicMs();
    const spare = session === null ? 0 : queue.spareJoins(nowMs);
    if (session === null || spare === 0) return;
    const quiet = [...rooms()].filter(
      ({ joinedOn, step, provenMs, urgency }) =>
        joinedOn === session && step === 'joined' && (urgency > 0 || nowMs - provenMs >= QUIET_MS),
    );
    const looked = quiet.sort((a, b) => b.urgency - a.urgency || a.provenMs - b.provenMs).slice(0, spare);
    if (looked.length === 0) return;
    for (const room of looked) {
      room.urgency = 0;
      room.provenMs = nowMs;
      room.lookedMs = nowMs;
    }
    for (const list of batches(looked.map(({ name }) => name))) session.write(`JOIN ${list}`);
    queue.spend(nowMs, looked.length);
  }
}
