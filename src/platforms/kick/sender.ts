/** Speaks through `POST /public/v1/chat` as the account itself: the answer says whether the chat took the message (docs/platforms/kick.md#send-chat). */

import type { PlatformMessageId } from '../../lib/brand.ts';
import { PlatformUnreachable } from '../../lib/errors.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import type { Said } from '../causes/cause.ts';
import type { CommonDeps } from '../platform.ts';
import type { ChatSender, SendOutcome } from '../worker-side.ts';
import { isFromTheEdge, retryTime } from './api/client.ts';
import { sendAnswer } from './api/kick.external.ts';

type SenderDeps = Pick<CommonDeps, 'http' | 'clock'>;

const NOT_CONFIGURED = 'KICK_SEND_CHAT_URL is not configured';
const CHANNEL_ID = /^[1-9]\d*$/;

export function createSender({ http, clock }: SenderDeps, sendChatUrl: string | null): ChatSender {
  return {
    // Kick knows no windows that a role opens.
    isPrivileged: () => false,
    async send({ target }, text, as, deadlineMs) {
      if (sendChatUrl === null) return { kind: 'unavailable', reason: NOT_CONFIGURED };
      // Beyond the safe integers it would be another streamer's.
      if (!CHANNEL_ID.test(target) || !Number.isSafeInteger(Number(target)))
        return { kind: 'rejected', ...failed(400) };
      try {
        const answer = await http(sendChatUrl, {
          method: 'POST',
          headers: {
            accept: 'application/json',
            authorization: `Bearer ${as.accessToken}`,
            'content-type': 'application/json',
          },
          body: JSON.stringify({ broadcaster_user_id: Number(target), content: text, type: 'user' }),
          timeoutMs: deadlineMs,
        });
        return outcomeOf(answer, clock);
      } catch (error) {
        if (!(error instanceof PlatformUnreachable)) throw error;
        return error.isSent ? { kind: 'unconfirmed', reason: 'unconfirmed' } : { kind: 'unavailable', ...failed(0) };
      }
    },
  };
}

/** The contract's text (docs/contract/workers.md#preconditions-and-lasterror-texts). */
function failed(status: number): Said {
  return { reason: 'platform_refused', detail: `Kick send chat failed (${status})` };
}

function outcomeOf(answer: HttpAnswer, clock: CommonDeps['clock']): SendOutcome {
  const { status } = answer;
  const refusal = failed(status);
  if (status < 300) return verdictOf(answer);
  if (status === 401) return { kind: 'unauthorized', ...refusal };
  if (status === 429) {
    const retryAt = retryTime(answer, clock);
    return { kind: 'unavailable', ...refusal, ...(retryAt === undefined ? {} : { retryAt }) };
  }
  // The edge in front of Kick never looked at the message.
  if (status >= 500 || status === 408 || isFromTheEdge(answer)) return { kind: 'unavailable', ...refusal };
  return { kind: 'rejected', ...refusal };
}

/** A success says only that the message was looked at. */
function verdictOf(answer: HttpAnswer): SendOutcome {
  const parsed = sendAnswer.safeParse(answer.json());
  if (!parsed.success) return { kind: 'unconfirmed', reason: 'unconfirmed' };
  const { is_sent: isSent, message_id: id } = parsed.data.data;
  if (!isSent) return { kind: 'retry', reason: 'not_sent' };
  return { kind: 'sent', platformMessageId: (id || null) as PlatformMessageId | null };
}
