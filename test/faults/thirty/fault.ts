/** What a seeded fault is, and what has to be found first. */
import type { Check } from '../../../src/engine/diagnosis/fact.ts';
import type { ChannelId, ProviderId } from '../../../src/lib/brand.ts';
import type { Cause, CauseCode, Verdict } from '../../../src/platforms/causes/cause.ts';
import type { Stack } from './stack.ts';

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
  readonly over: 'http' | 'both';
  /** Ends it once it has been found. */
  undo?(stack: Stack): Promise<unknown>;
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
