/** A wake-up hint as the database's triggers raise it. */
import type { ChannelId, ProviderId, UserId } from '../lib/brand.ts';

/** Every hint comes over this channel of the database. */
export const HINT_CHANNEL = 'memalerts';

/**
 * Something changed in the database; the kinds are described where the triggers are. `look` is also raised by whoever
 * asks how bots are, without a change.
 */
export interface Hint {
  readonly kind: string;
  /** Null: every platform. */
  readonly provider: ProviderId | null;
  /** Null: any number of channels. */
  readonly channelId: ChannelId | null;
  /** The rows of the channel it is about; absent: any. */
  readonly rowIds?: readonly string[];
  /** Whose logins or role changed, null: anybody's; of the kind `sessions` alone, which concerns no channel. */
  readonly userId?: UserId | null;
}

/** Reads `kind:provider`, `kind:provider:channelId` or `sessions:*:userId`, ids of rows in a second line. @returns null for what no trigger of ours sends */
export function parseHint(payload: string): Hint | null {
  const [, kind, provider, channelId, rowIds] = /^([^:]+):([^:]+)(?::(.+?)(?:\n(.+))?)?$/s.exec(payload) ?? [];
  if (kind === undefined || provider === undefined) return null;
  if (kind === 'sessions')
    return { kind, provider: null, channelId: null, userId: (channelId ?? null) as UserId | null };
  return {
    kind,
    provider: provider === '*' ? null : (provider as ProviderId),
    channelId: (channelId ?? null) as ChannelId | null,
    ...(rowIds === undefined ? {} : { rowIds: rowIds.split(',') }),
  };
}
