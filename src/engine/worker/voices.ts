/** Asks for the senders of channels, and lets health tell where nobody can speak: reading alone is half a bot. */
import type { Credentials } from '../../accounts/credentials.ts';
import type { ChannelId } from '../../lib/brand.ts';
import type { Platform, SenderCredential } from '../../platforms/platform.ts';
import type { SpeakingChannel } from '../outbox/row.ts';
import type { ChannelHealth } from './channel-health.ts';

interface VoicesDeps {
  readonly credentials: Pick<Credentials, 'senderFor' | 'renewed'>;
  readonly health: Pick<ChannelHealth, 'voice' | 'muteChannels'>;
  readonly held: () => ReadonlyMap<ChannelId, SpeakingChannel>;
  readonly platform: Pick<Platform, 'noSenderReason'>;
}

export class Voices implements Pick<Credentials, 'senderFor' | 'renewed'> {
  readonly #deps: VoicesDeps;
  readonly renewed: Credentials['renewed'];

  constructor(deps: VoicesDeps) {
    this.#deps = deps;
    this.renewed = (credential, refusedToken) => deps.credentials.renewed(credential, refusedToken);
  }

  async senderFor(channel: SpeakingChannel): Promise<SenderCredential | null> {
    const { credentials, health, platform } = this.#deps;
    const credential = await credentials.senderFor(channel);
    health.voice(channel.channelId, credential === null ? platform.noSenderReason : null);
    return credential;
  }

  /** An account was linked, or linked again: whoever had no voice may have one. */
  lookAgain(): void {
    for (const channelId of this.#deps.health.muteChannels) {
      const channel = this.#deps.held().get(channelId);
      // A database that does not answer says nothing about senders.
      if (channel) void this.senderFor(channel).catch(() => {});
    }
  }
}
