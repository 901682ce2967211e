/** What becomes of a text before it is written to a Twitch chat: no plain repetition. */
import type { Clock } from '../../../lib/clock.ts';
import type { SendOutcome } from '../../platform.ts';

/** One message on its way: how it is written, and what is learned from its outcome. */
export interface Utterance {
  wording(isPrivileged: boolean): string;
  /** @returns the outcome, corrected when a refusal proves that an earlier try had arrived */
  end(outcome: SendOutcome): SendOutcome;
}

const REPETITION_MS = 30_000;
/** Not drawn by any chat, and no white space that Twitch would collapse. */
const INVISIBLE = ' \u{E0000}';
/** UTF-16 units, as the core counts them for this platform. */
const LONGEST_TEXT = 500;
const ELLIPSIS = '…';

interface Written {
  readonly text: string;
  readonly atMs: number;
  /** False while Twitch has not said whether it took the text. */
  readonly isConfirmed: boolean;
}

/**
 * Remembers the last text written for each sender and channel: Twitch drops an equal one within 30 s when
 * the sender is not privileged there (sheet §1.10).
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
    let written = plain;
    return {
      wording: (isPrivileged) => {
        if (!isPrivileged && this.#recent(place, plain)?.isConfirmed) written = varied(plain);
        return written;
      },
      end: (outcome) => {
        // The same text went out before and was never answered: only that one can be what it repeats.
        const hadArrived = this.#recent(place, written)?.isConfirmed === false;
        if (outcome.kind === 'sent') this.#remember(place, written, true);
        else if (outcome.kind === 'unconfirmed') this.#remember(place, written, false);
        else if (outcome.reason === 'msg_duplicate') {
          this.#remember(place, written, true);
          if (hadArrived) return { kind: 'sent', platformMessageId: null };
        }
        return outcome;
      },
    };
  }

  #recent(place: string, text: string): Written | null {
    const last = this.#last.get(place);
    if (!last || this.#clock.monotonicMs() - last.atMs >= REPETITION_MS) return null;
    return collapsed(last.text) === collapsed(text) ? last : null;
  }

  #remember(place: string, text: string, isConfirmed: boolean): void {
    const nowMs = this.#clock.monotonicMs();
    this.#last.delete(place);
    this.#last.set(place, { text, atMs: nowMs, isConfirmed });
    for (const [oldest, { atMs }] of this.#last) {
      if (nowMs - atMs < REPETITION_MS) break;
      this.#last.delete(oldest);
    }
  }
}

/** The longest texts give up their end for it, and say so. */
function varied(text: string): string {
  const room = LONGEST_TEXT - INVISIBLE.length;
  if (text.length <= room) return text + INVISIBLE;
  let kept = '';
  for (const character of text) {
    if (kept.length + character.length + ELLIPSIS.length > room) break;
    kept += character;
  }
  return kept.trimEnd() + ELLIPSIS + INVISIBLE;
}

function collapsed(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}
