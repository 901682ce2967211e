/** What a platform does in the API: it enables channels and serves its own routes and webhooks (the platform contract, `platform.ts`). */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Db } from '../db/pool.ts';
import type { ChannelId, PlatformChannelId, UserId } from '../lib/brand.ts';
import type { CredentialSource } from './account-side.ts';
import type { CommonDeps, Told } from './platform.ts';
import type { LiveFact } from './worker-side.ts';

export interface ApiDeps extends CommonDeps {
  readonly db: Db;
  readonly credentials: Pick<CredentialSource, 'owner' | 'renewed'>;
  /** Has `ApiSide.look` called for the channel soon. Must not be awaited: it returns at once. */
  readonly lookSoon: (channelId: ChannelId) => void;
  /** `https://<DOMAIN>`; null when no public host is configured. */
  readonly publicBaseUrl: string | null;
  readonly isProduction: boolean;
  /** Records what a webhook said about a stream; drives the stream run and the credits roll. */
  readonly recordLive: (channelId: ChannelId, fact: LiveFact) => Promise<void>;
  /** The bot was switched off: nobody watches the channel's stream there any more. */
  readonly forgetLive: (channelId: ChannelId) => Promise<void>;
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
  /** What this process has seen of the platform, such as deliveries it refused. Must not ask anybody. */
  told?(): readonly Told[];
  /** Event subscriptions at the platform; the API calls it every 10 minutes, and when asked, under an advisory lock. */
  reconcileSubscriptions?(): Promise<void>;
  /**
   * Compares the event subscriptions of one channel now, and renews what is missing: somebody asks how the bot is, a
   * stream began, or the platform ended one. Every 30 s for a channel at most; several copies may do it at once.
   */
  look?(channelId: ChannelId): Promise<void>;
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
