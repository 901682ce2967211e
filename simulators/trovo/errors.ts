/** The numbers Trovo says no with (docs/platforms/trovo.md#errors-and-limits): programs switch on them, as most names are not documented. */
import type { Answer } from '../world/host.ts';

interface Meaning {
  readonly code: number;
  readonly error: string;
  readonly message: string;
  /** HTTP status; 400 for most. */
  readonly http?: number;
}

const MEANINGS = [
  { code: -1201, error: 'internalError', message: 'Internal error', http: 500 },
  { code: -1000, error: 'internalError', message: 'Internal error', http: 500 },
  { code: 1002, error: 'invalidParameters', message: 'Invalid parameters' },
  { code: 1111, error: 'internalError', message: 'Internal error', http: 500 },
  { code: 1203, error: 'conflict', message: 'Conflict', http: 500 },
  { code: 10505, error: 'userNotExist', message: 'User does not exist' },
  { code: 10703, error: 'authorizationFailed', message: 'Authorization failed' },
  { code: 10710, error: 'authCodeMissing', message: 'The authorization code is missing' },
  { code: 10908, error: 'spam', message: 'Your message was sent too fast or repeats itself' },
  { code: 11000, error: 'unknownCategory', message: 'Unknown category' },
  { code: 11101, error: 'moderated', message: 'The message was stopped by moderation' },
  { code: 11103, error: 'moderated', message: 'The message was stopped by moderation' },
  { code: 11400, error: 'accountBlocked', message: 'The account is blocked' },
  { code: 11701, error: 'invalidHeader', message: 'Invalid header' },
  { code: 11703, error: 'invalidScope', message: 'Invalid scope' },
  { code: 11704, error: 'invalidAccessToken', message: 'The access token is invalid' },
  { code: 11706, error: 'rateLimitExceeded', message: 'The rate limit is exceeded' },
  { code: 11707, error: 'noPermission', message: 'No permission to chat in this channel' },
  { code: 11708, error: 'invalidShard', message: 'Invalid shard value' },
  { code: 11709, error: 'shardNotAllowed', message: 'Not allowed to use shard tokens' },
  { code: 11710, error: 'authCodeExpired', message: 'The authorization code is expired' },
  { code: 11711, error: 'authCodeUsed', message: 'The authorization code was already used' },
  { code: 11712, error: 'refreshTokenExpired', message: 'The refresh token is expired' },
  { code: 11713, error: 'invalidRefreshToken', message: 'The refresh token is invalid' },
  { code: 11714, error: 'accessTokenExpired', message: 'The access token is expired', http: 401 },
  { code: 11715, error: 'invalidGrantType', message: 'Invalid grant type' },
  { code: 11716, error: 'invalidRedirectUri', message: 'Invalid redirect URI' },
  { code: 11717, error: 'invalidClientSecret', message: 'Invalid client secret' },
  { code: 11718, error: 'tooManyAccessTokens', message: 'The refresh token holds 50 live access tokens' },
  { code: 11730, error: 'scopeNotAuthorized', message: 'The user has not authorized the scope' },
  { code: 12400, error: 'banned', message: 'You are banned in this channel' },
  { code: 12401, error: 'slowMode', message: 'Slow mode is on' },
  { code: 12402, error: 'followersOnly', message: 'Only followers can chat' },
  { code: 12905, error: 'linkForbidden', message: 'Links are not allowed in this channel' },
  { code: 12906, error: 'channelModeration', message: 'The message was stopped by the moderation of the channel' },
  { code: 20000, error: 'unknown', message: 'Unknown error', http: 500 },
] as const satisfies Meaning[];

export type RefusalCode = (typeof MEANINGS)[number]['code'];

export const REFUSAL_CODES: readonly RefusalCode[] = MEANINGS.map(({ code }) => code);

const BY_CODE = new Map<number, Meaning>(MEANINGS.map((meaning) => [meaning.code, meaning]));

/** Ends a request with Trovo's answer for this number. */
export class Refusal extends Error {
  readonly answer: Answer;

  /** @param http in the place of the usual status: not every refusal comes as one (docs/platforms/trovo.md#errors-and-limits) */
  constructor(code: RefusalCode, http?: number) {
    const meaning = BY_CODE.get(code);
    super(meaning?.message);
    const body = { status: code, error: meaning?.error, message: meaning?.message };
    this.answer = { status: http ?? meaning?.http ?? 400, body };
  }
}
