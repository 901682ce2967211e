/** What a platform does in its worker: it reads chats, speaks in them and answers what the worker asks (the platform contract, `platform.ts`). */

import type { Db } from '../db/pool.ts';
import type {
  ChannelId,
  PlatformChannelId,
  PlatformMessageId,
  PlatformUserId,
  ProviderId,
  UserId,
} from '../lib/brand.ts';
import type { LogFields } from '../lib/logger.ts';
import type { CredentialSource, SenderCredential } from './account-side.ts';
import type { CauseCode, Said } from './causes/cause.ts';
import type { CommonDeps, Role, Told } from './platform.ts';

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
  /** What is so now; nothing while all is well. Must not ask anybody. */
  told?(): readonly Told[];
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
  /**
   * Compares now what the platform delivers to the channel, by a question that costs nothing, and mends it: somebody asks
   * how the bot is, a stream began, or a running stream brings no line.
   *
   * Asked every 30 s for one channel at most, for all channels at once too. Returns at once; what it finds is told as
   * state. Absent where nothing can be asked for free.
   */
  look?(channel: ReadChannel): void;
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
  readonly reason: CauseCode | null;
  /** Words of the platform; shown, never translated. */
  readonly detail?: string;
}

export interface ChatMessage {
  readonly provider: ProviderId;
  readonly channelId: ChannelId;
  /** Null where the platform gives none; such a message cannot be de-duplicated. */
  readonly messageId: PlatformMessageId | null;
  readonly author: ChatAuthor;
  /** As people see it; an emote is its word. */
  readonly text: string;
  /** Where emotes stand in the text; absent without any, and where the platform does not mark them. */
  readonly emotes?: readonly Emote[] | undefined;
  /**
   * Up to here the text only names a bot of ours: a mention that the platform marks, or what a client puts before a
   * reply. Absent where nothing is marked; what people type is found by the names of our accounts.
   */
  readonly addressedEnd?: number | undefined;
  readonly sentAtMs: number;
  /** Delivered as history on (re)connect: credited, never answered. */
  readonly isBacklog: boolean;
  /** Asked for, or sent again after a gap, and so late by nature: its age says nothing about how far behind the worker is. */
  readonly isFetched?: boolean;
  readonly isOwn: boolean;
}

/** A stretch of a text, in UTF-16 units. */
export interface Emote {
  readonly start: number;
  /** The first unit behind it. */
  readonly end: number;
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
  | ({ kind: 'retry'; retryAt?: Date } & Said)
  | ({ kind: 'unavailable'; retryAt?: Date } & Said)
  | ({ kind: 'rejected' } & Said)
  | ({ kind: 'unauthorized' } & Said)
  /** `written` where the chat was given another text than `send` was: our own message is known by it when it is seen there. */
  | ({ kind: 'unconfirmed'; written?: string } & Said);

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
  /**
   * Whether the row may get the name that its id has, asked before it does; absent: always. A row may name another chat than its
   * channel's own: only a name that nobody has can be the former one of a channel that was not read under it.
   *
   * @throws PlatformRefused, PlatformUnreachable
   */
  mayMove?(channel: ReadChannel): Promise<boolean>;
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
