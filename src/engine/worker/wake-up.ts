/** Who in a worker is woken by which change in the database. The kinds are described beside the triggers that raise them. */
import type { Hint } from '../../db/hint.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';

/** Null: any channel may have changed. None of them may block. */
export interface Hints {
  outbox(channelId: ChannelId | null): void;
  inbox(channelId: ChannelId | null): void;
  /** Subscription, gate, override or entitlement. */
  channels(channelId: ChannelId | null): void;
  /** Commands, or settings of the channel. */
  commands(channelId: ChannelId | null): void;
  live(channelId: ChannelId | null): void;
  /** A default bot, an override or a linked account's grant. */
  credentials(): void;
  /** Copies came or went. */
  worker(): void;
  /** Leases were given back. */
  lease(): void;
  /** Somebody asks how the bot is, or a stream began. */
  look(channelId: ChannelId | null): void;
}

/** @param kind of a hint or of a row of the change log; unknown ones concern somebody else */
export function wakeUp(hints: Hints, kind: string, channelId: ChannelId | null): void {
  switch (kind) {
    case 'outbox':
      hints.outbox(channelId);
      break;
    case 'inbox':
      hints.inbox(channelId);
      break;
    case 'channels':
      hints.channels(channelId);
      hints.credentials();
      break;
    case 'settings':
      hints.channels(channelId);
      hints.commands(channelId);
      break;
    case 'commands':
      hints.commands(channelId);
      break;
    case 'live':
      hints.live(channelId);
      break;
    case 'credentials':
      hints.credentials();
      break;
    case 'worker':
      hints.worker();
      break;
    case 'lease':
      hints.lease();
      break;
    case 'look':
      hints.look(channelId);
      break;
  }
}

/** Live state is the channel's, whatever platform it came from; everything else is of one platform or of all. */
export function concerns(provider: ProviderId, hint: Hint): boolean {
  return hint.provider === null || hint.provider === provider || hint.kind === 'live';
}
