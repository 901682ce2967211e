/** Speaks through `POST /helix/chat/messages`: the answer says at once whether the chat took the message. */

import type { PlatformMessageId } from '../../../lib/brand.ts';
import { PlatformUnreachable } from '../../../lib/errors.ts';
import type { HttpAnswer } from '../../../lib/http.ts';
import type { SenderCredential } from '../../account-side.ts';
import type { Said } from '../../causes/cause.ts';
import type { CommonDeps } from '../../platform.ts';
import type { ChatSender, ReadChannel, SendOutcome } from '../../worker-side.ts';
import { refused } from '../irc/delivery.ts';
import { Repetitions } from '../irc/wording.ts';
import { type Helix, isOtherQuota, resetTime } from './client.ts';
import { errorAnswer, sendAnswer } from './helix.external.ts';

export interface HelixSenderDeps extends Pick<CommonDeps, 'clock' | 'log'> {
  readonly helix: Helix;
  /** Known to the reader, which sees the account's badges. */
  readonly isPrivileged: ChatSender['isPrivileged'];
}

/** What Twitch asks of a user token that sends (docs/platforms/twitch.md#send-chat-message). */
export const SENDING_SCOPE = 'user:write:chat';

const LONGEST_REASON = 200;

/** Channels without a stable id cannot be spoken to this way: Helix knows no logins. */
export function createHelixSender({ helix, clock, log, isPrivileged }: HelixSenderDeps): ChatSender {
  const repetitions = new Repetitions(clock);

  return {
    isPrivileged,
    async send(channel, text, as, deadlineMs) {
      if (channel.stableId === null) return { kind: 'rejected', reason: 'missing_channel_id' };
      log.info('chatbot.say.sender', senderFields(channel, as));
      const utterance = repetitions.begin(`${as.key} ${channel.channelId}`, text);
      const message = utterance.wording(isBroadcaster(channel, as) || isPrivileged(channel, as));
      const body = { broadcaster_id: channel.stableId, sender_id: as.platformUserId, message };
      try {
        const request = { method: 'POST', path: '/chat/messages', body, timeoutMs: deadlineMs } as const;
        return utterance.end(outcomeOf(await helix.call(as.accessToken, request), clock));
      } catch (error) {
        return utterance.end(noAnswer(error));
      }
    },
  };
}

function isBroadcaster(channel: ReadChannel, as: SenderCredential): boolean {
  return channel.stableId === (as.platformUserId as string);
}

function senderFields({ channelId }: ReadChannel, as: SenderCredential) {
  const isOverride = as.kind === 'override';
  return {
    channelId,
    sender: isOverride ? 'override' : 'global',
    overrideExternalAccountId: isOverride ? as.accountId : null,
  };
}

function noAnswer(error: unknown): SendOutcome {
  if (!(error instanceof PlatformUnreachable)) throw error;
  return error.isSent ? { kind: 'unconfirmed', reason: 'unconfirmed' } : { kind: 'unavailable', reason: 'unreachable' };
}

function outcomeOf(answer: HttpAnswer, clock: CommonDeps['clock']): SendOutcome {
  const { status } = answer;
  if (status === 200) return verdictOf(answer, clock);
  if (status === 401) return { kind: 'unauthorized', ...describe(answer) };
  if (status === 429) {
    // Waiting for the bucket helps only when it is the bucket that is empty.
    const retryAt = isOtherQuota(answer) ? undefined : resetTime(answer);
    return { kind: 'unavailable', reason: 'rate_limited', ...(retryAt === undefined ? {} : { retryAt }) };
  }
  if (status >= 500 || status === 408) return { kind: 'unavailable', ...describe(answer) };
  if (status >= 400) return { kind: 'rejected', ...describe(answer) };
  return { kind: 'unconfirmed', reason: 'unconfirmed' };
}

/** A 200 says only that the message was looked at. */
function verdictOf(answer: HttpAnswer, clock: CommonDeps['clock']): SendOutcome {
  const parsed = sendAnswer.safeParse(answer.json());
  if (!parsed.success) return { kind: 'unconfirmed', reason: 'unconfirmed' };
  const [{ is_sent: isSent, message_id: id, drop_reason: dropped }] = parsed.data.data;
  if (isSent) return { kind: 'sent', platformMessageId: (id || null) as PlatformMessageId | null };
  return refused(dropped?.code ?? 'dropped', clock);
}

function describe(answer: HttpAnswer): Said {
  const { error, message } = errorAnswer.parse(answer.json());
  const detail = `Twitch API error: ${answer.status} ${message || error}`.trim().slice(0, LONGEST_REASON);
  return { reason: 'platform_refused', detail };
}
