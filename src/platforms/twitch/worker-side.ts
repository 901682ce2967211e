/** Twitch in a worker: chat is read by IRC, and spoken to by Helix where the sender's grant allows it. */
import type { ChannelId, PlatformChannelId } from '../../lib/brand.ts';
import type { SenderCredential } from '../account-side.ts';
import type { ChatSender, NameDirectory, ReadChannel, WorkerDeps, WorkerSide } from '../worker-side.ts';
import { createHelix, type Helix } from './helix/client.ts';
import { createHelixSender, SENDING_SCOPE } from './helix/sender.ts';
import { findUsers, isNameTaken } from './helix/users.ts';
import { type Irc, openIrc } from './irc/irc.ts';
import { roomName } from './irc/room-names.ts';
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
  });
  const byHelix = createHelixSender({ ...deps, helix, isPrivileged: irc.sender.isPrivileged });
  const { validate = async () => 'unknown' as const } = createOAuth(deps);
  const tokens = new TokenWatch({ ...deps, validate });

  const names = nameDirectory(helix, irc);
  const former = new FormerNames();
  const named = (channel: ReadChannel, login: PlatformChannelId) => {
    // A row may name another chat than the channel's own, and a stream its streamer's old name.
    const isNews = names.idOf(channel) === channel.stableId && !former.has(channel.channelId, login);
    if (!isNews) return;
    // Which of both it is for a room that was never joined, the sweep of names finds out.
    if (irc.roomId(channel) === null) deps.events.lost(channel.channelId);
    else deps.events.renamed(channel.channelId, login);
  };

  const sender: ChatSender = {
    async send(channel, text, as, deadlineMs) {
      tokens.used(as);
      if (!speaksByHelix(settings, channel, as)) return irc.sender.send(channel, text, as, deadlineMs);
      // A row may name another chat than the channel's own: an answer belongs where its question was read.
      const stableId = irc.roomId(channel) ?? channel.stableId;
      const outcome = await byHelix.send({ ...channel, stableId }, text, as, deadlineMs);
      if (outcome.kind !== 'sent') irc.refused(channel, as, outcome.reason);
      return outcome;
    },
    isPrivileged: irc.sender.isPrivileged,
  };

  return {
    reader: {
      setChannels(channels) {
        if (channels.length > 0) tokens.start();
        former.setChannels(channels);
        irc.reader.setChannels(channels);
      },
      look: irc.reader.look,
    },
    sender,
    ...(hasApplication(settings) ? { liveStatus: createLiveStatus({ ...deps, named }, helix), names } : {}),
    async close() {
      tokens.close();
      await irc.close();
    },
  };
}

/** The name that each channel had before the last change. */
class FormerNames {
  readonly #former = new Map<ChannelId, string>();
  #targets: ReadonlyMap<ChannelId, string> = new Map();

  setChannels(channels: readonly ReadChannel[]): void {
    const before = this.#targets;
    this.#targets = new Map(channels.map(({ channelId, target }) => [channelId, roomName(target) ?? '']));
    for (const channelId of this.#former.keys()) if (!this.#targets.has(channelId)) this.#former.delete(channelId);
    for (const [channelId, target] of this.#targets) {
      const old = before.get(channelId);
      if (old !== undefined && old !== target) this.#former.set(channelId, old);
    }
  }

  has(channelId: ChannelId, login: string): boolean {
    return this.#former.get(channelId) === roomName(login);
  }
}

function nameDirectory(helix: Helix, irc: Irc): NameDirectory {
  return {
    idsPerQuestion: 100,
    /** The id of the room that was joined; where we are not let in, the channel's own. */
    idOf: (channel) => irc.roomId(channel) ?? (irc.isLost(channel) ? channel.stableId : null),
    namesOf: (ids) => findUsers(helix, ids),
    isGone: (channel) => irc.doubt(channel),
    async mayMove(channel) {
      const name = roomName(channel.target);
      return irc.roomId(channel) !== null || name === null || !(await isNameTaken(helix, name.slice(1)));
    },
  };
}

/** Decided per message: a sender that is linked again may have gained the scope (docs/design.md#how-twitch-messages-are-sent). */
function speaksByHelix(settings: TwitchSettings, channel: ReadChannel, as: SenderCredential): boolean {
  return settings.TWITCH_CLIENT_ID !== null && channel.stableId !== null && as.scopes.has(SENDING_SCOPE);
}

function hasApplication(settings: TwitchSettings): boolean {
  return settings.TWITCH_CLIENT_ID !== null && settings.TWITCH_CLIENT_SECRET !== null;
}
