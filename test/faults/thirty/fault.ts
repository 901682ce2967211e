/** What a seeded fault is, and what has to be found first. */
import type { Check } from '../../../src/engine/diagnosis/fact.ts';
import type { ChannelId, ProviderId } from '../../../src/lib/brand.ts';
import type { Cause, CauseCode, Language, Verdict } from '../../../src/platforms/causes/cause.ts';
import type { Environment, Stack } from './stack.ts';

export type PlatformId = 'twitch' | 'youtube' | 'vkvideo' | 'trovo' | 'kick';

export interface Expected extends Pick<Cause, 'action' | 'who'> {
  readonly cause: CauseCode;
  /** `broken` when absent. */
  readonly verdict?: Verdict;
}

/** Who looks: over HTTP a streamer at the own channel, or an owner at the installation; the doctor at the same. */
export interface Place {
  /** Null: what concerns no platform by itself. */
  readonly provider: PlatformId | null;
  /** Null: the installation. */
  readonly channel: FaultyChannel | null;
}

export interface FaultyChannel {
  readonly channelId: ChannelId;
  readonly slug: string;
  /** Session of its streamer. */
  readonly token: string;
}

/** A fault of the running installation. */
export interface Fault {
  readonly name: string;
  /** Makes it happen. @returns where it shows */
  seed(stack: Stack): Promise<Place>;
  readonly expects: Expected;
  /** Ends what would stand in the way of other faults; its finding may stay for a while. */
  undo?(stack: Stack): Promise<unknown>;
}

/** All findings that belong to a place, in the order in which they are shown. */
export type Read = (language: Language) => Promise<readonly Found[]>;

/** A fault of what the operator's machine has: nothing of the installation has to run for it. */
export interface MachineFault {
  readonly name: string;
  /** The doctor's environment, made from that of the installation. */
  environment(stack: Stack): Promise<Environment>;
  readonly expects: Expected;
  /** Of the doctor. */
  readonly exitCodes: readonly number[];
}

/** A finding as people and their tools read it. */
export interface Found {
  readonly check: Check;
  readonly scope: {
    readonly provider: ProviderId | null;
    readonly channelId: string | null;
    readonly slug: string | null;
  };
  readonly verdict: Verdict;
  readonly cause: string;
  readonly who: string | null;
  readonly action: string;
  readonly text: string;
}
