/** The numbers Trovo says no with (sheet §3): programs switch on them, as most names are not documented. */
import type { Answer } from '../world/host.ts';

interface Meaning {
  readonly error: string;
  readonly message: string;
  /** HTTP status; 400 for most. */
  readonly http?: number;
}

const MEANINGS = {
  '-1201': { error: 'internalError', message: 'Internal error', http: 500 },
  '-1000': { error: 'internalError', message: 'Internal error', http: 500 },
  1002: { error: 'invalidParameters', message: 'Invalid parameters' },
  1111: { error: 'internalError', message: 'Internal error', http: 500 },
  1203: { error: 'conflict', message: 'Conflict', http: 500 },
  10505: { error: 'userNotExist', message: 'User does not exist' },
  10703: { error: 'authorizationFailed', message: 'Authorization failed' },
  10710: { error: 'authCodeMissing', message: 'The authorization code is missing' },
  10908: { error: 'spam', message: 'Your message was sent too fast or repeats itself' },
  11000: { error: 'unknownCategory', message: 'Unknown category' },
  11101: { error: 'moderated', message: 'The message was stopped by moderation' },
  11103: { error: 'moderated', message: 'The message was stopped by moderation' },
  11400: { error: 'accountBlocked', message: 'The account is blocked' },
  11701: { error: 'invalidHeader', message: 'Invalid header' },
  11703: { error: 'invalidScope', message: 'Invalid scope' },
  11704: { error: 'invalidAccessToken', message: 'The access token is invalid' },
  11706: { error: 'rateLimitExceeded', message: 'The rate limit is exceeded' },
  11707: { error: 'noPermission', message: 'No permission to chat in this channel' },
  11708: { error: 'invalidShard', message: 'Invalid shard value' },
  11709: { error: 'shardNotAllowed', message: 'Not allowed to use shard tokens' },
  11710: { error: 'authCodeExpired', message: 'The authorization code is expired' },
  11711: { error: 'authCodeUsed', message: 'The authorization code was already used' },
  11712: { error: 'refreshTokenExpired', message: 'The refresh token is expired' },
  11713: { error: 'invalidRefreshToken', message: 'The refresh token is invalid' },
  11714: { error: 'accessTokenExpired', message: 'The access token is expired', http: 401 },
  11715: { error: 'invalidGrantType', message: 'Invalid grant type' },
  11716: { error: 'invalidRedirectUri', message: 'Invalid redirect URI' },
  11717: { error: 'invalidClientSecret', message: 'Invalid client secret' },
  11718: { error: 'tooManyAccessTokens', message: 'The refresh token holds 50 live access tokens' },
  11730: { error: 'scopeNotAuthorized', message: 'The user has not authorized the scope' },
  12400: { error: 'banned', message: 'You are banned in this channel' },
  12401: { error: 'slowMode', message: 'Slow mode is on' },
  12402: { error: 'followersOnly', message: 'Only followers can chat' },
  12905: { error: 'linkForbidden', message: 'Links are not allowed in this channel' },
  12906: { error: 'channelModeration', message: 'The message was stopped by the moderation of the channel' },
  20000: { error: 'unknown', message: 'Unknown error', http: 500 },
} as const satisfies Record<string, Meaning>;

export type RefusalCode = keyof typeof MEANINGS extends infer Key
  ? Key extends `${infer Code extends number}`
    ? Code
    : Key
  : never;

export const REFUSAL_CODES = Object.keys(MEANINGS).map(Number) as RefusalCode[];

/** Ends a request with Trovo's answer for this number. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  readonly answer: Answer;

  /** @param http in the place of the usual status: not every refusal comes as one (sheet §3) */
  constructor(code: RefusalCode, http?: number) {
    const { error, message, ...more }: Meaning = MEANINGS[code];
    super(message);
    this.code = code;
    this.answer = { status: http ?? more.http ?? 400, body: { status: code, error, message } };
  }
}
