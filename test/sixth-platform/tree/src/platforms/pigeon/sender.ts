/** Speaks with `POST /lines`, whose answer names the message. */
import type { PlatformMessageId } from '../../lib/brand.ts';
import { PlatformUnreachable } from '../../lib/errors.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import { said } from '../causes/reasons.ts';
import type { CommonDeps } from '../platform.ts';
import type { ChatSender, SendOutcome } from '../worker-side.ts';
import { pigeonCauses } from './causes.ts';
import { refusedAnswer, sentAnswer } from './pigeon.external.ts';
import { pigeonSettings } from './settings.ts';

export function createSender({ settings, http, clock }: CommonDeps): ChatSender {
  const { PIGEON_URL: base } = pigeonSettings(settings);
  return {
    isPrivileged: () => false,
    async send({ target }, text, as, timeoutMs) {
      // Pigeon has commands of its own behind these marks.
      const plain = text.replace(/^[\s/.]+/, '');
      if (plain === '') return { kind: 'rejected', reason: 'empty_message' };
      try {
        const headers = { authorization: `Bearer ${as.accessToken}` };
        const body = JSON.stringify({ loft: target, text: plain });
        return outcomeOf(await http(`${base}/lines`, { method: 'POST', headers, body, timeoutMs }), clock.now());
      } catch (error) {
        if (!(error instanceof PlatformUnreachable)) throw error;
        return error.isSent
          ? { kind: 'unconfirmed', reason: 'unconfirmed' }
          : { kind: 'unavailable', reason: 'unreachable' };
      }
    },
  };
}

function outcomeOf(answer: HttpAnswer, now: Date): SendOutcome {
  const sent = sentAnswer.safeParse(answer.json());
  if (answer.status === 200 && sent.success) {
    return { kind: 'sent', platformMessageId: sent.data.id as PlatformMessageId };
  }
  if (answer.status === 401) return { kind: 'unauthorized', reason: 'token_refused' };
  if (answer.status === 429) {
    const seconds = Number(answer.header('retry-after') ?? 1);
    return { kind: 'unavailable', reason: 'rate_limited', retryAt: new Date(now.getTime() + seconds * 1000) };
  }
  if (answer.status >= 500) return { kind: 'unavailable', ...said(pigeonCauses, `pigeon_${answer.status}`) };
  const refused = refusedAnswer.safeParse(answer.json());
  return refused.success
    ? { kind: 'rejected', ...said(pigeonCauses, refused.data.reason) }
    : { kind: 'unconfirmed', reason: 'unconfirmed' };
}
