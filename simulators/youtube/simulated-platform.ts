/** The simulated YouTube in the words every simulated platform understands. */
import type { Role } from '../../src/platforms/platform.ts';
import { badGateway } from '../world/faults.ts';
import type {
  Abilities,
  LinkedAccount,
  Simulate,
  SimulateOptions,
  StreamerChannel,
} from '../world/simulated-platform.ts';
import type { Flags } from './items.ts';
import type { YouTubeSimulatorOptions } from './options.ts';
import { startYouTubeSimulator, type YouTubeSimulator } from './simulator.ts';

const SCOPES = {
  streamer: ['https://www.googleapis.com/auth/youtube.readonly', 'openid'],
  bot: ['https://www.googleapis.com/auth/youtube.force-ssl', 'openid', 'email', 'profile'],
};
const FLAGS: Readonly<Record<Role, Flags>> = {
  moderator: { isChatModerator: true },
  subscriber: { isChatSponsor: true },
  // YouTube has none; whoever holds it elsewhere is nobody here.
  vip: {},
};
const PAST_MS = 60_000;
/** A day's units cannot be switched off: there are more than any run spends. */
const LIMITS_OFF = { YOUTUBE_CHANNEL_SEND_PER_S: '0', YOUTUBE_DAILY_QUOTA_UNITS: '1000000000' };

export const simulate: Simulate = async (options) => {
  const sim = await startYouTubeSimulator(optionsOf(options));
  return {
    urls: sim.urls,
    env: { ...sim.env(), ...(options.limits === 'off' ? LIMITS_OFF : {}) },
    log: sim.log,
    stop: () => sim.stop(),
    addStreamer: (name) => addStreamer(sim, name),
    linkBot: (name) => linked(sim, name, SCOPES.bot),
    say: (streamer, viewer, text, role) => sim.say(streamer, viewer, text, role === undefined ? {} : FLAGS[role]),
    said: (streamer) =>
      sim
        .messagesIn(streamer)
        .filter(({ transport }) => transport !== 'script')
        .map(({ author, text, id }) => ({ author, text, id })),
    isRead: (streamer) => sim.isRead(streamer),
    nameInAllowedUsers: (viewer) => sim.addChannel(viewer).id,
    renewals: () => sim.tokensRefreshed,
    abilities: abilities(sim, options),
  };
};

function optionsOf({ clock, limits, port, controlPort }: SimulateOptions): YouTubeSimulatorOptions {
  return {
    ...(clock ? { clock } : {}),
    ...(limits === 'off' ? { limits, behaviour: { pollingIntervalMillis: 1000 } } : {}),
    port: port ?? 0,
    controlPort: controlPort ?? 0,
  };
}

function addStreamer(sim: YouTubeSimulator, name: string): StreamerChannel {
  const { id } = sim.addChannel(name);
  if (sim.broadcasts.of(id).length === 0) sim.startBroadcast(name, { title: `${name} is live` });
  return { target: id, stableId: null, extra: {}, account: linked(sim, name, SCOPES.streamer) };
}

function linked(sim: YouTubeSimulator, name: string, scopes: readonly string[]): LinkedAccount {
  const channel = sim.addChannel(name);
  const { access, refresh } = sim.issueToken(name, scopes);
  return { platformUserId: channel.ownerId, login: channel.id, accessToken: access, refreshToken: refresh, scopes };
}

function abilities(sim: YouTubeSimulator, { clock }: SimulateOptions): Partial<Abilities> {
  const { faults } = sim;
  return {
    dropConnections: () => faults.dropConnections(),
    mute: () => faults.mute(),
    outage: { begin: () => faults.refuse(), end: () => faults.accept() },
    tokenOutage: { begin: () => faults.http(badGateway('/token')), end: () => faults.clear() },
    rename: (account, to) => sim.rename(account, to),
    expireTokens: (account) => faults.expireTokens(sim.personOf(account)),
    revokeGrant: (account) => faults.revokeGrant(sim.personOf(account)),
    deliverTwice: () => faults.duplicateLines(),
    refuseAsTooMany: () => faults.refuseMessages('rateLimitExceeded'),
    refuseForGood() {
      faults.refuseMessages('messageTextInvalid');
      return 'YouTube API error: 400 messageTextInvalid';
    },
    sayInThePast(streamer, viewer, text) {
      const now = clock?.now() ?? new Date();
      sim.say(streamer, viewer, text, { at: new Date(now.getTime() - PAST_MS) });
    },
    stream: {
      begin(streamer, startedAt) {
        const live = sim.broadcasts.of(sim.channel(streamer).id).findLast(({ lifeCycle }) => lifeCycle === 'live');
        if (live) live.startedAt = startedAt ?? live.startedAt;
        else sim.startBroadcast(streamer, { startedAt });
      },
      end: (streamer) => sim.broadcasts.goOffline(sim.broadcast(streamer)),
    },
    sayAsBot: (streamer, account, text) => void sim.say(streamer, account, text),
  };
}
