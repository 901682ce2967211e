/** Asks for the senders of channels, and lets health tell where nobody can speak: reading alone is half a bot. */
import type { Credentials } from '../../accounts/credentials.ts';
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { SenderCredential } from '../../platforms/account-side.ts';
import { CREDENTIAL_RETRY_MS, isMissing, stateWithout } from '../../platforms/no-credential.ts';
import type { Platform } from '../../platforms/platform.ts';
import type { SpeakingChannel } from '../outbox/row.ts';
import type { ChannelHealth } from './channel-health.ts';

interface VoicesDeps {
  readonly credentials: Pick<Credentials, 'senderFor' | 'renewed'>;
  readonly health: Pick<ChannelHealth, 'voice' | 'muteChannels'>;
  readonly held: () => ReadonlyMap<ChannelId, SpeakingChannel>;
  readonly platform: Pick<Platform, 'noSenderReason'>;
  readonly clock: Clock;
  /** Somebody can speak in a channel again: what waits there can go out. */
  readonly sendable: (channelId: ChannelId) => void;
}

export class Voices implements Pick<Credentials, 'renewed'> {
  readonly #deps: VoicesDeps;
  readonly renewed: Credentials['renewed'];
  /** Channels whose sender had no token at the last look. */
  readonly #unavailable = new Set<ChannelId>();
  #timer: Timer | null = null;

  constructor(deps: VoicesDeps) {
    this.#deps = deps;
    this.renewed = (credential, refusedToken) => deps.credentials.renewed(credential, refusedToken);
  }

  /** @returns null while nobody can speak; `sendable` tells when somebody can again */
  async senderFor(channel: SpeakingChannel): Promise<SenderCredential | null> {
    const { credentials, health, platform } = this.#deps;
    const { channelId } = channel;
    const credential = await credentials.senderFor(channel);
    health.voice(channelId, isMissing(credential) ? stateWithout(credential, platform.noSenderReason) : null);
    if (credential === 'unavailable') this.#lookSoon(channelId);
    else this.#unavailable.delete(channelId);
    return isMissing(credential) ? null : credential;
  }

  /** An account was linked, or linked again: whoever had no voice may have one. */
  lookAgain(): void {
    this.#look(this.#deps.health.muteChannels);
  }

  #look(channelIds: Iterable<ChannelId>): void {
    const { held, sendable } = this.#deps;
    for (const channelId of channelIds) {
      const channel = held().get(channelId);
      if (channel === undefined) this.#unavailable.delete(channelId);
      else {
        this.senderFor(channel).then(
          (credential) => credential && sendable(channelId),
          // A database that does not answer says nothing about senders.
          () => this.#lookSoon(channelId),
        );
      }
    }
  }

  /** No hint tells that a token endpoint is back. */
  #lookSoon(channelId: ChannelId): void {
    this.#unavailable.add(channelId);
    this.#timer ??= this.#deps.clock.setTimer(
      CREDENTIAL_RETRY_MS,
      () => {
        this.#timer = null;
        this.#look([...this.#unavailable]);
      },
      { unref: true },
    );
  }
}
