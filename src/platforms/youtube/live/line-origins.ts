/** Remembers in which of several chats a line was written: an answer belongs where the question was asked. */
import type { PlatformMessageId } from '../../../lib/brand.ts';

/** A message lives for minutes; only channels with several chats at once keep any. */
const KEPT = 1000;

export class LineOrigins {
  /** Chats by ids of lines, oldest first. */
  readonly #chats = new Map<string, string>();

  note(lineId: string, liveChatId: string): void {
    this.#chats.set(lineId, liveChatId);
    const [oldest] = this.#chats.keys();
    if (this.#chats.size > KEPT && oldest !== undefined) this.#chats.delete(oldest);
  }

  /** @returns null for lines of one chat alone, or of long ago */
  of(line: PlatformMessageId | null): string | null {
    return line === null ? null : (this.#chats.get(line) ?? null);
  }
}
