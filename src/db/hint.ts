/** A wake-up hint as the database's triggers raise it. */
import type { ChannelId, ProviderId } from '../lib/brand.ts';

/** Something changed in the database; the kinds are described where the triggers are. */
export interface Hint {
  readonly kind: string;
  /** Null: every platform. */
  readonly provider: ProviderId | null;
  /** Null: any number of channels. */
  readonly channelId: ChannelId | null;
  /** The rows of the channel it is about; absent: any. */
  readonly rowIds?: readonly string[];
}

/** Reads `kind:provider` or `kind:provider:channelId`, ids of rows in a second line. @returns null for what no trigger of ours sends */
export function parseHint(payload: string): Hint | null {
  const [, kind, provider, channelId, rowIds] = /^([^:]+):([^:]+)(?::(.+?)(?:\n(.+))?)?$/s.exec(payload) ?? [];
  if (kind === undefined || provider === undefined) return null;
  return {
    kind,
    provider: provider === '*' ? null : (provider as ProviderId),
    channelId: (channelId ?? null) as ChannelId | null,
    ...(rowIds === undefined ? {} : { rowIds: rowIds.split(',') }),
  };
}
