/** Calls of Trovo's REST API: JSON in and out, the application's id on each, `OAuth` before a token (docs/platforms/trovo.md#hosts-and-headers). */
import { PlatformRefused, PlatformUnreachable } from '../../../lib/errors.ts';
import type { HttpAnswer, HttpRequest } from '../../../lib/http.ts';
import type { CommonDeps } from '../../platform.ts';
import type { TrovoSettings } from '../settings.ts';
import { refusalOf, resetTime } from './refusal.ts';

export interface RestCall {
  readonly url: string;
  /** A call with a body is a POST. */
  readonly body?: Readonly<Record<string, unknown>>;
  readonly accessToken?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface Rest {
  /** The answer whatever it says. @throws PlatformUnreachable when there is none */
  call(call: RestCall): Promise<HttpAnswer>;
  /** JSON of a good answer. @throws PlatformRefused with Trovo's number as `code`, PlatformUnreachable */
  ask(call: RestCall): Promise<unknown>;
}

export function createRest({ http, clock }: Pick<CommonDeps, 'http' | 'clock'>, settings: TrovoSettings): Rest {
  const call: Rest['call'] = ({ url, body, accessToken, headers, timeoutMs }) => {
    const request: HttpRequest = {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'application/json',
        'client-id': settings.TROVO_CLIENT_ID ?? '',
        ...(accessToken === undefined ? {} : { authorization: `OAuth ${accessToken}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    };
    return http(url, request);
  };

  return {
    call,
    async ask(request) {
      const answer = await call(request);
      const refusal = refusalOf(answer);
      if (refusal === null) return answer.json();
      const { kind, httpStatus, status, message } = refusal;
      const sentence = `Trovo API error: ${httpStatus} ${message || status}`;
      if (kind === 'rate_limited') {
        const retryAt = resetTime(answer, clock);
        throw new PlatformUnreachable(sentence, retryAt === undefined ? {} : { retryAt });
      }
      if (kind === 'outage' || kind === 'internal') throw new PlatformUnreachable(sentence);
      throw new PlatformRefused(sentence, { status: httpStatus, code: String(status) });
    },
  };
}
