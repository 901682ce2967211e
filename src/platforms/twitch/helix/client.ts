/** Calls of Twitch's Helix API, with refusals and outages told apart. */
import { PlatformRefused, PlatformUnreachable } from '../../../lib/errors.ts';
import type { HttpAnswer } from '../../../lib/http.ts';
import type { CommonDeps } from '../../platform.ts';
import type { TwitchSettings } from '../settings.ts';
import { createAppToken } from './app-token.ts';
import { errorAnswer } from './helix.external.ts';

export interface HelixCall {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** With its query, e.g. `/users?id=1`. */
  readonly path: string;
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

export interface Helix {
  /** The answer whatever its status. @throws PlatformUnreachable when there is none */
  call(accessToken: string, call: HelixCall): Promise<HttpAnswer>;
  /** JSON of a good answer. @throws PlatformRefused, PlatformUnreachable */
  asUser(accessToken: string, call: HelixCall): Promise<unknown>;
  /** JSON of a good answer, by the application's token. A refused token is replaced once. @throws as `asUser` */
  asApp(call: HelixCall): Promise<unknown>;
}

export function createHelix(deps: Pick<CommonDeps, 'http' | 'clock'>, settings: TwitchSettings): Helix {
  const appToken = createAppToken(deps, settings);

  const call: Helix['call'] = (accessToken, { method = 'GET', path, body, timeoutMs }) =>
    deps.http(`${settings.TWITCH_API_BASE_URL}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${accessToken}`,
        'client-id': settings.TWITCH_CLIENT_ID ?? '',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });

  return {
    call,
    async asUser(accessToken, request) {
      return accepted(await call(accessToken, request));
    },
    async asApp(request) {
      const first = await appToken.get();
      const answer = await call(first, request);
      if (answer.status !== 401) return accepted(answer);
      appToken.refused(first);
      return accepted(await call(await appToken.get(), request));
    },
  };
}

/** When the bucket of calls fills up again; undefined when the answer does not say. */
export function resetTime(answer: HttpAnswer): Date | undefined {
  const seconds = Number(answer.header('ratelimit-reset') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? new Date(seconds * 1000) : undefined;
}

/** A 429 with calls left in the bucket speaks of another quota: waiting for the bucket would not help (docs/platforms/twitch.md#api-rate-limits-and-errors). */
export function isOtherQuota(answer: HttpAnswer): boolean {
  return answer.status === 429 && Number(answer.header('ratelimit-remaining') ?? 0) > 0;
}

function accepted(answer: HttpAnswer): unknown {
  if (answer.status < 300) return answer.json();
  const { error, message } = errorAnswer.parse(answer.json());
  const sentence = `Twitch API error: ${answer.status} ${message || error}`.trim();
  if (isOtherQuota(answer)) throw new PlatformRefused(sentence, { status: 429, code: 'quota' });
  if (answer.status === 429) {
    const retryAt = resetTime(answer);
    throw new PlatformUnreachable(sentence, retryAt === undefined ? {} : { retryAt });
  }
  if (answer.status >= 500 || answer.status === 408) throw new PlatformUnreachable(sentence);
  throw new PlatformRefused(sentence, { status: answer.status, code: error });
}
