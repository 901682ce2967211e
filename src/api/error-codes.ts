/** The catalogue of error codes every endpoint may answer with (docs/contract/http-api.md#error-codes); platforms add their own. */
import { platforms } from '../platforms/all.ts';
import type { ErrorCode } from '../platforms/platform.ts';

const core = {
  BAD_REQUEST: { status: 400, message: 'The request cannot be understood' },
  VALIDATION_ERROR: { status: 400, message: 'A field has a wrong value' },
  MISSING_CHANNEL_ID: {
    status: 400,
    message: 'This login has no channel',
    hint: 'Sign in as a streamer, or ask an owner to create a channel for this account',
  },
  BOT_DISABLED: { status: 400, message: 'The bot is not switched on there' },
  UNAUTHORIZED: { status: 401, message: 'Authentication required' },
  SESSION_EXPIRED: { status: 401, message: 'The login has expired, sign in again' },
  FORBIDDEN: { status: 403, message: 'This account may not do that' },
  CSRF_INVALID: { status: 403, message: 'The request does not come from an allowed origin' },
  BETA_ACCESS_REQUIRED: { status: 403, message: 'This account has no access to the beta' },
  SUBSCRIPTION_REQUIRED: { status: 403, message: 'The channel has no custom_bot entitlement' },
  CHANNEL_NOT_OWNED: { status: 403, message: 'That platform channel does not belong to the linked account' },
  NOT_FOUND: { status: 404, message: 'Not found' },
  CHANNEL_NOT_FOUND: { status: 404, message: 'Channel not found' },
  FEATURE_NOT_AVAILABLE: { status: 404, message: 'Feature not available' },
  TIMEOUT: { status: 408, message: 'The request took too long' },
  CONFLICT: { status: 409, message: 'That is taken already' },
  ACCOUNT_ALREADY_LINKED: { status: 409, message: 'That account belongs to another user' },
  CHANNEL_ALREADY_ENABLED: { status: 409, message: 'Another channel uses that platform channel already' },
  PROVIDER_DEPRECATED: { status: 410, message: 'That platform is no longer supported' },
  FILE_TOO_LARGE: { status: 413, message: 'The request body is too large' },
  RATE_LIMITED: { status: 429, message: 'Too many requests, wait and try again' },
  INTERNAL_ERROR: { status: 500, message: 'Something went wrong on our side' },
  UPSTREAM_UNAVAILABLE: { status: 502, message: 'The platform cannot be reached, try again' },
  BOT_NOT_CONFIGURED: { status: 503, message: 'Linking an account is not configured on this instance' },
  CREDITS_BUSY: { status: 503, message: 'Too many credits wait to be stored, send them again' },
  DATABASE_UNAVAILABLE: { status: 503, message: 'The database cannot be reached, try again' },
} as const satisfies Record<string, ErrorCode>;

const catalogue: ReadonlyMap<string, ErrorCode> = new Map([
  ...Object.entries(core),
  ...platforms.flatMap((platform) => Object.entries(platform.errorCodes)),
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

/** Status, sentence and hint of a code; an unknown code is our bug and reads as an internal error. */
export function describeCode(code: string): ErrorCode {
  return catalogue.get(code) ?? core.INTERNAL_ERROR;
}

/** The code for an error that knows only its status, e.g. one of the HTTP server's own. */
export function codeOfStatus(status: number): string {
  return byStatus.get(status) ?? (status < 500 ? 'BAD_REQUEST' : 'INTERNAL_ERROR');
}
