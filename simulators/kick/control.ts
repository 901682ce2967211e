/** The simulated Kick's control actions: the in-process abilities as JSON. */
import { z } from 'zod';
import { action, type ControlActions } from '../world/control.ts';
import { httpFault } from '../world/faults.ts';
import { EVENT_NAMES } from './events/catalogue.ts';
import { QUIRKS } from './events/quirks.ts';
import { loadRequestSchema } from './load.ts';
import type { KickSimulator } from './simulator.ts';

const channel = z.string();
const person = z.string();
const times = z.number().int().positive().optional();
const count = z.number().int().nonnegative();
const newPerson = z.object({
  login: z.string(),
  id: z.string().regex(/^\d+$/).optional(),
  displayName: z.string().optional(),
  color: z.string().optional(),
  slug: z.string().optional(),
});
const badges = z.array(z.object({ text: z.string(), type: z.string(), count: z.number().int().optional() }));
const quirks = z.array(z.enum(QUIRKS));
const deliveryFaults = z.object({
  lost: count,
  duplicates: count,
  duplicatesWithNewId: count,
  reordered: count,
  delayed: count,
  delayMs: z.number().nonnegative(),
  corruptSignatures: count,
  forged: count,
  doubledDates: count,
  withoutHeader: count,
  headerName: z.string(),
});
const subscriptionSwitches = z.object({
  createdStatus: z.union([z.literal(200), z.literal(201)]),
  listLagMs: z.number().nonnegative(),
  chatMax: count,
  verifiedChatMax: count,
  totalMax: count,
});

export function controlActions(sim: KickSimulator): ControlActions {
  return { ...worldActions(sim), ...channelActions(sim), ...faultActions(sim), ...lookActions(sim) };
}

function worldActions(sim: KickSimulator): ControlActions {
  const application = z.object({
    redirectUris: z.array(z.string()),
    webhookUrl: z.string().nullable(),
    webhooksEnabled: z.boolean(),
    isVerified: z.boolean(),
  });
  return {
    addPerson: action(newPerson, (given) => sim.addPerson(given)),
    rename: action(z.object({ person, login: z.string() }), (given) => sim.rename(given.person, given.login)),
    addChannel: action(newPerson, (given) => sim.addChannel(given)),
    addChannels: action(z.object({ count: z.number().int().positive(), prefix: z.string() }), (given) =>
      Array.from({ length: given.count }, (_, index) => sim.addChannel(`${given.prefix}${index}`)),
    ),
    issueToken: action(z.object({ person, scopes: z.array(z.string()), seconds: z.number().optional() }), (given) =>
      sim.issueToken(given.person, given.scopes, given.seconds),
    ),
    issueAppToken: () => sim.issueAppToken(),
    autoConsent: action(z.object({ person: person.nullable() }), (given) => sim.autoConsent(given.person)),
    deny: action(z.object({ times: count }), (given) => {
      sim.oauth.denials = given.times;
    }),
    setApplication: action(application.partial(), (given) => sim.setApplication(onlySet(given))),
    setBot: action(z.object({ login: z.string().nullable() }), (given) => sim.setBot(given.login)),
    mapHost: action(z.object({ host: z.string(), target: z.string() }), ({ host, target }) =>
      sim.mapHost(host, target),
    ),
    setQuirks: action(z.object({ quirks }), (given) => sim.setQuirks(given.quirks)),
    setEcho: action(z.object({ echoes: z.boolean() }), (given) => sim.setEcho(given.echoes)),
    load: action(loadRequestSchema, (given) => sim.load(given)),
  };
}

function channelActions(sim: KickSimulator): ControlActions {
  const modes = z.object({ followersOnly: z.boolean(), subscribersOnly: z.boolean(), slowSeconds: z.number() });
  const stream = z.object({
    channel,
    startedAt: z.coerce.date().optional(),
    title: z.string().optional(),
    offsetMinutes: z.number().int().optional(),
    quietly: z.boolean().optional(),
  });
  const line = z.object({
    channel,
    person,
    text: z.string(),
    replyTo: z.string().optional(),
    badges: badges.optional(),
    agoMs: z.number().nonnegative().optional(),
    quirks: quirks.optional(),
  });
  const reward = z.object({ id: z.string(), title: z.string(), cost: z.number() });
  const redemption = z.object({
    id: z.string(),
    reward,
    input: z.string(),
    status: z.enum(['pending', 'accepted', 'rejected']),
    redeemedAt: z.coerce.date(),
  });
  const kicks = z.object({ channel, person, amount: z.number(), name: z.string(), message: z.string() });
  return {
    say: action(line, ({ channel: where, person: who, text, ...more }) => ({ id: sim.say(where, who, text, more) })),
    setModes: action(z.object({ channel, modes: modes.partial() }), (given) =>
      sim.setModes(given.channel, onlySet(given.modes)),
    ),
    setBadges: action(z.object({ channel, person, badges }), (given) =>
      sim.setBadges(given.channel, given.person, given.badges),
    ),
    goLive: action(stream, ({ channel: where, ...more }) => sim.goLive(where, more)),
    goOffline: action(z.object({ channel, quietly: z.boolean().optional() }), ({ channel: where, ...how }) =>
      sim.goOffline(where, how),
    ),
    retitle: action(z.object({ channel, title: z.string() }), (given) => sim.retitle(given.channel, given.title)),
    follow: action(z.object({ channel, person }), (given) => sim.follow(given.channel, given.person)),
    subscribe: action(z.object({ channel, person, months: z.number().int().optional() }), (given) =>
      sim.subscribe(given.channel, given.person, given.months),
    ),
    gift: action(z.object({ channel, gifter: person.nullable(), giftees: z.array(person) }), (given) =>
      sim.gift(given.channel, given.gifter, given.giftees),
    ),
    redeem: action(redemption.partial().extend({ channel, person }), ({ channel: where, person: who, ...facts }) => ({
      id: sim.redeem(where, who, onlySet(facts)),
    })),
    sendKicks: action(kicks, ({ channel: where, person: who, ...facts }) => sim.sendKicks(where, who, facts)),
    ban: action(z.object({ channel, person, durationMs: z.number().optional() }), (given) =>
      sim.ban(given.channel, given.person, given.durationMs),
    ),
    unban: action(z.object({ channel, person }), (given) => sim.unban(given.channel, given.person)),
    emit: action(
      z.object({ channel, type: z.string(), version: z.string().default('1'), body: z.unknown() }),
      (given) => sim.emit(given.channel, given.type, given.version, given.body),
    ),
  };
}

function faultActions(sim: KickSimulator): ControlActions {
  const retryRules = z.object({ attempts: z.number().int().positive(), spacingMs: z.number(), patienceMs: z.number() });
  const chat = z.object({ isBotBroken: z.boolean(), notSent: count });
  const event = z.enum(EVENT_NAMES);
  return {
    dropConnections: () => sim.faults.dropConnections(),
    refuse: action(z.object({ forMs: z.number().optional() }), (given) => sim.faults.refuse(given.forMs)),
    accept: () => sim.faults.accept(),
    httpFault: action(httpFault, (given) => sim.faults.http(given)),
    tooManyRequests: action(z.object({ path: z.string(), retryAfterS: z.number().nullable(), times }), (given) =>
      sim.faults.tooManyRequests(given.path, given.retryAfterS, given.times),
    ),
    forbidMessages: action(z.object({ times }), (given) => sim.faults.forbidMessages(given.times)),
    blockAtTheEdge: action(z.object({ path: z.string(), as: z.enum(['html', 'json']), times }), (given) =>
      sim.faults.blockAtTheEdge(given.path, given.as, given.times),
    ),
    chatFaults: action(chat.partial(), (given) => sim.faults.chat(onlySet(given))),
    deliveryFaults: action(deliveryFaults.partial(), (given) => sim.faults.deliveries(onlySet(given))),
    releaseHeld: () => sim.deliveries.release(),
    retryRules: action(retryRules.partial(), (given) => sim.faults.retries(onlySet(given))),
    subscriptionSwitches: action(subscriptionSwitches.partial(), (given) => sim.faults.subscriptions(onlySet(given))),
    failSubscriptions: action(z.object({ event, error: z.string().optional(), times }), (given) =>
      sim.faults.failSubscriptions(given.event, given.error, given.times),
    ),
    dropSubscriptions: action(z.object({ event: event.optional() }), (given) =>
      sim.faults.dropSubscriptions(given.event),
    ),
    withholdDeliveries: action(z.object({ isWithheld: z.boolean().optional() }), (given) =>
      sim.faults.withholdDeliveries(given.isWithheld),
    ),
    rotateKey: () => sim.faults.rotateKey(),
    hideKey: action(z.object({ isUnavailable: z.boolean().optional() }), (given) =>
      sim.faults.hideKey(given.isUnavailable),
    ),
    expireTokens: action(z.object({ person }), (given) => sim.faults.expireTokens(given.person)),
    disconnect: action(z.object({ person }), (given) => sim.faults.disconnect(given.person)),
    setRotation: action(z.object({ isStrict: z.boolean() }), (given) => sim.faults.setRotation(given.isStrict)),
    setGrantDays: action(z.object({ days: z.number().nullable() }), (given) => sim.faults.setGrantDays(given.days)),
    clearFaults: () => sim.faults.clear(),
  };
}

function lookActions(sim: KickSimulator): ControlActions {
  return {
    environment: () => sim.env(),
    messagesIn: action(z.object({ channel }), (given) => sim.messagesIn(given.channel)),
    clearMessages: () => sim.log.clear(),
    isRead: action(z.object({ channel }), (given) => ({ isRead: sim.isRead(given.channel) })),
    calls: () => sim.calls,
    eventDeliveries: () => sim.deliveries.records,
    subscriptions: () => sim.subscriptions.all(),
  };
}

/** `exactOptionalPropertyTypes`: what was not given must be absent, not undefined. */
function onlySet<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
