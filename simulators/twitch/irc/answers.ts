/** How the chat server answers a PRIVMSG of an account: at once, late, or never, although the message is taken. */
export class SendAnswers {
  #lost = 0;
  #late = { times: 0, delayMs: 0 };

  lose(times: number): void {
    this.#lost = times;
  }

  delay(delayMs: number, times: number): void {
    this.#late = { times, delayMs };
  }

  /** @returns milliseconds to wait, null for no answer at all; counts the message */
  take(): number | null {
    if (this.#lost > 0) {
      this.#lost -= 1;
      return null;
    }
    if (this.#late.times === 0) return 0;
    this.#late.times -= 1;
    return this.#late.delayMs;
  }
}
