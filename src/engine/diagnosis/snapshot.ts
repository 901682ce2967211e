/** What a diagnosis is made from: the database as three statements found it, and what the asking process knows (docs/diagnosis.md#the-snapshot). */
import type { EffectiveSender, SenderReason } from '../../accounts/senders-stored.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import type { CauseCode, CauseTable, Verdict } from '../../platforms/causes/cause.ts';
import type { Told } from '../../platforms/platform.ts';
import type { ReaderState } from '../../platforms/worker-side.ts';
import type { Check } from './fact.ts';

export interface Snapshot {
  /** By the clock of the database, as all times here; null while it could not be asked. */
  readonly at: Date | null;
  /** What keeps the database from being asked; null when it was. */
  readonly database: CauseCode | null;
  /** Values of the words of `database`. */
  readonly databaseData?: FactData;
  readonly platforms: readonly SnapshotPlatform[];
  readonly workers: readonly WorkerSnapshot[];
  /** One for each platform and each channel that was asked for. */
  readonly channels: readonly ChannelSnapshot[];
  /** Who speaks where a channel has no bot of its own, on each platform; empty while the database could not be asked. */
  readonly shared: readonly SharedSenderSnapshot[];
  /** What the asking process itself knows, such as its clock and its webhooks. */
  readonly own: readonly ToldFact[];
  /** Of the keys by which the asking process opens stored tokens, the sealing one first; null when it has none to compare. */
  readonly ownKeys: readonly string[] | null;
  /** Of further processes that were asked for theirs. */
  readonly otherKeys?: readonly (readonly string[])[];
  /** Of the keys that sealed what is stored; absent where nobody looked. */
  readonly sealedBy?: readonly string[];
}

export interface SnapshotPlatform {
  readonly id: ProviderId;
  readonly title: string;
  readonly causes: CauseTable;
}

/** A cause that a process tells of itself. */
export interface ToldFact {
  readonly check: Check;
  readonly cause: CauseCode;
  readonly provider: ProviderId | null;
  /** Where it is another than that of the cause. */
  readonly verdict?: Verdict;
  readonly data: FactData;
}

export type FactData = Told['data'];

export interface WorkerSnapshot {
  readonly provider: ProviderId;
  readonly startNumber: number;
  readonly host: string;
  readonly pid: number;
  readonly startedAt: Date;
  readonly heartbeatAt: Date;
  readonly isAlive: boolean;
  /** How many channels it holds. */
  readonly channels: number;
  /** Null for a worker of an older version. */
  readonly facts: WorkerFacts | null;
}

/** What a worker writes about itself, with its heartbeat, when it changed (`BotWorker.facts`). */
export interface WorkerFacts {
  readonly version: string | null;
  readonly reasons: readonly CauseCode[];
  readonly warnings: readonly CauseCode[];
  readonly relays: readonly { readonly url: string; readonly isReachable: boolean }[];
  /** How far the worker's clock is ahead of the database's; null before it was compared. */
  readonly clockOffsetMs: number | null;
  readonly loopLagMs: number;
  /** Which keys open stored tokens, the sealing one first; never the keys. */
  readonly keys: readonly string[];
  /** What only this platform has to tell. */
  readonly told: readonly Told[];
}

export interface ChannelSnapshot {
  readonly channelId: ChannelId;
  readonly slug: string;
  readonly provider: ProviderId;
  readonly isEnabled: boolean;
  /** Whether gate and subscription both let the bot in, and name a channel. */
  readonly isActive: boolean;
  /** When it was switched; null without a gate. */
  readonly updatedAt: Date | null;
  /** The platform's channel; null where none is named. */
  readonly target: string | null;
  /** Whether a living worker holds the channel. */
  readonly isHeld: boolean;
  readonly health: HealthSnapshot | null;
  /** What this platform says about the stream; null where it has said nothing. */
  readonly live: { readonly isLive: boolean; readonly since: Date } | null;
  readonly messages: MessagesSnapshot;
  readonly sender: SenderSnapshot;
  /** Event subscriptions at the platform that are not as they should be. */
  readonly lostEvents: readonly { readonly type: string; readonly reason: string | null; readonly since: Date }[];
}

export interface HealthSnapshot {
  readonly state: ReaderState['kind'];
  /** As it is stored (docs/diagnosis.md#reasons-as-they-are-stored). */
  readonly reason: string | null;
  readonly since: Date;
  readonly lastLineAt: Date | null;
  /** The start that said so, and whether it lives. */
  readonly startNumber: number | null;
  readonly isCurrent: boolean;
}

export interface MessagesSnapshot {
  /** Counted to 100 at most. */
  readonly waiting: number;
  readonly oldestAt: Date | null;
  /** Why the one that goes next waits, and when it is tried again. */
  readonly headError: string | null;
  readonly headDueAt: Date | null;
  readonly lastSentAt: Date | null;
  /** The newest message that failed, unless one was sent after it. */
  readonly failure: { readonly error: string | null; readonly at: Date } | null;
}

export interface SharedSenderSnapshot {
  readonly provider: ProviderId;
  readonly sender: SenderSnapshot;
}

export interface SenderSnapshot {
  readonly effective: EffectiveSender;
  /** What keeps the bot of the channel from speaking; null when it speaks or there is none. */
  readonly ownTrouble: SenderReason | null;
  /** What keeps the default bot from speaking where it would have to. */
  readonly sharedTrouble: SenderReason | null;
}
