/** How YouTube says no: the error envelope of the Data API, and the gRPC status that stands for it. */
import type { Answer } from '../world/host.ts';

interface Kind {
  readonly http: number;
  readonly grpc: number;
  readonly domain: string;
  readonly message: string;
  /** Infrastructure errors name themselves a second time (docs/platforms/youtube.md#errors). */
  readonly status?: string;
  readonly detail?: string;
}

const GLOBAL = 'global';
const CHAT = 'youtube.liveChat';
const SCOPES_TEXT = 'Request had insufficient authentication scopes.';
const LOGIN_TEXT =
  'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.';

/** Numbers of gRPC's statuses. */
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

const KINDS = {
  authError: infrastructure(401, UNAUTHENTICATED, LOGIN_TEXT, 'UNAUTHENTICATED', 'ACCESS_TOKEN_INVALID'),
  required: infrastructure(
    401,
    UNAUTHENTICATED,
    'API keys are not supported by this API. Expected OAuth2 access token.',
    'UNAUTHENTICATED',
    'CREDENTIALS_MISSING',
  ),
  unregisteredCaller: infrastructure(
    403,
    UNAUTHENTICATED,
    "Method doesn't allow unregistered callers (callers without established identity).",
    'PERMISSION_DENIED',
    null,
  ),
  badRequest: infrastructure(
    400,
    INVALID_ARGUMENT,
    'API key not valid. Please pass a valid API key.',
    'INVALID_ARGUMENT',
    'API_KEY_INVALID',
  ),
  insufficientPermissions: infrastructure(
    403,
    PERMISSION_DENIED,
    SCOPES_TEXT,
    'PERMISSION_DENIED',
    'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
  ),
  accessNotConfigured: infrastructure(
    403,
    PERMISSION_DENIED,
    'YouTube Data API v3 has not been used in this project before or it is disabled.',
    'PERMISSION_DENIED',
    'SERVICE_DISABLED',
  ),
  quotaExceeded: plain(
    403,
    RESOURCE_EXHAUSTED,
    'youtube.quota',
    'The request cannot be completed because you have exceeded your <a href="/youtube/v3/getting-started#quota">quota</a>.',
  ),
  rateLimitExceeded: plain(403, RESOURCE_EXHAUSTED, CHAT, 'The request was sent too soon after the previous one.'),
  liveChatEnded: plain(403, FAILED_PRECONDITION, CHAT, 'The live chat is no longer live.'),
  liveChatDisabled: plain(403, FAILED_PRECONDITION, CHAT, 'Live chat is not enabled for the specified broadcast.'),
  liveChatNotFound: plain(404, NOT_FOUND, CHAT, 'The live chat that you are trying to reach cannot be found.'),
  forbidden: plain(403, PERMISSION_DENIED, CHAT, 'You do not have the permissions needed for this live chat.'),
  notModerator: plain(403, PERMISSION_DENIED, CHAT, 'The caller is neither owner nor moderator of the live chat.'),
  pageTokenInvalid: plain(400, INVALID_ARGUMENT, CHAT, 'The specified page token is not valid.'),
  liveChatIdRequired: plain(400, INVALID_ARGUMENT, CHAT, 'The live chat id is required.'),
  typeRequired: plain(400, INVALID_ARGUMENT, CHAT, 'The message type is required.'),
  messageTextRequired: plain(400, INVALID_ARGUMENT, CHAT, 'The message text is required.'),
  messageTextInvalid: plain(400, INVALID_ARGUMENT, CHAT, 'The message text is not valid.'),
  preconditionCheckFailed: plain(400, FAILED_PRECONDITION, CHAT, 'A poll is already active.'),
  modificationNotAllowed: plain(403, PERMISSION_DENIED, CHAT, 'This message cannot be deleted.'),
  liveChatMessageNotFound: plain(404, NOT_FOUND, CHAT, 'The live chat message cannot be found.'),
  liveChatBanInsertionNotAllowed: plain(403, PERMISSION_DENIED, CHAT, 'Owners and moderators cannot be banned.'),
  invalidLiveChatId: plain(400, INVALID_ARGUMENT, CHAT, 'The live chat id is not valid.'),
  bannedUserChannelIdRequired: plain(400, INVALID_ARGUMENT, CHAT, 'The id of the channel to ban is required.'),
  liveChatUserNotFound: plain(404, NOT_FOUND, CHAT, 'The user cannot be found.'),
  liveChatBanNotFound: plain(404, NOT_FOUND, CHAT, 'The ban cannot be found.'),
  liveChatModeratorNotFound: plain(404, NOT_FOUND, CHAT, 'The moderator cannot be found.'),
  liveBroadcastNotFound: plain(404, NOT_FOUND, 'youtube.liveBroadcast', 'Broadcast not found'),
  liveStreamingNotEnabled: plain(
    403,
    PERMISSION_DENIED,
    'youtube.liveBroadcast',
    'The user is not enabled for live streaming.',
  ),
  playlistNotFound: plain(404, NOT_FOUND, 'youtube.playlistItem', 'The playlist cannot be found.'),
  youtubeSignupRequired: plain(401, UNAUTHENTICATED, 'youtube.header', 'The account has no YouTube channel.'),
  missingRequiredParameter: plain(400, INVALID_ARGUMENT, GLOBAL, 'A required parameter is missing.'),
  incompatibleParameters: plain(400, INVALID_ARGUMENT, GLOBAL, 'Incompatible parameters specified in the request.'),
  invalidParameter: plain(400, INVALID_ARGUMENT, GLOBAL, 'A parameter has an invalid value.'),
  invalidPageToken: plain(400, INVALID_ARGUMENT, GLOBAL, 'The page token is not valid.'),
  notFound: plain(404, NOT_FOUND, GLOBAL, 'Not Found'),
  backendError: infrastructure(503, UNAVAILABLE, 'The service is currently unavailable.', 'UNAVAILABLE', null),
} as const satisfies Record<string, Kind>;

export type RefusalName = keyof typeof KINDS;
export const REFUSAL_NAMES = Object.keys(KINDS) as [RefusalName, ...RefusalName[]];

/** Names that are ours because YouTube gives one reason to two causes. */
const REASONS: Partial<Record<RefusalName, string>> = {
  unregisteredCaller: 'forbidden',
  notModerator: 'insufficientPermissions',
};

const STATUS_OF_HTTP: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
};

/** Thrown wherever a rule of the platform refuses a call. */
export class Refusal extends Error {
  override readonly name: RefusalName;
  readonly #location: string | undefined;

  /** @param location the parameter that is to blame */
  constructor(name: RefusalName, location?: string) {
    super(KINDS[name].message);
    this.name = name;
    this.#location = location;
  }

  get grpcCode(): number {
    return KINDS[this.name].grpc;
  }

  /** @param withDetails API-level errors often come without `status` (docs/platforms/youtube.md#errors) */
  envelope(withDetails: boolean): { error: Record<string, unknown> } {
    const kind: Kind = KINDS[this.name];
    const reason = REASONS[this.name] ?? this.name;
    const location = this.#location === undefined ? {} : { location: this.#location, locationType: 'parameter' };
    const status = kind.status ?? (withDetails ? STATUS_OF_HTTP[kind.http] : undefined);
    const detail = {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: kind.detail,
      domain: 'googleapis.com',
      metadata: { service: 'youtube.googleapis.com' },
    };
    return {
      error: {
        code: kind.http,
        message: kind.message,
        errors: [{ message: kind.message, domain: kind.domain, reason, ...location }],
        ...(status === undefined ? {} : { status }),
        ...(kind.detail === undefined ? {} : { details: [detail] }),
      },
    };
  }

  answer(withDetails: boolean): Answer {
    return { status: KINDS[this.name].http, body: this.envelope(withDetails) };
  }
}

function plain(http: number, grpc: number, domain: string, message: string): Kind {
  return { http, grpc, domain, message };
}

function infrastructure(http: number, grpc: number, message: string, status: string, detail: string | null): Kind {
  return { http, grpc, domain: GLOBAL, message, status, ...(detail === null ? {} : { detail }) };
}
