/** What a refusal of the Data API means: by its reason first, because 403 alone says five things (docs/platforms/youtube.md#errors). */
import { PlatformRefused, PlatformUnreachable } from '../../../lib/errors.ts';
import { errorAnswer } from './youtube.external.ts';

export type Refusal =
  /** Nothing more may be asked before midnight Pacific. */
  | 'quota'
  | 'too_fast'
  | 'chat_ended'
  | 'chat_disabled'
  | 'position'
  | 'unauthorized'
  | 'scope'
  | 'forbidden'
  | 'no_channel'
  | 'not_enabled'
  | 'outage'
  | 'other';

/** The code of a refusal that our own ledger made: Google was not asked. */
export const UNITS_SPENT = 'quota_exhausted';

const MEANINGS: Readonly<Record<string, Refusal>> = {
  [UNITS_SPENT]: 'quota',
  quotaExceeded: 'quota',
  dailyLimitExceeded: 'quota',
  rateLimitExceeded: 'too_fast',
  userRateLimitExceeded: 'too_fast',
  userRequestsExceedRateLimit: 'too_fast',
  liveChatEnded: 'chat_ended',
  liveChatNotFound: 'chat_ended',
  liveChatDisabled: 'chat_disabled',
  pageTokenInvalid: 'position',
  invalidPageToken: 'position',
  authError: 'unauthorized',
  UNAUTHENTICATED: 'unauthorized',
  insufficientPermissions: 'scope',
  ACCESS_TOKEN_SCOPE_INSUFFICIENT: 'scope',
  forbidden: 'forbidden',
  youtubeSignupRequired: 'no_channel',
  accessNotConfigured: 'not_enabled',
  SERVICE_DISABLED: 'not_enabled',
  backendError: 'outage',
  internalError: 'outage',
  UNAVAILABLE: 'outage',
  SERVICE_UNAVAILABLE: 'outage',
};

/** @returns Google's own word for it, or the status where there is none */
export function reasonOf(status: number, body: unknown): string {
  const parsed = errorAnswer.safeParse(body);
  if (!parsed.success) return `http_${status}`;
  const { errors, details, status: name } = parsed.data.error;
  const known = [errors[0]?.reason, details.find(({ reason }) => reason)?.reason, name];
  return known.find((reason) => reason !== undefined && reason in MEANINGS) ?? known.find(Boolean) ?? `http_${status}`;
}

export function meaningOf(status: number, reason: string): Refusal {
  const meaning = MEANINGS[reason];
  if (meaning !== undefined) return meaning;
  if (status === 401) return 'unauthorized';
  if (status === 429) return 'too_fast';
  return status >= 500 || status === 408 ? 'outage' : 'other';
}

/** Of an error a call threw; null for what is no word of the platform. */
export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof PlatformUnreachable) return 'outage';
  return error instanceof PlatformRefused ? meaningOf(error.status ?? 0, error.code ?? '') : null;
}
