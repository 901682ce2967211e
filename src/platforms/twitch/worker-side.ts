/** Twitch in a worker: chat is read by IRC, and spoken to by Helix where the sender's grant allows it. */
import type { PlatformChannelId } from '../../lib/brand.ts';
import type { ChatSender, ReadChannel, SenderCredential, WorkerDeps, WorkerSide } from '../platform.ts';
import { createHelix } from './helix/client.ts';
import { createHelixSender, SENDING_SCOPE } from './helix/sender.ts';
import { findUser } from './helix/users.ts';
import { openIrc } from './irc/irc.ts';
import { createLiveStatus } from './live-status.ts';
import { createOAuth } from './oauth.ts';
import { type TwitchSettings, twitchSettings } from './settings.ts';
import { TokenWatch } from './token-watch.ts';

export function openWorkerSide(deps: WorkerDeps): WorkerSide {
  const settings = twitchSettings(deps.settings);
  const helix = createHelix(deps, settings);
  const irc = openIrc({
    ...deps,
    url: settings.TWITCH_IRC_URL,
    joinsPer10s: settings.TWITCH_JOINS_PER_10S,
    resolveLogin: async (stableId) => ((await findUser(helix, stableId))?.login ?? null) as PlatformChannelId | null,
  });
  const byHelix = createHelixSender({ ...deps, helix, isPrivileged: irc.sender.isPrivileged });
  const { validate = async () => 'unknown' as const } = createOAuth(deps);
  const tokens = new TokenWatch({ ...deps, validate });

  const sender: ChatSender = {
    send(channel, text, as, deadlineMs) {
      tokens.used(as);
      if (!speaksByHelix(settings, channel, as)) return irc.sender.send(channel, text, as, deadlineMs);
      // A row may name another chat than the channel's own: an answer belongs where its question was read.
      const stableId = irc.roomId(channel) ?? channel.stableId;
      return byHelix.send({ ...channel, stableId }, text, as, deadlineMs);
    },
    isPrivileged: irc.sender.isPrivileged,
  };

  return {
    reader: {
      setChannels(channels) {
        if (channels.length > 0) tokens.start();
        irc.reader.setChannels(channels);
      },
    },
    sender,
    ...(hasApplication(settings) ? { liveStatus: createLiveStatus(deps, helix) } : {}),
    async close() {
      tokens.close();
      await irc.close();
    },
  };
}

/** Decided per message: a sender that is linked again may have gained the scope (design §9.14). */
function speaksByHelix(settings: TwitchSettings, channel: ReadChannel, as: SenderCredential): boolean {
  return settings.TWITCH_CLIENT_ID !== null && channel.stableId !== null && as.scopes.has(SENDING_SCOPE);
}

function hasApplication(settings: TwitchSettings): boolean {
  return settings.TWITCH_CLIENT_ID !== null && settings.TWITCH_CLIENT_SECRET !== null;
}
