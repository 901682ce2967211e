/** What this process adds to a snapshot: how it is itself, and what it saw of the platforms' deliveries. */
import type pg from 'pg';
import { checkOf } from '../engine/diagnosis/diagnose.ts';
import { readSnapshot } from '../engine/diagnosis/read-snapshot.ts';
import type { ToldFact } from '../engine/diagnosis/snapshot.ts';
import type { ChannelId } from '../lib/brand.ts';
import { BadInput } from '../lib/errors.ts';
import type { TokenSeal } from '../lib/token-seal.ts';
import type { ApiContext, HostedPlatform, ProcessState } from './context.ts';
import { type BotState, botStates } from './diagnosis.ts';

interface SnapshotsDeps {
  readonly pg: pg.Pool;
  readonly seal: TokenSeal;
  readonly state: () => ProcessState;
  readonly platforms: () => readonly HostedPlatform[];
}

/** What this process tells of itself, in its answers and where it is asked by other processes. */
export function createSelf({ seal, state, platforms }: Omit<SnapshotsDeps, 'pg'>): ApiContext['self'] {
  return () => ({ keys: seal.keyIds, told: ownFacts(state(), platforms()) });
}

export function createSnapshots({ pg, seal, state, platforms }: SnapshotsDeps): ApiContext['snapshot'] {
  return (channelIds) => {
    const hosted = platforms();
    const sources = hosted.map(({ description, senders }) => {
      return { description, environment: () => senders.environment() };
    });
    return readSnapshot(
      { pg, seal, platforms: sources },
      { channelIds, own: ownFacts(state(), hosted), ownKeys: seal.keyIds },
    );
  };
}

/** For those who watch a channel: a look that fails is made again. */
export function enabledBots(snapshot: ApiContext['snapshot']): (channelId: ChannelId) => Promise<readonly BotState[]> {
  return async (channelId) => {
    const found = await snapshot([channelId]);
    if (found.database === 'schema_missing') throw new BadInput('FEATURE_NOT_AVAILABLE');
    if (found.database !== null) throw new BadInput('DATABASE_UNAVAILABLE');
    return botStates(found).filter(({ enabled, state }) => enabled || state !== null);
  };
}

function ownFacts({ reasons, warnings }: ProcessState, platforms: readonly HostedPlatform[]): readonly ToldFact[] {
  return [
    ...[...reasons, ...warnings].map((cause) => ({ check: checkOf(cause), cause, provider: null, data: {} })),
    ...platforms.flatMap(({ description: { id }, side }) =>
      (side.told?.() ?? []).map((told) => ({ ...told, provider: id })),
    ),
  ];
}
