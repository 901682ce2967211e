/** The simulated Twitch as suite, demo and bench steer it. */
import type { Role } from '../../src/platforms/platform.ts';
import { badGateway } from '../world/faults.ts';
import type { Abilities, LinkedAccount, Simulate, SimulatedPlatform } from '../world/simulated-platform.ts';
import { startTwitchSimulator, type TwitchSimulator } from './simulator.ts';

type SpeaksBy = 'helix' | 'irc';

const SCOPES = {
  helix: ['chat:read', 'chat:edit', 'user:read:chat', 'user:write:chat', 'user:bot'],
  irc: ['chat:read', 'chat:edit'],
};
const BADGES: Readonly<Record<Role, string>> = { vip: 'vip/1', moderator: 'moderator/1', subscriber: 'subscriber/12' };
/** What a bot without rights in the channel appends to a repeated text (docs/design.md#no-hidden-cooldown). */
const INVISIBLE_END = / [\u034f\ufe0f]$/u;
/** AutoMod would not have it: the text is refused, not the account. */
const REFUSED = 'msg_rejected_mandatory';
const COME_BACK_S = 20;
const OURS_OFF = {
  TWITCH_JOINS_PER_10S: '0',
  TWITCH_SEND_PER_30S: '0',
  TWITCH_SEND_PRIVILEGED_PER_30S: '0',
  TWITCH_CHANNEL_SEND_PER_S: '0',
};

/** Spoken to as Twitch recommends. */
export const simulate = simulateSpokenToBy('helix');

/** @param speaksBy decides which rights bots grant, and so how a worker speaks */
export function simulateSpokenToBy(speaksBy: SpeaksBy): Simulate {
  return async ({ limits, ...options }) => {
    const sim = await startTwitchSimulator({ ...options, ...(limits === 'off' ? { limits } : {}) });
    return simulatedTwitch(sim, speaksBy, limits === 'off' ? OURS_OFF : {});
  };
}

function simulatedTwitch(sim: TwitchSimulator, speaksBy: SpeaksBy, env: Record<string, string>): SimulatedPlatform {
  return {
    urls: sim.urls,
    env: { ...sim.env(), ...env },
    log: sim.log,
    stop: () => sim.stop(),
    addStreamer: (name) => {
      const { id } = sim.addChannel(name);
      return { target: name, stableId: id, extra: {}, account: null };
    },
    linkBot: (name) => linked(sim, name, SCOPES[speaksBy]),
    say: (streamer, viewer, text, role) =>
      sim.say(streamer, viewer, text, role === undefined ? {} : { badges: BADGES[role] }),
    said: (streamer) =>
      sim
        .messagesIn(streamer)
        .filter(({ transport }) => transport !== 'script')
        .map(({ author, text, id }) => ({ author, text: text.replace(INVISIBLE_END, ''), id })),
    isRead: (streamer) => sim.readersOf(streamer).length > 0,
    nameInAllowedUsers: (viewer) => viewer,
    renewals: () => sim.tokensRefreshed,
    mapHost: (hostName, target) => sim.mapHost(hostName, target),
    abilities: abilities(sim, speaksBy),
  };
}

function linked(sim: TwitchSimulator, name: string, scopes: readonly string[]): LinkedAccount {
  const { id, login } = sim.addPerson(name);
  const { access, refresh } = sim.issueToken(name, scopes);
  return { platformUserId: id, login, accessToken: access, refreshToken: refresh, scopes };
}

function abilities(sim: TwitchSimulator, speaksBy: SpeaksBy): Partial<Abilities> {
  const { faults } = sim;
  return {
    dropConnections: () => faults.dropConnections(),
    mute: () => faults.mute(),
    outage: { begin: () => faults.refuse(), end: () => faults.accept() },
    tokenOutage: { begin: () => faults.http(badGateway('/oauth2/token')), end: () => faults.clear() },
    rename: (account, to) => sim.rename(account, to),
    expireTokens: (account) => faults.expireTokens(account),
    revokeGrant(account) {
      faults.revokeGrant(account);
      // Whoever speaks by IRC alone learns of it when Twitch ends the connection.
      if (speaksBy === 'irc') faults.dropConnections();
    },
    deliverTwice: () => faults.duplicateLines(),
    refuseAsTooMany() {
      if (speaksBy === 'irc') faults.dropMessages('msg_ratelimit');
      else faults.tooManyRequests('/helix/chat/messages', COME_BACK_S);
    },
    refuseForGood() {
      faults.dropMessages(REFUSED);
      return REFUSED;
    },
    stream: {
      begin: (streamer, startedAt) => sim.goLive(streamer, { startedAt }),
      end: (streamer) => sim.goOffline(streamer),
    },
    sayAsBot: (streamer, account, text) => void sim.say(streamer, account, text),
  };
}
