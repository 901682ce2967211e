/** The platform contract: what a chat platform must be able to do to live here, and what it may do besides. */
import type { Db } from '../db/pool.ts';
import type { ProviderId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { HttpClient } from '../lib/http.ts';
import type { Logger } from '../lib/logger.ts';
import type { Variable } from '../lib/settings.ts';
import type { LegacySender, PlatformOAuth } from './account-side.ts';
import type { ApiDeps, ApiSide } from './api-side.ts';
import type { CauseCode, CauseTable } from './causes/cause.ts';
import type { Probe } from './probe-side.ts';
import type { WorkerDeps, WorkerSide } from './worker-side.ts';

/** Why a token cannot be renewed or a connection ended: a word for logs and accounts; never a token or a body. */
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
    readonly deniedReason?: CauseCode;
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
  /** What can keep a bot of this platform silent, besides the core's causes (docs/diagnosis.md#causes). */
  readonly causes: CauseTable;
  /** Facts a panel or a client needs before it saves something (`GET /capabilities`). */
  readonly capabilities: PlatformCapabilities;
  limits(settings: PlatformSettings): PlatformLimits;
  /** Absent while accounts of the platform cannot be linked yet. */
  oauth?(deps: CommonDeps): PlatformOAuth;
  /** The sender an old installation names in its environment, used when the database has no default bot (docs/contract/workers.md#resolution-order). */
  legacySender?(deps: CommonDeps & { readonly db: Db }): Promise<LegacySender | null>;
  /** Where these settings let the platform deliver to; null where it is not set up, absent where it delivers nothing. */
  webhook?(settings: PlatformSettings, publicBaseUrl: string | null): DeliveryAddress | null;
  /** What a live look asks; absent where nothing can be asked without doing harm (docs/diagnosis.md#ask-the-platforms). */
  readonly probe?: Probe;
  /** Opens the half that runs in the API. Must not do network calls until asked. */
  openApiSide(deps: ApiDeps): ApiSide;
}

/** One chat platform. The core reaches it through this value alone and never asks which one it is. */
export interface Platform extends PlatformDescription {
  timers(settings: PlatformSettings): WorkerTimers;
  /** `lastError` of a message that expired because no account could speak (docs/contract/workers.md#preconditions-and-lasterror-texts). */
  readonly noSenderReason: CauseCode;
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
  /** Whose cure is the hint of the answer. */
  readonly cause?: CauseCode;
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

export interface CommonDeps {
  readonly settings: PlatformSettings;
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly log: Logger;
  /** 0 ≤ x < 1; jitter only. */
  readonly random: () => number;
}

export interface DeliveryAddress {
  /** Whether deliveries can arrive there at all. */
  readonly isRight: boolean;
  readonly url: string | null;
}

/** What a platform's half of a process knows that explains a silent bot, for diagnoses (docs/diagnosis.md#the-snapshot). */
export interface Told {
  readonly check: 'quota' | 'webhook' | 'worker';
  readonly cause: CauseCode;
  /** Values of the cause's words. Never a token. */
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}
