/** Calls of VK Video Live's DevAPI, with refusals and outages told apart (docs/platforms/vkvideo.md#common-rules). */
import type { z } from 'zod';
import { PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import type { HttpAnswer, HttpClient } from '../../lib/http.ts';
import type { AccountCredential, CredentialSource, NoOwner } from '../account-side.ts';
import { CREDENTIALS_UNAVAILABLE, isMissing } from '../no-credential.ts';
import type { ReaderState } from '../worker-side.ts';
import { errorAnswer } from './api.external.ts';

export interface ApiRequest {
  readonly method?: 'GET' | 'POST';
  /** e.g. `/v1/channel`, or an absolute URL. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

/** Asks as some account. @throws PlatformRefused, PlatformUnreachable */
export type Ask = <T>(request: ApiRequest, answer: z.ZodType<T>) => Promise<T>;

export interface DevApi {
  /** The answer whatever its status. @throws PlatformUnreachable when there is none */
  call(accessToken: string, request: ApiRequest): Promise<HttpAnswer>;
  /** Asks with this token alone: a refused one is the caller's to renew. */
  withToken(accessToken: string): Ask;
  /** Asks as whichever account there is by then; a refused token is renewed once, and the call repeated once. */
  asAccount(credentials: Pick<CredentialSource, 'renewed'>, account: () => Promise<AccountCredential | NoOwner>): Ask;
}

/** Whatever asks for more means something else. */
const LONGEST_WAIT_S = 86_400;

export const NO_BASE = 'VKVIDEO_API_BASE_URL is not configured';
const NO_SENDER = 'missing_sender_access_token';
/** `PlatformRefused.code` where no account with a living grant could ask. */
export const NO_ACCOUNT = 'no_account';

/** There is an account, and no token to be had for it at the moment: VK's API was not asked, or refused the old one. */
export class TokenUnavailable extends PlatformUnreachable {}

/** @param base null: every call is refused with the sentence that says why */
export function createDevApi(http: HttpClient, base: string | null): DevApi {
  const call: DevApi['call'] = (accessToken, { method = 'GET', path, query, body, timeoutMs }) => {
    if (base === null) return Promise.reject(new PlatformRefused(NO_BASE, { code: 'not_configured' }));
    const url = new URL(path.startsWith('http') ? path : base + path);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    return http(url.href, {
      method,
      headers: {
        authorization: `Bearer ${accessToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  };

  return {
    call,
    withToken: (accessToken) => async (request, answer) => accepted(await call(accessToken, request), answer),
    asAccount: (credentials, account) => async (request, answer) => {
      const credential = await account();
      if (isMissing(credential)) throw withoutToken(credential);
      const first = await call(credential.accessToken, request);
      if (first.status !== 401) return accepted(first, answer);
      const renewed = await credentials.renewed(credential, credential.accessToken);
      if (isMissing(renewed)) throw withoutToken(renewed);
      return accepted(await call(renewed.accessToken, request), answer);
    },
  };
}

/** Of a call that was not made for want of a token; null for any other error. */
export function tokenTrouble(error: unknown): ReaderState | null {
  if (error instanceof TokenUnavailable) return CREDENTIALS_UNAVAILABLE;
  const lacksAccount = error instanceof PlatformRefused && error.code === NO_ACCOUNT;
  return lacksAccount ? { kind: 'needs_user_action', reason: NO_SENDER } : null;
}

/** What operators read about a refusal (docs/contract/workers.md#preconditions-and-lasterror-texts). */
export function describe(answer: HttpAnswer): string {
  return `VKVideo API error: ${answer.status} ${codeOf(answer)}`.trim();
}

export function codeOf(answer: HttpAnswer): string {
  return errorAnswer.parse(answer.json()).error.slice(0, 100);
}

/** When a caller that is too fast may come back, if the answer says so: VK documents no such header (docs/platforms/vkvideo.md#common-rules). */
export function retryTime(answer: HttpAnswer, now: Date): Date | undefined {
  const seconds = Number(answer.header('retry-after') ?? Number.NaN);
  return seconds > 0 && seconds <= LONGEST_WAIT_S ? new Date(now.getTime() + seconds * 1000) : undefined;
}

function accepted<T>(answer: HttpAnswer, schema: z.ZodType<T>): T {
  const { status } = answer;
  if (status >= 500 || status === 429 || status === 408) throw new PlatformUnreachable(describe(answer));
  if (status >= 300) throw new PlatformRefused(describe(answer), { status, code: codeOf(answer) });
  const parsed = schema.safeParse(answer.json());
  // A page of a proxy, or a half of an answer.
  if (!parsed.success) throw new PlatformUnreachable(`VKVideo API error: ${status} unreadable answer`);
  return parsed.data;
}

function withoutToken(missing: NoOwner): PlatformRefused | TokenUnavailable {
  switch (missing) {
    case 'none':
    case 'unlinked':
    case 'unreadable':
      return new PlatformRefused(NO_SENDER, { code: NO_ACCOUNT });
    case 'unavailable':
      return new TokenUnavailable('No VK Video Live token is available at the moment');
  }
}
