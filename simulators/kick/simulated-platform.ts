/** The simulated Kick as suite, demo and bench steer it. */
import type { Role } from '../../src/platforms/platform.ts';
import { badGateway } from '../world/faults.ts';
import type { Abilities, LinkedAccount, Simulate, SimulatedPlatform } from '../world/simulated-platform.ts';
import type { Badge } from './channel.ts';
import { CHAT_PATH } from './faults.ts';
import { type KickSimulator, startKickSimulator } from './simulator.ts';

const STREAMER_SCOPES = ['user:read', 'channel:read', 'events:subscribe'];
const BOT_SCOPES = ['user:read', 'chat:write'];
const BADGES: Readonly<Record<Role, Badge>> = {
  moderator: { text: 'Moderator', type: 'moderator' },
  vip: { text: 'VIP', type: 'vip' },
  subscriber: { text: 'Subscriber', type: 'subscriber', count: 3 },
};
const WEBHOOK_PATH = '/webhooks/kick/events';
const COME_BACK_S = 20;
const OURS_OFF = { KICK_CHANNEL_SEND_PER_S: '0' };

export const simulate: Simulate = async (options) => {
  const sim = await startKickSimulator(options);
  return simulatedKick(sim, options.limits === 'off' ? OURS_OFF : {});
};

function simulatedKick(sim: KickSimulator, env: Record<string, string>): SimulatedPlatform {
  return {
    urls: sim.urls,
    env: { ...sim.env(), ...env },
    log: sim.log,
    stop: () => sim.stop(),
    addStreamer(name) {
      const { id } = sim.addChannel(name);
      return { target: id, stableId: null, extra: {}, account: linked(sim, name, STREAMER_SCOPES) };
    },
    linkBot: (name) => linked(sim, name, BOT_SCOPES),
    say: (streamer, viewer, text, role) =>
      sim.say(streamer, viewer, text, role === undefined ? {} : { badges: [BADGES[role]] }),
    said: (streamer) =>
      sim
        .messagesIn(streamer)
        .filter(({ transport }) => transport === 'api')
        .map(({ author, text, id }) => ({ author, text, id })),
    isRead: (streamer) => sim.isRead(streamer),
    nameInAllowedUsers: (viewer) => viewer,
    renewals: () => sim.tokensRefreshed,
    /** The application has one webhook address, set in its panel (docs/platforms/kick.md#ten-facts-that-decide-the-design): it is set to this host. */
    mapHost(hostName, target) {
      sim.mapHost(hostName, target);
      sim.setApplication({ webhookUrl: `https://${hostName}${WEBHOOK_PATH}` });
    },
    abilities: abilities(sim),
  };
}

function linked(sim: KickSimulator, name: string, scopes: readonly string[]): LinkedAccount {
  const { id, login } = sim.addPerson(name);
  const { access, refresh } = sim.issueToken(name, scopes);
  return { platformUserId: id, login, accessToken: access, refreshToken: refresh, scopes };
}

/** Without `dropConnections`, `mute` and `sayInThePast`: lines come by webhook, and nobody is given history. */
function abilities(sim: KickSimulator): Partial<Abilities> {
  const { faults } = sim;
  return {
    outage: { begin: () => faults.refuse(), end: () => faults.accept() },
    tokenOutage: { begin: () => faults.http(badGateway('/oauth/token')), end: () => faults.clear() },
    rename: (account, to) => sim.rename(account, to),
    expireTokens: (account) => faults.expireTokens(account),
    revokeGrant: (account) => faults.disconnect(account),
    /** Under a new delivery id, which only the message's own id gives away (docs/platforms/kick.md#ten-facts-that-decide-the-design). */
    deliverTwice: () => faults.deliveries({ duplicatesWithNewId: 1 }),
    refuseAsTooMany: () => faults.tooManyRequests(CHAT_PATH, COME_BACK_S),
    refuseForGood() {
      faults.forbidMessages();
      return 'Kick send chat failed (403)';
    },
    stream: {
      begin: (streamer, startedAt) => sim.goLive(streamer, { startedAt, quietly: true }),
      end: (streamer) => sim.goOffline(streamer, { quietly: true }),
    },
    sayAsBot: (streamer, account, text) => void sim.say(streamer, account, text),
  };
}
