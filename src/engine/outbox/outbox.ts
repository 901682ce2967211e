/** Delivers the messages of every channel this worker holds: in order, one at a time per channel, each to its end. */
import type pg from 'pg';
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type {
  ChatMessage,
  ChatSender,
  CredentialSource,
  Platform,
  PlatformLimits,
  SenderCredential,
} from '../../platforms/platform.ts';
import { DeliveryLoop } from './delivery-loop.ts';
import type { Reply } from './replies.ts';
import type { SpeakingChannel } from './row.ts';

export interface OutboxDeps {
  readonly platform: Pick<Platform, 'id' | 'tables' | 'logPrefix' | 'noSenderReason'>;
  readonly limits: PlatformLimits;
  readonly sender: ChatSender;
  readonly credentials: Pick<CredentialSource, 'renewed'> & {
    senderFor(channel: SpeakingChannel): Promise<SenderCredential | null>;
  };
  readonly channels: {
    /** Active, and leased by this copy. */
    held(): ReadonlyMap<ChannelId, SpeakingChannel>;
    onChange(listener: () => void): void;
  };
  readonly pg: pg.Pool;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Of this start of the worker; null until it is registered, and nothing is claimed before. */
  readonly startNumber: () => number | null;
  /** 1 ÷ live copies. */
  readonly limitShare: () => number;
  readonly isListening: () => boolean;
  /** How often to look while no hints arrive. */
  readonly pollMs: number;
  readonly ttlMs: number;
}

export interface OutboxStats {
  readonly sent: number;
  readonly failed: number;
  readonly retried: number;
  readonly sending: number;
  /** Of the oldest message of a held channel that is not finished, as of the last look. */
  readonly oldestWaitingSince: Date | null;
}

export interface Outbox {
  /** Something was queued: in one channel, or anywhere (null). */
  wake(channelId: ChannelId | null): void;
  /** What made sends unavailable there is over: the present wait is cut short. */
  sendable(channelId: ChannelId): void;
  reply(reply: Reply): void;
  /** An own message, seen in the chat: it may prove that a send arrived. */
  echo(message: ChatMessage): void;
  /** Claims nothing more; resolves when running sends are recorded, after 10 s at the latest. */
  drain(): Promise<void>;
  stats(): OutboxStats;
}

export function createOutbox(deps: OutboxDeps): Outbox {
  return new DeliveryLoop(deps);
}
