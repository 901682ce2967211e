/** How the conformance suite runs the simulated Twitch, spoken to by Helix or by IRC. */
import { startTwitchSimulator, type TwitchSimulator } from '../../simulators/twitch/simulator.ts';
import type { Role } from '../../src/platforms/platform.ts';
import { twitch } from '../../src/platforms/twitch/index.ts';
import type { Abilities, ConformanceAdapter, LinkedAccount, SimulatedPlatform } from './adapter.ts';

export type SpeaksBy = 'helix' | 'irc';

const SCOPES = {
  helix: ['chat:read', 'chat:edit', 'user:read:chat', 'user:write:chat', 'user:bot'],
  irc: ['chat:read', 'chat:edit'],
};
const BADGES: Readonly<Record<Role, string>> = { vip: 'vip/1', moderator: 'moderator/1', subscriber: 'subscriber/12' };
/** What a bot without rights in the channel appends to a repeated text (design §9.11). */
const INVISIBLE_END = / \u{e0000}$/u;
/** AutoMod would not have it: the text is refused, not the account. */
const REFUSED = 'msg_rejected_mandatory';
const COME_BACK_S = 20;

export function twitchAdapter(speaksBy: SpeaksBy): ConformanceAdapter {
  return {
    platform: twitch,
    lacks: {
      sayInThePast: 'Twitch chat hands over no history',
      givePlatformRole: 'Twitch has no roles besides its badges',
    },
    async start({ clock }) {
      const sim = await startTwitchSimulator({ limits: 'off', clock });
      return simulatedTwitch(sim, speaksBy);
    },
  };
}

function simulatedTwitch(sim: TwitchSimulator, speaksBy: SpeaksBy): SimulatedPlatform {
  return {
    env: {
      ...sim.env(),
      TWITCH_JOINS_PER_10S: '0',
      TWITCH_SEND_PER_30S: '0',
      TWITCH_SEND_PRIVILEGED_PER_30S: '0',
      TWITCH_CHANNEL_SEND_PER_S: '0',
    },
    stop: () => sim.stop(),
    addStreamer: (name) => ({ target: name, stableId: sim.addChannel(name).id, extra: {}, account: null }),
    linkBot: (name) => linked(sim, name, SCOPES[speaksBy]),
    say: (streamer, viewer, text, role) => {
      sim.say(streamer, viewer, text, role === undefined ? {} : { badges: BADGES[role] });
    },
    said: (streamer) =>
      sim
        .messagesIn(streamer)
        .filter(({ transport }) => transport !== 'script')
        .map(({ author, text, id }) => ({ author, text: text.replace(INVISIBLE_END, ''), id })),
    isRead: (streamer) => sim.readersOf(streamer).length > 0,
    nameInAllowedUsers: (viewer) => viewer,
    renewals: () => sim.tokensRefreshed,
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
    stream: { begin: (streamer) => sim.goLive(streamer), end: (streamer) => sim.goOffline(streamer) },
    sayAsBot: (streamer, account, text) => void sim.say(streamer, account, text),
  };
}
