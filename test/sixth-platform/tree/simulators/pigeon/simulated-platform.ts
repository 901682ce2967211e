/** A Pigeon on 127.0.0.1. */
import { systemClock } from '../../src/lib/clock.ts';
import { badGateway } from '../world/faults.ts';
import type { Simulate, SimulatedPlatform } from '../world/simulated-platform.ts';
import { Pigeon } from './pigeon.ts';

const OURS_OFF = { PIGEON_CHANNEL_SEND_PER_S: '0' };
const REFUSED = 'not_about_pigeons';
const COME_BACK_S = 20;

export const simulate: Simulate = async ({ clock = systemClock, limits, port = 0 }) => {
  const pigeon = new Pigeon(clock);
  await pigeon.host.listen(port);
  const url = `http://127.0.0.1:${pigeon.host.port}`;
  return simulatedPigeon(pigeon, url, { PIGEON_URL: url, ...(limits === 'off' ? OURS_OFF : {}) });
};

function simulatedPigeon(pigeon: Pigeon, url: string, env: Readonly<Record<string, string>>): SimulatedPlatform {
  return {
    urls: { api: url, control: `${url}/_control` },
    env,
    log: pigeon.log,
    stop: () => pigeon.stop(),
    addStreamer(name) {
      pigeon.lofts.set(name, null);
      return { target: name, stableId: null, extra: {}, account: null };
    },
    linkBot(name) {
      const { id, login } = pigeon.people.add({ login: name });
      const { access, refresh } = pigeon.grants.issue('app', id, ['coo']);
      return { platformUserId: id, login, accessToken: access, refreshToken: refresh, scopes: ['coo'] };
    },
    say: (streamer, viewer, text, role) =>
      pigeon.write(streamer, pigeon.people.add({ login: viewer }), text, 'script', role === 'moderator'),
    said: (streamer) =>
      pigeon.log
        .in(streamer)
        .filter(({ transport }) => transport === 'http')
        .map(({ author, text, id }) => ({ author, text, id })),
    isRead: (streamer) => pigeon.isRead(streamer),
    nameInAllowedUsers: (viewer) => viewer,
    renewals: () => pigeon.grants.refreshed,
    abilities: {
      dropConnections: () => pigeon.host.cutConnections(),
      mute: () => pigeon.mute(),
      outage: { begin: () => pigeon.host.refuse(), end: () => pigeon.host.listen() },
      tokenOutage: {
        begin: () => pigeon.host.faults.add(badGateway('/token')),
        end: async () => pigeon.host.faults.clear(),
      },
      rename: (account, to) => void pigeon.people.rename(account, to),
      expireTokens: (account) => pigeon.grants.expire(pigeon.people.find(account).id),
      revokeGrant(account) {
        pigeon.grants.disconnect('app', pigeon.people.find(account).id);
        pigeon.host.cutConnections();
      },
      deliverTwice() {
        pigeon.copies = 2;
      },
      refuseAsTooMany: () => {
        pigeon.nextAnswer = { status: 429, headers: { 'retry-after': String(COME_BACK_S) } };
      },
      refuseForGood() {
        pigeon.nextAnswer = { status: 422, body: { reason: REFUSED } };
        return REFUSED;
      },
      stream: {
        begin: (streamer, startedAt = pigeon.clock.now()) => void pigeon.lofts.set(streamer, startedAt),
        end: (streamer) => void pigeon.lofts.set(streamer, null),
      },
      sayAsBot: (streamer, account, text) =>
        void pigeon.write(streamer, pigeon.people.find(account), text, 'script', false),
    },
  };
}
