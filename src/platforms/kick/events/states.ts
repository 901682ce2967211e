/** What event subscriptions mean for the chat of a channel, in the words every reader uses. */
import { CREDENTIALS_UNAVAILABLE } from '../../no-credential.ts';
import type { ReaderState } from '../../worker-side.ts';
import { type Ensured, NO_APP_TOKEN } from './subscriptions.ts';

const CHAT = 'chat.message.sent';
/** What only the streamer can mend: by linking the account again, with every right. */
const RELINK = /^(unauthorized|forbidden|refused_40[13])$/i;

/** @param before as it was at the last look, null at the first */
export function readingState(ensured: Ensured, before: ReaderState | null): ReaderState {
  // A list that cannot be had says nothing new: deliveries do not depend on it.
  if ('unknown' in ensured) {
    const isNews = before === null || before.kind === 'connecting';
    if (isNews && ensured.unknown === NO_APP_TOKEN) return CREDENTIALS_UNAVAILABLE;
    return isNews ? { kind: 'connecting', reason: ensured.unknown } : before;
  }
  const chat = ensured.get(CHAT);
  if (chat?.status !== 'active') {
    const reason = chat?.reason ?? 'not_subscribed';
    return RELINK.test(reason)
      ? { kind: 'needs_user_action', reason: 'reconnect_required' }
      : { kind: 'degraded', reason };
  }
  const [lacking] = [...ensured].filter(([, { status }]) => status !== 'active');
  if (lacking === undefined) return { kind: 'live', reason: null };
  const [event, { reason }] = lacking;
  return { kind: 'degraded', reason: `${event}: ${reason ?? 'not_subscribed'}` };
}
