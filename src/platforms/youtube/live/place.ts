/** Where a message for a channel goes. */
import type { Said } from '../../causes/cause.ts';
import type { ReaderState } from '../../worker-side.ts';

export type Place =
  | { kind: 'chat'; liveChatId: string }
  | { kind: 'offline' }
  /** Nobody has looked yet, or nobody could. */
  | ({ kind: 'unknown' } & Said);

/** @param trouble what keeps the channel from being looked at */
export function unknownPlace({ reason, detail }: ReaderState): Place {
  return { kind: 'unknown', reason: reason ?? 'live_check_pending', ...(detail === undefined ? {} : { detail }) };
}
