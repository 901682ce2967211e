// Long because: the contract is read as one page.
/** The platform contract: what a chat platform must be able to do to live here, and what it may do besides. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Db } from '../db/pool.ts';
import type {
  ChannelId,
  ExternalAccountId,
  PlatformChannelId,
  PlatformMessageId,
  PlatformUserId,
  ProviderId,
  UserId,
} from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { HttpClient } from '../lib/http.ts';
import type { LogFields, Logger } from '../lib/logger.ts';
import type { Variable } from '../lib/settings.ts';

/** A stable code of the contract (docs/contract/workers.md#preconditions-and-lasterror-texts or a platform's own), or its short English text; never a token or a body. */
export type Reason = string;

/** What the API needs to know of a platform, whether or not a worker for it is built yet. */
export interface PlatformDescription {
  readonly id: ProviderId;
  /** The name people know, for pages and sentences. */
  readonly title: string;
  /** Prefix of every log event of its worker, with the dot (docs/contract/workers.md#the-workers). */
  readonly logPrefix: string;
  /** Date the platform closed its service, when it did. */
  readonly retiredSince?: string;
  readonly tables: PlatformTables;
  /**
   * Columns of `User` that hold the platform's identity from before `ExternalAccount` existed: written at sign-in,
   * looked up before the accounts, read by the legacy sender.
   */
  readonly userColumns?: { readonly id: string; readonly accessToken: string; readonly refreshToken: string };
  /** Column of `ExternalAccount` that holds the id a chat line names its author by; `providerAccountId` when absent. */
  readonly authorAccountColumn?: 'providerAccountId' | 'login';
  /** What the web app is told of a failed link, where it expects other words than for most platforms (docs/contract/http-api.md#callback-outcomes). */
  readonly linkFailures?: {
    /** The reason of a consent that the platform says was not given; its own words are details then. */
    readonly deniedReason?: string;
    /** Whether the platform is named where linking is not configured, or a code or a token was worth nothing. */
    readonly namesProvider?: boolean;
  };
  /** Other names of its settings page in the web app; the id itself is always one. */
  readonly pageAliases?: readonly string[];
  /** Column of `Channel` with the platform's stable id of the streamer, where the model has one. */
  readonly channelIdColumn?: string;
  /** Every environment variable only this platform reads; keys are the variable names. */
  readonly variables: Readonly<Record<string, Variable>>;
  /** Error codes only this platform answers with. */
  readonly errorCodes: Readonly<Record<string, ErrorCode>>;
  /** Facts a panel or a client needs before it saves something (`GET /capabilities`). */
  readonly capabilities: PlatformCapabilities;
  limits(settings: PlatformSettings): PlatformLimits;
  /** Absent while accounts of the platform cannot be linked yet. */
  oauth?(deps: CommonDeps): PlatformOAuth;
  /** The sender an old installation names in its environment, used when the database has no default bot (docs/contract/workers.md#resolution-order). */
  legacySender?(deps: CommonDeps & { readonly db: Db }): Promise<LegacySender | null>;
  /** Opens the half that runs in the API. Must not do network calls until asked. */
  openApiSide(deps: ApiDeps): ApiSide;
}

/** One chat platform. The core reaches it through this value alone and never asks which one it is. */
export interface Platform extends PlatformDescription {
  timers(settings: PlatformSettings): WorkerTimers;
  /** `lastError` of a message that expired because no account could speak (docs/contract/workers.md#preconditions-and-lasterror-texts). */
  readonly noSenderReason: Reason;
  /** Whether an operator switched this worker off, and the log event that says so. */
  killSwitch?(settings: PlatformSettings): { isOff: boolean; event: string };
  oauth(deps: CommonDeps): PlatformOAuth;
  /** Opens the half that runs in a worker process. Must not do network calls before `reader.setChannels`. */
  openWorkerSide(deps: WorkerDeps): WorkerSide;
}

/** Values of a platform's own `variables`, by name. Each platform narrows them with its declared types. */
export type PlatformSettings = Readonly<Record<string, unknown>>;

export interface ErrorCode {
  readonly status: number;
  readonly message: string;
  readonly hint?: string;
}

/** Names of a platform's five tables and of the column that names the platform's channel. */
export interface PlatformTables {
  readonly subscription: string;
  readonly outbox: string;
  readonly override: string;
  readonly defaultCredential: string;
  /** Column with the platform's channel in both the subscription and the outbox table. */
  readonly targetColumn: string;
  /** Subscription columns the reader needs besides the target; they arrive in `ReadChannel.extra`. */
  readonly extraColumns: readonly string[];
  /** Whether the subscription row names the owner (`userId`) and is skipped without one. */
  readonly needsOwner: boolean;
}

/** Roles a command may ask for; `follower` is stored but never evaluated (docs/contract/workers.md#audience). */
export type Role = 'vip' | 'moderator' | 'subscriber';

export interface PlatformCapabilities {
  readonly roles: readonly Role[];
  /** Whether `vkvideoAllowedRoleIds`-style platform role ids can be evaluated. */
  readonly hasPlatformRoleIds: boolean;
  readonly hasFollowEvents: boolean;
  readonly confirmsMessages: 'answer' | 'echo' | 'answer_or_echo';
  /** How chat lines reach us: over a connection of ours that can be lost, or by calls to the API's webhook. */
  readonly readsBy: 'connection' | 'webhook';
  /** Whether whoever joins a chat is given lines written before. */
  readonly deliversHistory: boolean;
  /** What a chat is good for while its channel is not broadcasting. */
  readonly chatsOffline: 'reads_and_speaks' | 'reads' | 'neither';
}

export interface PlatformLimits {
  readonly message: { readonly max: number; readonly unit: 'utf16' | 'codePoint' };
  /** All of them must have room before a claim; a window with `max` 0 is off. */
  readonly sendWindows: readonly SendWindow[];
  /** Chats an account may enter in 10 s; 0 or absent is no limit. Bounds how fast channels move between copies. */
  readonly joinsPer10s?: number;
}

/** A sliding window: at most `max` messages in any `periodMs`. Every message counts; only the named senders wait. */
export interface SendWindow {
  readonly scope: 'sender' | 'channel';
  readonly max: number;
  readonly periodMs: number;
  readonly blocks: 'everyone' | 'unprivileged';
}

export interface WorkerTimers {
  readonly syncMs: number;
  readonly outboxPollMs: number;
  readonly commandsRefreshMs: number;
  /** Distance of live polls; 0 when the reader itself learns it. */
  readonly livePollMs: number;
}

// ---------------------------------------------------------------- accounts

/** An account with a usable token, as of now; short-lived, never stored, never logged. */
export interface AccountCredential {
  /** Null for a legacy sender that has no linked account row. */
  readonly accountId: ExternalAccountId | null;
  readonly platformUserId: PlatformUserId;
  readonly login: string | null;
  readonly accessToken: string;
  readonly scopes: ReadonlySet<string>;
}

export interface SenderCredential extends AccountCredential {
  readonly kind: 'override' | 'default' | 'legacy';
  /** One text per account, equal for the same account over time: the key of windows and connections. */
  readonly key: string;
}

/** A sender found through the environment. Tokens are as stored: sealed or plain. */
export interface LegacySender {
  readonly accountId: ExternalAccountId | null;
  /** Null until the token has been used once to ask. */
  readonly platformUserId: PlatformUserId | null;
  readonly login: string | null;
  readonly accessToken: string | null;
  readonly refreshToken: string | null;
  readonly expiresAt: Date | null;
  /** Writes refreshed tokens (already sealed) back to where they were found. */
  save(tokens: { accessToken: string; refreshToken: string | null; expiresAt: Date | null }): Promise<void>;
}

/**
 * Why there is no credential. `none`: no account is linked, or its grant is over; a person has to act.
 * `unavailable`: the grant lives as far as is known, but no token can be had at the moment; ask again
 * (`CREDENTIAL_RETRY_MS` in `no-credential.ts`).
 */
export type NoCredential = 'none' | 'unavailable';

/** Where the worker side gets tokens. One refresh at a time per account, over all processes. */
export interface CredentialSource {
  /** The sender all channels share: the default bot, else the legacy sender. */
  defaultSender(): Promise<SenderCredential | NoCredential>;
  /** The streamer's own account for reading; bot accounts are never chosen. */
  owner(channelId: ChannelId): Promise<AccountCredential | NoCredential>;
  /** A credential with another token, after the platform refused `refusedToken`. */
  renewed<C extends AccountCredential>(credential: C, refusedToken: string): Promise<C | NoCredential>;
  /** Called when another account became the shared sender or its grant changed. */
  onDefaultSenderChanged(listener: () => void): void;
}

/** The platform's side of linking and keeping an account. Every request goes through the given HTTP client. */
export interface PlatformOAuth {
  /** Names of unset variables that linking needs; empty when it can start. */
  missingSettings(): readonly string[];
  authorizeUrl(request: AuthorizeRequest): string;
  readonly usesPkce: boolean;
  readonly scopes: { readonly streamer: readonly string[]; readonly bot: readonly string[] };
  exchangeCode(code: string, codeVerifier: string | null): Promise<GrantedTokens>;
  refresh(refreshToken: string): Promise<RefreshOutcome>;
  /** Best effort; must not throw. */
  revoke(token: string): Promise<void>;
  identify(accessToken: string): Promise<PlatformIdentity>;
  /** Asks the platform whether a token still works; absent where it has no such call. */
  validate?(accessToken: string): Promise<'valid' | 'dead' | 'unknown'>;
}

export interface AuthorizeRequest {
  readonly state: string;
  readonly scopes: readonly string[];
  readonly codeChallenge: string | null;
  /** Whether to ask even who consented before: they may mean another account than the one they are signed in with. */
  readonly asksAnew?: boolean;
}

export interface GrantedTokens {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly expiresInSeconds: number | null;
  readonly scopes: readonly string[] | null;
  /**
   * How long renewing works from now on, where the platform tells or is known to end grants. Left out of a refresh's
   * answer, the end stays where it was; left out of a consent's, none is known.
   */
  readonly grantEndsInSeconds?: number | null;
}

export type RefreshOutcome =
  | { kind: 'refreshed'; tokens: GrantedTokens }
  /** `invalid_grant` and its like: stop and ask the user to link again. */
  | { kind: 'dead'; reason: Reason }
  | { kind: 'unavailable'; reason: Reason };

export interface PlatformIdentity {
  readonly platformUserId: PlatformUserId;
  readonly login: string | null;
  readonly displayName: string | null;
  readonly avatarUrl: string | null;
  readonly profileUrl: string | null;
}

// ---------------------------------------------------------------- worker side

export interface CommonDeps {
  readonly settings: PlatformSettings;
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly log: Logger;
  /** 0 ≤ x < 1; jitter only. */
  readonly random: () => number;
}

export interface WorkerDeps extends CommonDeps {
  readonly db: Db;
  readonly credentials: CredentialSource;
  readonly events: ReaderEvents;
  /** True when the platform user is one of our sender accounts: the default bot or any override. */
  readonly isOwnAccount: (platformUserId: PlatformUserId) => boolean;
  /** Share of a per-account platform limit this copy may use: 1 ÷ live copies. */
  readonly limitShare: () => number;
  /** The fence of what a reader writes: valid while the channel's lease carries it. Null before the worker is known. */
  readonly startNumber: () => number | null;
}

export interface WorkerSide {
  readonly reader: ChatReader;
  readonly sender: ChatSender;
  readonly liveStatus?: LiveStatus;
  /** Where channels and accounts go by names that may change. */
  readonly names?: NameDirectory;
  readonly roleResolver?: RoleResolver;
  /** Where chat lines arrive by webhook. */
  readonly webhookInbox?: WebhookInbox;
  /** What the worker's `started` line tells besides the timers. */
  readonly startedFields?: LogFields;
  /** For operators, under `platform` of the worker's readiness: what only this platform has to tell. */
  details?(): Readonly<Record<string, unknown>>;
  /** Closes every connection; running sends have been waited for. */
  close(): Promise<void>;
}

/** A channel the reader is to read, as the database desires it. */
export interface ReadChannel {
  readonly channelId: ChannelId;
  readonly slug: string;
  readonly target: PlatformChannelId;
  readonly ownerUserId: UserId | null;
  /** `Channel.twitchChannelId`-like stable id, where the target is a name that may change; else null. */
  readonly stableId: string | null;
  readonly extra: Readonly<Record<string, string | null>>;
}

/**
 * Reads chats. Reports trouble as state, never as an exception; reconnects for ever with jittered backoff;
 * paces joins to the platform's limit; proves life (ping answered, subscription confirmed, last inbound time).
 */
export interface ChatReader {
  /** The full desired set; returns at once, the reader reconciles on its own and keeps what did not change. */
  setChannels(channels: readonly ReadChannel[]): void;
}

export interface ReaderEvents {
  /** In arrival order per channel. Must not block: the pipeline queues. */
  message(message: ChatMessage): void;
  state(channelId: ChannelId, state: ReaderState): void;
  live(channelId: ChannelId, fact: LiveFact): void;
  /** What made a send `unavailable` in this channel is over: deliver now instead of at the next retry. */
  sendable(channelId: ChannelId): void;
  /**
   * The platform's channel goes by a new name; the subscription row is to be updated.
   *
   * @param extra `extraColumns` that name the channel too
   */
  renamed(channelId: ChannelId, target: PlatformChannelId, extra?: Readonly<Record<string, string>>): void;
  /** Nobody answers to the channel's name: it is to be looked up now instead of within the hour. */
  lost(channelId: ChannelId): void;
}

export interface ReaderState {
  readonly kind: 'connecting' | 'live' | 'idle' | 'degraded' | 'needs_user_action';
  readonly reason: Reason | null;
}

export interface ChatMessage {
  readonly provider: ProviderId;
  readonly channelId: ChannelId;
  /** Null where the platform gives none; such a message cannot be de-duplicated. */
  readonly messageId: PlatformMessageId | null;
  readonly author: ChatAuthor;
  readonly text: string;
  readonly sentAtMs: number;
  /** Delivered as history on (re)connect: credited, never answered. */
  readonly isBacklog: boolean;
  /** Asked for, or sent again after a gap, and so late by nature: its age says nothing about how far behind the worker is. */
  readonly isFetched?: boolean;
  readonly isOwn: boolean;
}

export interface ChatAuthor {
  readonly platformUserId: PlatformUserId;
  /** Trimmed, lower-case, without leading `@` or `#`; null where the platform has no logins. */
  readonly login: string | null;
  /** Further names, written the same way, that an `allowedUsers` entry may mean. */
  readonly otherLogins?: readonly string[];
  readonly displayName: string;
  readonly avatarUrl: string | null;
  readonly roles: ReadonlySet<Role>;
}

/** One network's way of speaking into a chat. Implementations hold no state about rows, retries or limits. */
export interface ChatSender {
  /**
   * Writes one message and reports what became of it.
   *
   * Must not throw for anything the platform may answer, must not retry, must not wait for a rate limit:
   * the outbox does all three. Gives up after `deadlineMs` with `unconfirmed` when bytes have left, else `unavailable`.
   *
   * @param text as the chat is to show it, to be sent as it is: not empty, one line without control characters, no `/` or
   *   `.` in front, no longer than `limits.message`
   * @param answers the chat line this is the answer to; for platforms where one channel may have several chats at once
   * @returns never `sent` unless the platform said so
   */
  send(
    channel: ReadChannel,
    text: string,
    as: SenderCredential,
    deadlineMs: number,
    answers?: PlatformMessageId | null,
  ): Promise<SendOutcome>;
  /**
   * Asks the platform for a message whose answer was lost; absent where it cannot be asked for what a chat has heard.
   *
   * @param text as it was written
   * @param since when writing began; the platform's clock may be a little behind ours
   * @returns null when the platform does not show the message, or could not be asked
   */
  hasSaid?(
    channel: ReadChannel,
    text: string,
    as: SenderCredential,
    since: Date,
    deadlineMs: number,
  ): Promise<{ readonly platformMessageId: PlatformMessageId | null } | null>;
  /** Whether windows that block only the unprivileged let this account pass in this channel. */
  isPrivileged(channel: ReadChannel, as: SenderCredential): boolean;
}

/** What became of a message. Only the first is a success; only `retry` costs the row an attempt. */
export type SendOutcome =
  | { kind: 'sent'; platformMessageId: PlatformMessageId | null }
  | { kind: 'retry'; reason: Reason; retryAt?: Date }
  | { kind: 'unavailable'; reason: Reason; retryAt?: Date }
  | { kind: 'rejected'; reason: Reason }
  | { kind: 'unauthorized'; reason: Reason }
  /** `written` where the chat was given another text than `send` was: our own message is known by it when it is seen there. */
  | { kind: 'unconfirmed'; reason: Reason; written?: string };

/** Whether a platform says a channel is broadcasting. */
export interface LiveFact {
  readonly isLive: boolean;
  /** When the stream started or ended according to the platform, else when it was seen. */
  readonly at: Date;
}

/** Polled by the worker to heal missed transitions. */
export interface LiveStatus {
  /** Facts for as many of the channels as could be learned; absent ones change nothing. Must not throw. */
  poll(channels: readonly ReadChannel[]): Promise<ReadonlyMap<ChannelId, LiveFact>>;
}

/** How those are called now whom the platform knows by an id: a name may change, an id does not. */
export interface NameDirectory {
  /** Most ids that one question may hold. */
  readonly idsPerQuestion: number;
  /** The id behind what is read for the channel; null while it is not known for certain. */
  idOf(channel: ReadChannel): string | null;
  /**
   * An id that nobody has any more is missing from the answer, and so is a bot that cannot be asked about.
   *
   * @param ids of channels as `idOf` gives them, and of bots as chat lines name their authors
   * @throws PlatformRefused, PlatformUnreachable
   */
  namesOf(ids: readonly string[]): Promise<ReadonlyMap<string, PlatformName>>;
  /** Nobody has the channel's id any more: whether its chat can still be read is to be found out anew. */
  isGone(channel: ReadChannel): void;
}

export interface PlatformName {
  /** As `ReadChannel.target` and the login of a linked account are written. */
  readonly login: string;
  readonly displayName: string;
}

/** Platform role ids of a chatter, asked only when they can still change whether a command answers. */
export interface RoleResolver {
  roleIds(channel: ReadChannel, author: ChatAuthor): Promise<ReadonlySet<string>>;
}

/** A delivery that a webhook in the API stored, as the worker of the channel finds it. */
export interface WaitingDelivery {
  readonly eventType: string;
  /** As the platform's webhook gave it, once through JSON. */
  readonly payload: unknown;
  readonly receivedAt: Date;
}

/** Understands what the platform's webhook stored (`receiveDelivery`). */
export interface WebhookInbox {
  /** Must not throw, must not ask anybody. @returns null for what says nothing (any more) */
  read(channel: ReadChannel, delivery: WaitingDelivery): ChatMessage | null;
}

// ---------------------------------------------------------------- API side

export interface ApiDeps extends CommonDeps {
  readonly db: Db;
  readonly credentials: Pick<CredentialSource, 'owner' | 'renewed'>;
  /** `https://<DOMAIN>`; null when no public host is configured. */
  readonly publicBaseUrl: string | null;
  readonly isProduction: boolean;
  /** Records what a webhook said about a stream; drives the stream run and the credits roll. */
  readonly recordLive: (channelId: ChannelId, fact: LiveFact) => Promise<void>;
  /**
   * The platform's channel goes by another name than the one stored; writes it down.
   *
   * @param from nothing happens when another one is stored by now
   */
  readonly renamed: (channelId: ChannelId, from: PlatformChannelId, to: PlatformChannelId) => Promise<void>;
  /**
   * Queues one message of ours for the channel; false when an equal `dedupKey` is already there.
   *
   * @param db the transaction the message is to be part of
   */
  readonly enqueue: (db: Db, message: QueuedMessage) => Promise<boolean>;
  /** The signed-in streamer of a request; answers 401/403/400 itself by throwing (docs/contract/http-api.md#access-model). */
  readonly streamer: (request: FastifyRequest) => Promise<{ userId: UserId; channelId: ChannelId; isAdmin: boolean }>;
}

export interface QueuedMessage {
  readonly channelId: ChannelId;
  readonly text: string;
  readonly source: 'greeting';
  readonly dedupKey: string;
}

export interface ApiSide {
  /**
   * Everything `PATCH /streamer/bots/:provider` has to check before enabling, in the contract's order; writes nothing.
   * `hasSender` answers whether some account could speak in this channel.
   * @throws BadInput with one of the platform's codes
   */
  resolveChannel(request: EnableRequest): Promise<ResolvedChannel>;
  /** After the rows are written: whatever the platform has to be told, best effort, reported as warnings. */
  enabled?(channelId: ChannelId): Promise<readonly string[]>;
  /** Text of the target for a row that disabling creates, where the contract asks for one (docs/contract/http-api.md#switch-a-bot). */
  readonly createsRowOnDisable?: boolean;
  /** Candidates, follow greetings, legacy toggles: routes only this platform has. */
  routes?(app: FastifyInstance): void;
  /** Where the platform delivers to us. `rawBody` is all there is of a body: nothing was parsed, nobody was asked. */
  webhooks?(app: FastifyInstance): void;
  /** A subscription or gate changed, of one channel or of any (null); also when that may have been missed. Must not block. */
  channelsChanged?(channelId: ChannelId | null): void;
  /** Event subscriptions at the platform; the API calls it every 10 minutes under an advisory lock. */
  reconcileSubscriptions?(): Promise<void>;
}

export interface EnableRequest {
  readonly channelId: ChannelId;
  readonly userId: UserId;
  readonly isAdmin: boolean;
  readonly body: Readonly<Record<string, unknown>>;
  readonly hasSender: () => Promise<boolean>;
  /** Host of the request, for platforms that show a callback address. */
  readonly host: string | null;
}

/** Columns of the subscription row to write. */
export interface ResolvedChannel {
  readonly target: PlatformChannelId;
  readonly extra: Readonly<Record<string, string | null>>;
  readonly warnings: readonly string[];
}
