/** What the API forgets or tells when the database says that something changed. */
import type { Credentials } from '../accounts/credentials.ts';
import type { Companion } from '../credits/companion.ts';
import type { OverlayFeed } from '../credits/overlay-feed.ts';
import type { CreditsRoll } from '../credits/roll.ts';
import type { ListenEvents } from '../db/listen.ts';
import type { ProviderId } from '../lib/brand.ts';
import type { HostedPlatform } from './context.ts';
import type { Callers } from './plugins/callers.ts';
import type { ChannelFeed } from './routes/events-feed.ts';

export interface HintReaders {
  readonly callers: Pick<Callers, 'forget'>;
  readonly credentials: ReadonlyMap<string, Credentials>;
  readonly platforms: readonly Pick<HostedPlatform, 'description' | 'side' | 'looks'>[];
  /** Subscriptions of every channel are to be compared now; null: on every platform. */
  readonly reconcile: (provider: ProviderId | null) => void;
  readonly companion: Companion | null;
  readonly roll: CreditsRoll;
  readonly overlay: OverlayFeed;
  readonly events: ChannelFeed;
}

export function hintEvents(readers: HintReaders): ListenEvents {
  const { callers, credentials, platforms, reconcile, companion, roll, overlay, events } = readers;
  return {
    hint(hint) {
      const { kind, provider, channelId } = hint;
      events.hint(hint);
      switch (kind) {
        case 'credentials':
          for (const [id, source] of credentials) if (provider === null || provider === id) source.invalidate();
          companion?.credentialsChanged();
          roll.forgetRules(null);
          break;
        // A subscription, a gate or an override.
        case 'channels':
          companion?.credentialsChanged();
          roll.forgetRules(channelId);
          for (const { description, side } of platforms) {
            if (provider === null || provider === description.id) side.channelsChanged?.(channelId);
          }
          break;
        case 'look':
          if (channelId === null) reconcile(provider);
          else
            for (const { description, looks } of platforms) {
              if (provider === null || provider === description.id) looks.want(channelId);
            }
          break;
        case 'sessions':
          callers.forget(hint.userId ?? null);
          break;
        case 'settings':
          roll.forgetRules(channelId);
          break;
        // A stream that began or ended may have begun a new roll, and so may a reset in another copy.
        case 'live':
        case 'roll':
          roll.forgetSeen(channelId);
          overlay.changed(channelId);
          break;
        case 'credits':
          overlay.changed(channelId);
      }
    },
    listening() {
      callers.forget(null);
      for (const source of credentials.values()) source.invalidate();
      companion?.credentialsChanged();
      for (const { side } of platforms) side.channelsChanged?.(null);
      roll.forgetRules(null);
      roll.forgetSeen(null);
      overlay.changed(null);
      events.listening();
    },
  };
}
