/** Calls of Kick's API, with refusals and outages told apart. */
import { PlatformRefused, PlatformUnreachable } from '../../../lib/errors.ts';
import type { HttpAnswer } from '../../../lib/http.ts';
import type { CommonDeps } from '../../platform.ts';
import type { KickSettings } from '../settings.ts';
import { createAppToken } from './app-token.ts';
import { errorAnswer } from './kick.external.ts';

export interface KickCall {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Below `/public/v1`, with its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

export interface KickApi {
  /** @throws PlatformRefused with status and code, PlatformUnreachable */
  asUser(accessToken: string, call: KickCall): Promise<unknown>;
  /** A token that is refused is replaced once. @throws PlatformRefused, PlatformUnreachable */
  asApp(call: KickCall): Promise<unknown>;
  /** For the one thing Kick tells everybody. @throws PlatformRefused, PlatformUnreachable */
  asNobody(call: KickCall): Promise<unknown>;
}

const LONGEST_REASON_CHARS = 200;

export function createKickApi(deps: CommonDeps, settings: KickSettings): KickApi {
  const appToken = createAppToken(deps, settings);
  const call = (accessToken: string | null, { method = 'GET', path, body, timeoutMs }: KickCall) =>
    deps.http(`${settings.KICK_API_BASE_URL}/public/v1${path}`, {
      method,
      headers: {
        accept: 'application/json',
        ...(accessToken === null ? {} : { authorization: `Bearer ${accessToken}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });

  return {
    asUser: async (accessToken, request) => accepted(await call(accessToken, request), deps.clock),
    asNobody: async (request) => accepted(await call(null, request), deps.clock),
    async asApp(request) {
      const first = await appToken.get();
      const answer = await call(first, request);
      if (answer.status !== 401) return accepted(answer, deps.clock);
      appToken.refused(first);
      return accepted(await call(await appToken.get(), request), deps.clock);
    },
  };
}

/** What the answer says went wrong; its `data` is more precise than its `message` (docs/platforms/kick.md#rest-conventions). */
function refusalOf(answer: HttpAnswer): string {
  const { data, error_description: described, error, message } = errorAnswer.parse(answer.json());
  return (data || described || error || message).slice(0, LONGEST_REASON_CHARS);
}

/** A 403 of Kick's API has a `message`; anything else is the edge in front of it, which knows nothing of the call. */
export function isFromTheEdge(answer: HttpAnswer): boolean {
  return answer.status === 403 && errorAnswer.parse(answer.json()).message === '';
}

/** When to come back, in seconds or as a date; undefined when the answer does not say. */
export function retryTime(answer: HttpAnswer, clock: CommonDeps['clock']): Date | undefined {
  const given = answer.header('retry-after')?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(given)) return new Date(clock.now().getTime() + Number(given) * 1000);
  const date = new Date(given);
  return given === '' || Number.isNaN(date.getTime()) ? undefined : date;
}

function accepted(answer: HttpAnswer, clock: CommonDeps['clock']): unknown {
  const { status } = answer;
  if (status < 300) return answer.json();
  const code = refusalOf(answer);
  const sentence = `Kick API error: ${status} ${code}`.trim();
  if (status >= 500 || status === 408 || isFromTheEdge(answer)) throw new PlatformUnreachable(sentence);
  if (status === 429) {
    const retryAt = retryTime(answer, clock);
    throw new PlatformUnreachable(sentence, retryAt === undefined ? {} : { retryAt });
  }
  throw new PlatformRefused(sentence, { status, code });
}
