/** The simulated Trovo as suite, demo and bench steer it. */
import { systemClock } from '../../src/lib/clock.ts';
import { trimEndOf } from '../../src/lib/trim-end.ts';
import type { Role } from '../../src/platforms/platform.ts';
import { badGateway } from '../world/faults.ts';
import type { Abilities, LinkedAccount, Simulate } from '../world/simulated-platform.ts';
import { CUSTOM_ROLE_TYPE, type HeldRole, ROLE_TYPES } from './room.ts';
import { startTrovoSimulator, type TrovoSimulator } from './simulator.ts';

const BOT_SCOPES = ['user_details_self', 'chat_connect', 'chat_send_self'];
const STREAMER_SCOPES = ['user_details_self', 'channel_details_self', 'chat_connect', 'send_to_my_channel'];
const ROLES: Readonly<Record<Role, HeldRole>> = {
  moderator: { name: 'mod', type: ROLE_TYPES.mod },
  subscriber: { name: 'subscriber', type: ROLE_TYPES.subscriber },
  // Trovo has no such role; streamers make one of their own.
  vip: { name: 'vip', type: CUSTOM_ROLE_TYPE },
};
/** Characters that the bot appends to a repeated text so that Trovo accepts it; people do not see them. */
const INVISIBLE = /^[\p{Cf}\p{Z}\u{e0000}]$/u;
const COME_BACK_S = 20;
const OURS_OFF = { TROVO_SEND_PER_S: '0', TROVO_CHANNEL_SEND_PER_S: '0', TROVO_JOINS_PER_10S: '0' };
/** A live line of this age would be answered; a line from the history must not be. */
const HISTORY_AGE_MS = 30_000;

export const simulate: Simulate = async ({ limits, port, controlPort, clock = systemClock }) => {
  const sim = await startTrovoSimulator({
    clock,
    ...(limits === 'off' ? { limits } : {}),
    ...(port === undefined ? {} : { port }),
    ...(controlPort === undefined ? {} : { controlPort }),
  });
  return {
    urls: sim.urls,
    env: { ...sim.env(), ...(limits === 'off' ? OURS_OFF : {}) },
    log: sim.log,
    stop: () => sim.stop(),
    addStreamer(name) {
      const account = linked(sim, name, STREAMER_SCOPES);
      return { target: sim.room(name).id, stableId: null, extra: {}, account };
    },
    linkBot: (name) => linked(sim, name, BOT_SCOPES),
    say: (streamer, viewer, text, role) =>
      sim.say(streamer, viewer, text, role === undefined ? {} : { roles: [ROLES[role]] }),
    said: (streamer) =>
      sim
        .messagesIn(streamer)
        .filter(({ transport }) => transport !== 'script')
        // Trovo returns no message id to the sender.
        .map(({ author, text }) => ({ author, text: trimEndOf(text, INVISIBLE), id: null })),
    isRead: (streamer) => sim.readersOf(streamer) > 0,
    nameInAllowedUsers: (viewer) => viewer,
    renewals: () => sim.tokensRefreshed,
    abilities: abilities(sim, () => clock.now().getTime()),
  };
};

function linked(sim: TrovoSimulator, name: string, scopes: readonly string[]): LinkedAccount {
  const { id, login } = sim.addPerson(name);
  const { access, refresh } = sim.issueToken(name, scopes);
  return { platformUserId: id, login, accessToken: access, refreshToken: refresh, scopes };
}

/** Every ability except platform role ids: all custom roles of Trovo share one number. */
function abilities(sim: TrovoSimulator, nowMs: () => number): Partial<Abilities> {
  const { faults } = sim;
  return {
    dropConnections: () => faults.dropConnections(),
    mute: () => faults.mute(),
    outage: { begin: () => faults.refuse(), end: () => faults.accept() },
    tokenOutage: { begin: () => faults.http(badGateway('/openplatform/refreshtoken')), end: () => faults.clear() },
    rename: (account, to) => sim.rename(account, to),
    expireTokens: (account) => faults.expireTokens(account),
    revokeGrant: (account) => faults.revokeGrant(account),
    deliverTwice: () => faults.duplicateLines(),
    refuseAsTooMany: () => faults.tooManyRequests('/openplatform/chat/send', COME_BACK_S),
    refuseForGood() {
      faults.refuseMessages(12905);
      return 'Trovo send chat failed (400). raw=Links are not allowed in this channel';
    },
    sayInThePast: (streamer, viewer, text) =>
      void sim.say(streamer, viewer, text, { sentAt: new Date(nowMs() - HISTORY_AGE_MS) }),
    stream: {
      begin: (streamer, startedAt) => sim.goLive(streamer, { startedAt, isAnnounced: false }),
      end: (streamer) => sim.goOffline(streamer, { isAnnounced: false }),
    },
    sayAsBot: (streamer, account, text) => void sim.say(streamer, account, text),
  };
}
