/** Every chat message a simulated platform took over, with the moment it arrived. */

export interface AcceptedMessage {
  readonly id: string;
  /** The channel's login when the message came. */
  readonly channel: string;
  readonly channelId: string;
  readonly author: string;
  readonly authorId: string;
  readonly text: string;
  /** How it came in: `irc`, `helix`, `script` (a person of the simulation wrote it), or what another platform has. */
  readonly transport: string;
  readonly replyTo: string | null;
  /** Arrival in milliseconds since 1970 with fractions; comparable with other processes of this machine. */
  readonly arrivedAtMs: number;
}

const KEPT_MESSAGES = 500_000;

export class MessageLog {
  #messages: AcceptedMessage[] = [];
  readonly #listeners = new Set<(message: AcceptedMessage) => void>();

  add(message: AcceptedMessage): void {
    this.#messages.push(message);
    if (this.#messages.length > KEPT_MESSAGES) this.#messages = this.#messages.slice(KEPT_MESSAGES / 2);
    for (const listener of this.#listeners) listener(message);
  }

  in(channelId: string): AcceptedMessage[] {
    return this.#messages.filter((message) => message.channelId === channelId);
  }

  all(): readonly AcceptedMessage[] {
    return this.#messages;
  }

  clear(): void {
    this.#messages = [];
  }

  /** @returns what ends the listening */
  listen(listener: (message: AcceptedMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
