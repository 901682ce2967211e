/** The catalogue of error codes every endpoint may answer with (docs/contract/http-api.md#error-codes); platforms add their own. */
import { platforms } from '../platforms/all.ts';
import type { CauseTable, Language } from '../platforms/causes/cause.ts';
import { causeOf } from '../platforms/causes/reasons.ts';
import type { ErrorCode } from '../platforms/platform.ts';

const core = {
  BAD_REQUEST: { status: 400, message: 'The request is malformed' },
  VALIDATION_ERROR: { status: 400, message: 'A field has an invalid value' },
  MISSING_CHANNEL_ID: {
    status: 400,
    message: 'The signed-in user has no channel',
    cause: 'no_channel',
  },
  BOT_DISABLED: { status: 400, message: 'The bot is not enabled on this platform. Enable it first.' },
  UNAUTHORIZED: { status: 401, message: 'Authentication required' },
  SESSION_EXPIRED: { status: 401, message: 'The login has expired. Sign in again.' },
  FORBIDDEN: { status: 403, message: 'The signed-in user is not allowed to do this' },
  CSRF_INVALID: { status: 403, message: 'The request does not come from an allowed origin' },
  BETA_ACCESS_REQUIRED: { status: 403, message: 'The signed-in user has no access to the beta' },
  SUBSCRIPTION_REQUIRED: { status: 403, message: 'The channel has no active custom_bot entitlement' },
  CHANNEL_NOT_OWNED: { status: 403, message: 'The linked account does not own this channel on the platform' },
  NOT_FOUND: { status: 404, message: 'Not found' },
  CHANNEL_NOT_FOUND: { status: 404, message: 'Channel not found' },
  FEATURE_NOT_AVAILABLE: { status: 404, message: 'Feature not available' },
  TIMEOUT: { status: 408, message: 'The request took too long' },
  CONFLICT: { status: 409, message: 'The request conflicts with what is already stored' },
  ACCOUNT_ALREADY_LINKED: { status: 409, message: 'The account is already linked to another user' },
  CHANNEL_ALREADY_ENABLED: {
    status: 409,
    message: 'Another channel of this installation already uses this channel of the platform',
  },
  PROVIDER_DEPRECATED: { status: 410, message: 'This platform is no longer supported' },
  FILE_TOO_LARGE: { status: 413, message: 'The request body is too large' },
  RATE_LIMITED: { status: 429, message: 'Too many requests. Wait and try again.' },
  INTERNAL_ERROR: { status: 500, message: 'Something went wrong on our side' },
  UPSTREAM_UNAVAILABLE: { status: 502, message: 'The platform did not answer. Try again later.' },
  BOT_NOT_CONFIGURED: { status: 503, message: 'This instance is not configured for linking accounts of this platform' },
  CREDITS_BUSY: { status: 503, message: 'Too many credits events are waiting to be stored. Send the events again.' },
  DATABASE_UNAVAILABLE: { status: 503, message: 'The database is not available. Try again later.' },
} as const satisfies Record<string, ErrorCode>;

interface Described extends ErrorCode {
  readonly causes: CauseTable;
}

const catalogue: ReadonlyMap<string, Described> = new Map([
  ...Object.entries(core).map(([code, row]): [string, Described] => [code, { ...row, causes: {} }]),
  ...platforms.flatMap(({ errorCodes, causes }) =>
    Object.entries(errorCodes).map(([code, row]): [string, Described] => [code, { ...row, causes }]),
  ),
]);

const byStatus: ReadonlyMap<number, keyof typeof core> = new Map([
  [400, 'BAD_REQUEST'],
  [401, 'UNAUTHORIZED'],
  [403, 'FORBIDDEN'],
  [404, 'NOT_FOUND'],
  [408, 'TIMEOUT'],
  [409, 'CONFLICT'],
  [413, 'FILE_TOO_LARGE'],
  [415, 'BAD_REQUEST'],
  [429, 'RATE_LIMITED'],
]);

/** What helps, where a cause is behind the code; null where the message says all. */
export function hintOf(code: string, language: Language): string | null {
  const known = catalogue.get(code);
  return known?.cause === undefined ? null : causeOf(known.causes, known.cause)[language][1];
}

/** Status and sentence of a code; an unknown code is our bug and reads as an internal error. */
export function describeCode(code: string): ErrorCode {
  return catalogue.get(code) ?? core.INTERNAL_ERROR;
}

/** The code for an error that knows only its status, e.g. one of the HTTP server's own. */
export function codeOfStatus(status: number): string {
  return byStatus.get(status) ?? (status < 500 ? 'BAD_REQUEST' : 'INTERNAL_ERROR');
}
