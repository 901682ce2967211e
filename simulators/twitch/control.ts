/** The simulated Twitch's control actions: the in-process abilities as JSON. */
import { z } from 'zod';
import { action, type ControlActions } from '../world/control.ts';
import { httpFault } from '../world/faults.ts';
import { LIMIT_NAMES } from './limits.ts';
import { loadRequestSchema } from './load.ts';
import type { TwitchSimulator } from './simulator.ts';

const channel = z.string();
const person = z.string();
const times = z.number().int().positive().optional();
const newPerson = z.object({
  login: z.string(),
  id: z.string().optional(),
  displayName: z.string().optional(),
  color: z.string().optional(),
});
const role = z.enum(['moderator', 'vip', 'subscriber', 'founder']);
const modes = z.object({
  emoteOnly: z.boolean(),
  followersOnly: z.number(),
  uniqueChat: z.boolean(),
  slowSeconds: z.number(),
  subscribersOnly: z.boolean(),
});

export function controlActions(sim: TwitchSimulator): ControlActions {
  return { ...worldActions(sim), ...roomActions(sim), ...faultActions(sim), ...lookActions(sim) };
}

function worldActions(sim: TwitchSimulator): ControlActions {
  return {
    addPerson: action(newPerson, (given) => sim.addPerson(given)),
    addChannel: action(newPerson, (given) => sim.addChannel(given)),
    addChannels: action(z.object({ count: z.number().int().positive(), prefix: z.string() }), ({ count, prefix }) =>
      Array.from({ length: count }, (_, index) => sim.addChannel(`${prefix}${index}`)),
    ),
    rename: action(z.object({ person, login: z.string() }), (given) => sim.rename(given.person, given.login)),
    issueToken: action(
      z.object({ person, scopes: z.array(z.string()), seconds: z.number().optional() }),
      ({ person: who, scopes, seconds }) => sim.issueToken(who, scopes, { seconds }),
    ),
    autoConsent: action(z.object({ person: person.nullable() }), (given) => sim.autoConsent(given.person)),
    setLimits: action(
      z.object({ limits: z.union([z.literal('off'), z.partialRecord(z.enum(LIMIT_NAMES), z.number())]) }),
      (given) => sim.setLimits(given.limits),
    ),
    mapHost: action(z.object({ host: z.string(), target: z.string() }), ({ host, target }) =>
      sim.mapHost(host, target),
    ),
    goLive: action(
      z.object({ channel, startedAt: z.coerce.date().optional(), title: z.string().optional() }),
      ({ channel: where, ...stream }) => sim.goLive(where, stream),
    ),
    goOffline: action(z.object({ channel }), (given) => sim.goOffline(given.channel)),
    follow: action(z.object({ channel, person }), (given) => sim.follow(given.channel, given.person)),
  };
}

function roomActions(sim: TwitchSimulator): ControlActions {
  return {
    say: action(
      z.object({
        channel,
        person,
        text: z.string(),
        replyTo: z.string().optional(),
        badges: z.string().optional(),
        isFirst: z.boolean().optional(),
        isAction: z.boolean().optional(),
        notice: z.string().optional(),
        tags: z.record(z.string(), z.string()).optional(),
      }),
      ({ channel: where, person: who, text, ...more }) => ({ id: sim.say(where, who, text, more) }),
    ),
    setRole: action(z.object({ channel, person, role, held: z.boolean().default(true) }), (given) =>
      sim.setRole(given.channel, given.person, given.role, given.held),
    ),
    setModes: action(z.object({ channel, modes: modes.partial() }), (given) => {
      const set = Object.entries(given.modes).filter(([, value]) => value !== undefined);
      sim.setModes(given.channel, Object.fromEntries(set));
    }),
    exclude: action(z.object({ channel, person, seconds: z.number().nullable() }), (given) =>
      sim.exclude(given.channel, given.person, given.seconds),
    ),
    readmit: action(z.object({ channel, person }), (given) => sim.readmit(given.channel, given.person)),
    suspend: action(z.object({ channel, suspended: z.boolean().default(true) }), (given) =>
      sim.suspend(given.channel, given.suspended),
    ),
    shareChat: action(z.object({ channels: z.array(channel) }), (given) => sim.shareChat(...given.channels)),
    load: action(loadRequestSchema, (given) => sim.load(given)),
  };
}

function faultActions(sim: TwitchSimulator): ControlActions {
  const events = z.object({
    duplicates: z.number(),
    reordered: z.number(),
    wrongSignatures: z.number(),
    stale: z.number(),
  });
  return {
    mute: action(z.object({ alsoNew: z.boolean().optional() }), (given) => sim.faults.mute(given.alsoNew)),
    unmute: () => sim.faults.unmute(),
    halfOpen: () => sim.faults.halfOpen(),
    forgetRooms: action(z.object({ channel: channel.optional() }), (given) => sim.faults.forgetRooms(given.channel)),
    dropSubscriptions: action(z.object({ type: z.string().optional() }), (given) =>
      sim.faults.dropSubscriptions(given.type),
    ),
    withholdDeliveries: action(z.object({ isWithheld: z.boolean().optional() }), (given) =>
      sim.faults.withholdDeliveries(given.isWithheld),
    ),
    reconnect: action(z.object({ closeAfterMs: z.number().nullable().optional() }), (given) =>
      sim.faults.reconnect(given.closeAfterMs),
    ),
    failLogins: action(z.object({ times: z.number().int(), text: z.string().optional() }), (given) =>
      sim.faults.failLogins(given.times, given.text),
    ),
    dropConnections: () => sim.faults.dropConnections(),
    refuse: action(z.object({ forMs: z.number().optional() }), (given) => sim.faults.refuse(given.forMs)),
    accept: () => sim.faults.accept(),
    httpFault: action(httpFault, (given) => sim.faults.http(given)),
    tooManyRequests: action(z.object({ path: z.string(), resetInSeconds: z.number(), times }), (given) =>
      sim.faults.tooManyRequests(given.path, given.resetInSeconds, given.times),
    ),
    dropMessages: action(z.object({ code: z.string().nullable(), times, channel: channel.optional() }), (given) =>
      sim.faults.dropMessages(given.code, given.times, given.channel),
    ),
    loseSendAnswers: action(z.object({ times }), (given) => sim.faults.loseSendAnswers(given.times)),
    delaySendAnswers: action(z.object({ delayMs: z.number(), times }), (given) =>
      sim.faults.delaySendAnswers(given.delayMs, given.times),
    ),
    duplicateLines: action(z.object({ times }), (given) => sim.faults.duplicateLines(given.times)),
    garbage: action(z.object({ text: z.string().optional() }), (given) => sim.faults.garbage(given.text)),
    oversizedFrame: action(z.object({ bytes: z.number().int().optional() }), (given) =>
      sim.faults.oversizedFrame(given.bytes),
    ),
    eventFaults: action(events.partial(), (given) => {
      const set = Object.entries(given).filter(([, value]) => value !== undefined);
      sim.faults.events(Object.fromEntries(set));
    }),
    expireTokens: action(z.object({ person }), (given) => sim.faults.expireTokens(given.person)),
    setTokenSeconds: action(z.object({ seconds: z.number() }), (given) => sim.setTokenSeconds(given.seconds)),
    revokeSubscription: action(z.object({ id: z.string(), status: z.string() }), (given) =>
      sim.subscriptions.revoke(given.id, given.status),
    ),
    revokeGrant: action(z.object({ person }), (given) => sim.faults.revokeGrant(given.person)),
    clearFaults: () => sim.faults.clear(),
  };
}

function lookActions(sim: TwitchSimulator): ControlActions {
  return {
    environment: () => sim.env(),
    messagesIn: action(z.object({ channel }), (given) => sim.messagesIn(given.channel)),
    clearMessages: () => sim.log.clear(),
    readers: action(z.object({ channel }), (given) => sim.readersOf(given.channel)),
    joinedChannels: () => sim.joinedChannels(),
    calls: () => sim.calls,
    loginAttempts: () => sim.irc.desk.attempts,
    eventDeliveries: () => sim.deliveries.records,
    subscriptions: () => sim.subscriptions.all().map(({ secret: _, ...shown }) => shown),
  };
}
