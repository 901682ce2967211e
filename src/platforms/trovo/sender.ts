/** Speaks through `POST chat/send`: `{}` is the whole of a yes, so a message has no id (docs/platforms/trovo.md#send). */

import { PlatformUnreachable } from '../../lib/errors.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import type { Said } from '../causes/cause.ts';
import type { CommonDeps } from '../platform.ts';
import type { ChatSender, SendOutcome } from '../worker-side.ts';
import { Repetitions } from './repetitions.ts';
import type { Rest } from './rest/client.ts';
import { type Refusal, refusalOf, resetTime } from './rest/refusal.ts';
import type { TrovoSettings } from './settings.ts';

export interface SenderDeps extends Pick<CommonDeps, 'clock' | 'log'> {
  readonly rest: Rest;
  readonly settings: TrovoSettings;
  readonly url: string;
  readonly isPrivileged: ChatSender['isPrivileged'];
}

/**
 * Of three attempts this far apart the last comes after the 30 s in which an equal text is refused, whoever wrote it
 * (docs/platforms/trovo.md#errors-and-limits, 10908).
 */
const AFTER_SPAM_MS = 15_500;

export function createSender({ rest, settings, url, clock, log, isPrivileged }: SenderDeps): ChatSender {
  const repetitions = new Repetitions(clock);

  return {
    isPrivileged,
    async send(channel, text, as, deadlineMs) {
      if (settings.TROVO_CLIENT_ID === null)
        return { kind: 'unavailable', reason: 'TROVO_CLIENT_ID is not configured' };
      log.debug('trovo_chatbot.say.sender', { channelId: channel.channelId, sender: as.kind });
      const place = `${as.key} ${channel.target}`;
      try {
        const body = { content: text, channel_id: channel.target };
        const answer = await rest.call({ url, body, accessToken: as.accessToken, timeoutMs: deadlineMs });
        const refusal = refusalOf(answer);
        if (refusal === null) {
          repetitions.said(place, text);
          return accepted(answer);
        }
        const outcome = refused(refusal, answer, clock);
        if (refusal.kind !== 'spam') return outcome;
        const waitMs = repetitions.waitMs(place, text) ?? AFTER_SPAM_MS;
        return { ...outcome, retryAt: new Date(clock.now().getTime() + waitMs) } as SendOutcome;
      } catch (error) {
        if (!(error instanceof PlatformUnreachable)) throw error;
        if (!error.isSent) return { kind: 'unavailable', reason: 'unreachable' };
        repetitions.said(place, text);
        return UNCONFIRMED;
      }
    },
  };
}

const UNCONFIRMED: SendOutcome = { kind: 'unconfirmed', reason: 'unconfirmed' };

/** A 2xx that is neither empty nor a JSON object comes from somebody in between. */
function accepted(answer: HttpAnswer): SendOutcome {
  const json = answer.json();
  const isTheirs = answer.text.trim() === '' || (typeof json === 'object' && json !== null);
  return isTheirs ? { kind: 'sent', platformMessageId: null } : UNCONFIRMED;
}

function refused(refusal: Refusal, answer: HttpAnswer, clock: CommonDeps['clock']): SendOutcome {
  const words = describe(refusal);
  switch (refusal.kind) {
    case 'rate_limited': {
      const retryAt = resetTime(answer, clock);
      return { kind: 'unavailable', ...words, ...(retryAt === undefined ? {} : { retryAt }) };
    }
    case 'outage':
    case 'slow_mode':
    // The operator may mend it before the message is too old.
    case 'client':
      return { kind: 'unavailable', ...words };
    case 'internal':
      // With a 400 it was also seen for input Trovo does not like: tried again, not for ever (docs/platforms/trovo.md#errors-and-limits).
      return { kind: refusal.httpStatus >= 500 ? 'unavailable' : 'retry', ...words };
    case 'token':
    case 'grant':
      return { kind: 'unauthorized', ...words };
    case 'spam':
      return { kind: 'retry', ...words };
    case 'permission':
    case 'permanent':
      return { kind: 'rejected', ...words };
  }
}

/** The sentence of the contract (docs/contract/workers.md#preconditions-and-lasterror-texts), with what can be done about it. */
function describe({ kind, httpStatus, message }: Refusal): Said {
  const isForbidden = kind === 'permission' || httpStatus === 401 || httpStatus === 403;
  const scopes = isForbidden ? SCOPE_HINT : '';
  const spam = kind === 'spam' ? SPAM_HINT : '';
  const raw = message === '' ? '' : ` raw=${message}`;
  return { reason: 'platform_refused', detail: `Trovo send chat failed (${httpStatus}).${scopes}${spam}${raw}` };
}

const SCOPE_HINT =
  ' Check the scopes: the bot account needs chat_send_self, and the streamer account needs send_to_my_channel.';
const SPAM_HINT =
  ' The message was repeated or sent too fast. Make the bot a moderator, because moderators are exempt.';
