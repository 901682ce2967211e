/** What becomes of a text before it is written to a Twitch chat: no plain repetition. */
import type { Clock } from '../../../lib/clock.ts';
import type { SendOutcome } from '../../worker-side.ts';

/** One message on its way: how it is written, and what is learned from its outcome. */
export interface Utterance {
  wording(isPrivileged: boolean): string;
  /** @returns the outcome, corrected when a refusal proves that an earlier try had arrived */
  end(outcome: SendOutcome): SendOutcome;
}

const REPETITION_MS = 30_000;
/**
 * Ends that no chat draws and Twitch keeps, each another text to it: none, U+034F, U+FE0F. It removes the block of
 * U+E0000, which clients wrote before (github.com/Chatterino/chatterino2/pull/6417, merged 2025-08-26, whose choice is
 * U+034F since); emoji are made with U+FE0F. Two of them, should Twitch come to remove one.
 */
const ENDS = ['', ' \u034F', ' \uFE0F'] as const;
const LONGEST_END = Math.max(...ENDS.map(({ length }) => length));
/** UTF-16 units, as the core counts them for this platform. */
const LONGEST_TEXT = 500;
const ELLIPSIS = '…';

/** What is known of a text in one place. */
interface Written {
  readonly plain: string;
  readonly atMs: number;
  /** The end that was written last and not refused; null for none. */
  readonly end: number | null;
  /** False while Twitch has not said whether it took the text. */
  readonly isConfirmed: boolean;
  /** Ends that were refused as a repetition. */
  readonly refused: ReadonlySet<number>;
}

/**
 * Remembers the last text written for each sender and channel: Twitch drops an equal one within 30 s when the sender is
 * not privileged there.
 */
export class Repetitions {
  readonly #clock: Clock;
  /** Oldest first. */
  readonly #last = new Map<string, Written>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param place one text per sender and channel */
  begin(place: string, plain: string): Utterance {
    let end = 0;
    return {
      wording: (isPrivileged) => {
        end = this.#endFor(place, plain, isPrivileged);
        return varied(plain, ENDS[end] ?? '');
      },
      end: (outcome) => {
        const last = this.#recent(place, plain);
        if (outcome.kind === 'sent') this.#remember(place, { plain, end, isConfirmed: true, refused: new Set() });
        else if (outcome.kind === 'unconfirmed') {
          this.#remember(place, { plain, end, isConfirmed: false, refused: last?.refused ?? new Set() });
        } else if (outcome.reason === 'msg_duplicate') {
          // The same text went out before and was never answered: only that one can be what it repeats.
          const hadArrived = last?.end === end && !last.isConfirmed;
          if (hadArrived) {
            this.#remember(place, { ...last, isConfirmed: true });
            return { kind: 'sent', platformMessageId: null };
          }
          const before = last ?? { plain, end: null, isConfirmed: true, refused: new Set<number>() };
          this.#remember(place, { ...before, refused: new Set([...before.refused, end]) });
        }
        return outcome;
      },
    };
  }

  /** The first end that is neither what was written last nor refused; after an open fate the same once more. */
  #endFor(place: string, plain: string, isPrivileged: boolean): number {
    const last = this.#recent(place, plain);
    if (last === null) return 0;
    if (!last.isConfirmed && last.end !== null) return last.end;
    if (isPrivileged && last.refused.size === 0) return 0;
    const free = ENDS.findIndex((_, index) => index !== last.end && !last.refused.has(index));
    return free === -1 ? 0 : free;
  }

  #recent(place: string, plain: string): Written | null {
    const last = this.#last.get(place);
    if (!last || this.#clock.monotonicMs() - last.atMs >= REPETITION_MS) return null;
    return collapsed(last.plain) === collapsed(plain) ? last : null;
  }

  #remember(place: string, written: Omit<Written, 'atMs'>): void {
    const nowMs = this.#clock.monotonicMs();
    this.#last.delete(place);
    this.#last.set(place, { ...written, atMs: nowMs });
    for (const [oldest, { atMs }] of this.#last) {
      if (nowMs - atMs < REPETITION_MS) break;
      this.#last.delete(oldest);
    }
  }
}

/** The longest texts give up their end for it, and say so. */
function varied(text: string, end: string): string {
  const room = LONGEST_TEXT - LONGEST_END;
  if (end === '' || text.length <= room) return text + end;
  let kept = '';
  for (const character of text) {
    if (kept.length + character.length + ELLIPSIS.length > room) break;
    kept += character;
  }
  return kept.trimEnd() + ELLIPSIS + end;
}

function collapsed(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}
