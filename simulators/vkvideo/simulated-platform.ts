/** The simulated VK Video Live as suite, demo and bench steer it. */
import type { Role } from '../../src/platforms/platform.ts';
import { badGateway } from '../world/faults.ts';
import type { Abilities, LinkedAccount, Simulate, SimulatedPlatform } from '../world/simulated-platform.ts';
import { SCOPES } from './oauth.ts';
import { startVkVideoSimulator, type VkVideoSimulator } from './simulator.ts';

/** A refusal that waiting does not mend, and what is to be recorded for it (docs/contract/workers.md#preconditions-and-lasterror-texts). */
const REFUSED = { status: 403, error: 'forbidden' } as const;
const RECORDED = `VKVideo API error: ${REFUSED.status} ${REFUSED.error}`;

export const simulate: Simulate = async ({ clock, limits, port, controlPort }) => {
  const sim = await startVkVideoSimulator({
    limits: limits === 'off' ? 'off' : {},
    ...(clock === undefined ? {} : { clock }),
    ...(port === undefined ? {} : { port }),
    ...(controlPort === undefined ? {} : { controlPort }),
  });
  return simulated(sim, limits === 'off');
};

export function simulated(sim: VkVideoSimulator, isUnlimited: boolean): SimulatedPlatform {
  return {
    urls: sim.urls,
    env: { ...sim.env(), ...(isUnlimited ? { VKVIDEO_CHANNEL_SEND_PER_S: '0' } : {}) },
    log: sim.log,
    stop: () => sim.stop(),
    addStreamer(name) {
      const channel = sim.addChannel(name);
      // Nobody can speak without the id of a running stream (docs/platforms/vkvideo.md#send-message).
      if (!channel.isLive) sim.goLive(name);
      const extra = { vkvideoChannelUrl: channel.url };
      return { target: channel.slug, stableId: null, extra, account: linked(sim, name) };
    },
    linkBot: (name) => linked(sim, name),
    say(streamer, viewer, text, role) {
      if (role !== undefined) give(sim, streamer, viewer, role);
      return sim.say(streamer, viewer, text);
    },
    said: (streamer) =>
      sim
        .messagesIn(streamer)
        .filter(({ transport }) => transport === 'api')
        .map(({ author, text }) => ({ author, text, id: null })),
    isRead: (streamer) => sim.readersOf(streamer).length > 0,
    nameInAllowedUsers: (viewer) => viewer,
    renewals: () => sim.tokensRefreshed,
    abilities: abilities(sim),
  };
}

function linked(sim: VkVideoSimulator, name: string): LinkedAccount {
  const { id, login } = sim.addPerson(name);
  const { access, refresh, scopes } = sim.issueToken(name, SCOPES);
  return { platformUserId: id, login, accessToken: access, refreshToken: refresh, scopes };
}

/** VK knows moderators; a subscriber wears a badge, and `vip` is a role of the channel's own. */
function give(sim: VkVideoSimulator, streamer: string, viewer: string, role: Role): void {
  const channel = sim.channel(streamer);
  const standing = channel.standing(sim.addPerson(viewer).id);
  if (role === 'moderator') standing.isModerator = true;
  if (role === 'subscriber') standing.isSubscriber = true;
  if (role === 'vip')
    standing.roleIds.add((channel.roles.find(({ name }) => name === 'VIP') ?? channel.addRole('VIP')).id);
}

function abilities(sim: VkVideoSimulator): Partial<Abilities> {
  const { faults } = sim;
  return {
    dropConnections: () => faults.dropConnections(),
    mute: () => faults.mute(),
    outage: { begin: () => faults.refuse(), end: () => faults.accept() },
    tokenOutage: { begin: () => faults.http(badGateway('/oauth/server/token')), end: () => faults.clear() },
    rename: (account, to) => sim.rename(account, to),
    expireTokens: (account) => faults.expireTokens(account),
    revokeGrant: (account) => faults.revokeGrant(account),
    deliverTwice: () => faults.duplicateLines(),
    refuseAsTooMany: () => faults.refuseMessages(400, 'send_too_fast'),
    refuseForGood() {
      faults.refuseMessages(REFUSED.status, REFUSED.error);
      return RECORDED;
    },
    stream: {
      begin: (streamer, startedAt) => void sim.goLive(streamer, { startedAt }),
      end: (streamer) => sim.goOffline(streamer),
    },
    sayAsBot: (streamer, account, text) => void sim.say(streamer, account, text),
    givePlatformRole(streamer, viewer) {
      const channel = sim.channel(streamer);
      const role = channel.addRole('Regular');
      channel.standing(sim.addPerson(viewer).id).roleIds.add(role.id);
      return role.id;
    },
  };
}
