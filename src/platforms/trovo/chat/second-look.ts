/**
 * Whether lines were written that the reading connection was not given. A second connection tells: Trovo shows the recent
 * chat to whoever comes (docs/platforms/trovo.md#proof-of-life).
 */
import type { Clock } from '../../../lib/clock.ts';
import { kindOf } from './chat-message.ts';
import { type ChatFrame, chatItem } from './frames.external.ts';
import { Session } from './session.ts';

export interface SecondLookDeps {
  readonly socketUrl: string;
  readonly clock: Clock;
  /** Nobody wants to know any more. */
  readonly signal: AbortSignal;
}

/** Trovo shows the recent chat at once. */
const HISTORY_WITHIN_MS = 5_000;
/** What was written later may still be on its way. */
const ON_THE_WAY_S = 10;

/** @param afterS only lines of a later second count @returns how many there are; null when the chat was not shown */
export function linesWrittenAfter(deps: SecondLookDeps, chatToken: string, afterS: number): Promise<number | null> {
  const { socketUrl: url, clock, signal } = deps;
  const untilS = Math.floor(clock.now().getTime() / 1000) - ON_THE_WAY_S;
  let lines: number | null = null;
  const count = ({ data }: ChatFrame) => {
    for (const raw of data?.chats ?? []) {
      const { data: item } = chatItem.safeParse(raw);
      if (!item || kindOf(item.type) !== 'written') continue;
      const writtenS = item.send_time ?? 0;
      if (writtenS > afterS && writtenS <= untilS) lines = (lines ?? 0) + 1;
    }
  };
  return new Promise((resolve) => {
    const session = new Session({
      url,
      clock,
      chatToken,
      handlers: {
        accepted: () => {
          lines = 0;
          clock.setTimer(HISTORY_WITHIN_MS, () => void session.close(), { unref: true });
        },
        chat: count,
        unreadable: () => {},
        ended: () => {
          signal.removeEventListener('abort', leave);
          resolve(lines);
        },
      },
    });
    const leave = () => void session.close();
    signal.addEventListener('abort', leave);
  });
}
