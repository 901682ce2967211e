/** How the next clients of the chat socket are answered, where a script wants it otherwise. */

export type AuthAnswer = { kind: 'usual' } | { kind: 'ignored' } | { kind: 'refused'; error: string };

const USUAL_GAP_S = 30;

export class SocketScript {
  /** So many clients are shown the history before they are told that they are let in. */
  earlyHistories = 0;
  /** What PONG asks for; the last one stays. */
  gaps: number[] = [USUAL_GAP_S];
  /** So many of the next pings stay unanswered. */
  unansweredPings = 0;
  readonly #authAnswers: { answer: AuthAnswer; times: number }[] = [];

  answerAuth(answer: AuthAnswer, times: number): void {
    this.#authAnswers.push({ answer, times });
  }

  takeAuth(): AuthAnswer {
    const scripted = this.#authAnswers[0];
    if (!scripted) return { kind: 'usual' };
    scripted.times -= 1;
    if (scripted.times <= 0) this.#authAnswers.shift();
    return scripted.answer;
  }

  takeEarlyHistory(): boolean {
    if (this.earlyHistories <= 0) return false;
    this.earlyHistories -= 1;
    return true;
  }

  /** @returns null for a ping that is not answered */
  takeGap(): number | null {
    if (this.unansweredPings > 0) {
      this.unansweredPings -= 1;
      return null;
    }
    return (this.gaps.length > 1 ? this.gaps.shift() : this.gaps[0]) ?? USUAL_GAP_S;
  }

  clear(): void {
    this.#authAnswers.length = 0;
    this.earlyHistories = 0;
    this.unansweredPings = 0;
    this.gaps = [USUAL_GAP_S];
  }
}
