/** The simulated VK Video Live's control actions: the in-process abilities as JSON. */
import { z } from 'zod';
import { action, type ControlActions } from '../world/control.ts';
import { httpFault } from '../world/faults.ts';
import { METHODS } from './centrifugo/protocol.ts';
import { CHANNEL_KEYS } from './channel.ts';
import { STREAM_HINTS } from './events.ts';
import { LIMIT_NAMES } from './options.ts';
import { partsSchema } from './parts.ts';
import type { VkVideoSimulator } from './simulator.ts';

const channel = z.string();
const person = z.string();
const socketName = z.string();
const times = z.number().int().positive().optional();
const hint = z.enum(STREAM_HINTS).optional();
const newPerson = z.object({
  login: z.string(),
  id: z.string().optional(),
  displayName: z.string().optional(),
});

export function controlActions(sim: VkVideoSimulator): ControlActions {
  return {
    ...worldActions(sim),
    ...chatActions(sim),
    ...eventActions(sim),
    ...faultActions(sim),
    ...socketFaultActions(sim),
    ...lookActions(sim),
  };
}

function worldActions(sim: VkVideoSimulator): ControlActions {
  return {
    addPerson: action(newPerson, (given) => sim.addPerson(given)),
    addChannel: action(newPerson.extend({ slug: z.string().optional() }), ({ slug, ...owner }) =>
      shown(sim, sim.addChannel(owner, slug).slug),
    ),
    addChannels: action(z.object({ count: z.number().int().positive(), prefix: z.string() }), ({ count, prefix }) =>
      Array.from({ length: count }, (_, index) => shown(sim, sim.addChannel(`${prefix}${index}`).slug)),
    ),
    rename: action(z.object({ person, login: z.string() }), (given) => sim.rename(given.person, given.login)),
    renameChannel: action(z.object({ channel, to: z.string() }), (given) => sim.renameChannel(given.channel, given.to)),
    issueToken: action(
      z.object({ person, scopes: z.array(z.string()).optional(), seconds: z.number().optional() }),
      (given) => sim.issueToken(given.person, given.scopes, given.seconds),
    ),
    setTokenSeconds: action(z.object({ seconds: z.number() }), (given) => sim.setTokenSeconds(given.seconds)),
    setRedirectUri: action(z.object({ redirectUri: z.string() }), (given) => sim.setRedirectUri(given.redirectUri)),
    autoConsent: action(z.object({ person: person.nullable() }), (given) => sim.autoConsent(given.person)),
    setLimits: action(
      z.object({ limits: z.union([z.literal('off'), z.partialRecord(z.enum(LIMIT_NAMES), z.number())]) }),
      (given) => sim.setLimits(given.limits),
    ),
    goLive: action(
      z.object({ channel, startedAt: z.coerce.date().optional(), title: z.string().optional(), hint }),
      ({ channel: slug, hint: told, ...stream }) =>
        sim.goLive(slug, told === undefined ? stream : { ...stream, hint: told }),
    ),
    goOffline: action(z.object({ channel, hint }), (given) => sim.goOffline(given.channel, given.hint)),
  };
}

function chatActions(sim: VkVideoSimulator): ControlActions {
  const standing = z.object({
    isModerator: z.boolean(),
    isSubscriber: z.boolean(),
    isBanned: z.boolean(),
    isFollower: z.boolean(),
  });
  return {
    say: action(
      z.object({
        channel,
        person,
        text: z.string().optional(),
        parts: partsSchema.optional(),
        onlyFor: person.optional(),
      }),
      (given) => ({ id: sim.say(given.channel, given.person, given.parts ?? given.text ?? '', given.onlyFor) }),
    ),
    sayInThePast: action(
      z.object({ channel, person, text: z.string(), secondsAgo: z.number().optional() }),
      (given) => ({ id: sim.sayInThePast(given.channel, given.person, given.text, given.secondsAgo) }),
    ),
    deleteMessage: action(z.object({ channel, id: z.string() }), (given) => sim.deleteMessage(given.channel, given.id)),
    setStanding: action(z.object({ channel, person, standing: standing.partial() }), (given) => {
      const set = Object.entries(given.standing).filter(([, value]) => value !== undefined);
      Object.assign(sim.channel(given.channel).standing(sim.addPerson(given.person).id), Object.fromEntries(set));
    }),
    giveRole: action(z.object({ channel, person, name: z.string() }), (given) => {
      const role = sim.channel(given.channel).addRole(given.name);
      sim.channel(given.channel).standing(sim.addPerson(given.person).id).roleIds.add(role.id);
      return role;
    }),
    limitChat: action(
      z.object({
        channel,
        isLimited: z.boolean(),
        readers: z.union([z.enum(['everyone', 'nobody']), z.array(person)]),
      }),
      (given) => {
        const where = sim.channel(given.channel);
        where.isLimited = given.isLimited;
        const { readers } = given;
        where.limitedReaders =
          typeof readers === 'string' ? readers : new Set(readers.map((each) => sim.addPerson(each).id));
      },
    ),
    createReward: action(z.object({ channel, name: z.string(), price: z.number() }), (given) => ({
      id: sim.rewards.create(sim.channel(given.channel), given.name, given.price),
    })),
    demandReward: action(z.object({ channel, person, reward: z.string(), parts: partsSchema.optional() }), (given) => ({
      id: sim.rewards.demand(sim.channel(given.channel), sim.addPerson(given.person), given.reward, given.parts ?? []),
    })),
  };
}

function eventActions(sim: VkVideoSimulator): ControlActions {
  const inChannel = z.object({
    channel,
    on: z.enum(CHANNEL_KEYS),
    type: z.string(),
    data: z.unknown(),
    reader: person.optional(),
  });
  return {
    publish: action(inChannel, ({ channel: slug, on, type, data, reader }) =>
      sim.events.publish(sim.channel(slug), on, type, data, reader === undefined ? null : sim.person(reader).id),
    ),
    publishRaw: action(z.object({ socketName, data: z.unknown() }), (given) =>
      sim.events.publishRaw(given.socketName, given.data),
    ),
    follow: action(z.object({ channel, person }), (given) => sim.follow(given.channel, given.person)),
    raid: action(z.object({ channel, person, raiders: z.number() }), (given) =>
      sim.raid(given.channel, given.person, given.raiders),
    ),
    streamHint: action(z.object({ channel, type: z.enum(STREAM_HINTS) }), (given) =>
      sim.events.streamHint(sim.channel(given.channel), given.type),
    ),
  };
}

function faultActions(sim: VkVideoSimulator): ControlActions {
  const path = z.string();
  return {
    dropConnections: () => sim.faults.dropConnections(),
    refuse: action(z.object({ forMs: z.number().optional() }), (given) => sim.faults.refuse(given.forMs)),
    accept: () => sim.faults.accept(),
    httpFault: action(httpFault, (given) => sim.faults.http(given)),
    tooManyRequests: action(z.object({ path, times }), (given) => sim.faults.tooManyRequests(given.path, given.times)),
    unauthorized: action(z.object({ path, times }), (given) => sim.faults.unauthorized(given.path, given.times)),
    refuseMessages: action(
      z.object({ status: z.number(), error: z.string(), times, channel: channel.optional() }),
      (given) => sim.faults.refuseMessages(given.status, given.error, given.times, given.channel),
    ),
    duplicateLines: action(z.object({ times, places: z.array(z.enum(['chat', 'limited_chat'])).optional() }), (given) =>
      sim.faults.duplicateLines(given.times, given.places),
    ),
    channelUrls: action(z.object({ form: z.enum(['both', 'slug', 'url']) }), (given) =>
      sim.faults.channelUrls(given.form),
    ),
    renameSocketChannels: action(z.object({ channel }), (given) => sim.faults.renameSocketChannels(given.channel)),
    expireTokens: action(z.object({ person }), (given) => sim.faults.expireTokens(given.person)),
    revokeGrant: action(z.object({ person }), (given) => sim.faults.revokeGrant(given.person)),
    clearFaults: () => sim.faults.clear(),
  };
}

function socketFaultActions(sim: VkVideoSimulator): ControlActions {
  const isOn = z.object({ isOn: z.boolean() });
  const error = z.object({ code: z.number(), message: z.string(), temporary: z.boolean().optional() });
  const method = z.enum(METHODS);
  return {
    mute: action(z.object({ alsoNew: z.boolean().optional() }), (given) => sim.faults.mute(given.alsoNew)),
    unmute: () => sim.faults.unmute(),
    halfOpen: () => sim.faults.halfOpen(),
    loseSubscription: action(z.object({ socketName }), (given) => sim.faults.loseSubscription(given.socketName)),
    withholdLines: action(z.object({ channel, isOn: z.boolean().optional() }), (given) =>
      sim.faults.withholdLines(given.channel, given.isOn),
    ),
    stopPings: () => sim.faults.stopPings(),
    ping: () => sim.faults.ping(),
    batching: action(isOn, (given) => sim.faults.batching(given.isOn)),
    pushDisconnects: action(isOn, (given) => sim.faults.pushDisconnects(given.isOn)),
    refuseUpgrades: action(z.object({ status: z.number().int(), times }), (given) =>
      sim.faults.refuseUpgrades(given.status, given.times),
    ),
    ignoreCommands: action(z.object({ method, times }), (given) =>
      sim.faults.ignoreCommands(given.method, given.times),
    ),
    refuseCommands: action(z.object({ method, error, times }), (given) =>
      sim.faults.refuseCommands(given.method, given.error, given.times),
    ),
    kick: action(
      z.object({ code: z.number().int(), reason: z.string().optional(), person: person.optional() }),
      (given) => sim.faults.kick(given.code, given.reason, given.person),
    ),
    unsubscribe: action(z.object({ socketName, code: z.number().int() }), (given) =>
      sim.faults.unsubscribe(given.socketName, given.code),
    ),
    expireSocketTokens: action(z.object({ kind: z.enum(['connection', 'subscription']) }), (given) =>
      sim.faults.expireSocketTokens(given.kind),
    ),
    setSocketTokenSeconds: action(z.object({ seconds: z.number() }), (given) => {
      sim.pubsub.tokens.seconds = given.seconds;
    }),
    garbage: action(z.object({ text: z.string().optional() }), (given) => sim.faults.garbage(given.text)),
    oversizedFrame: action(z.object({ bytes: z.number().int().optional() }), (given) =>
      sim.faults.oversizedFrame(given.bytes),
    ),
    keepHistory: action(z.object({ socketName, size: z.number().int(), seconds: z.number().optional() }), (given) =>
      sim.faults.keepHistory(given.socketName, given.size, given.seconds),
    ),
    loseHistory: action(z.object({ socketName }), (given) => sim.faults.loseHistory(given.socketName)),
  };
}

function lookActions(sim: VkVideoSimulator): ControlActions {
  return {
    environment: () => sim.env(),
    channel: action(z.object({ channel }), (given) => shown(sim, given.channel)),
    messagesIn: action(z.object({ channel }), (given) => sim.messagesIn(given.channel)),
    clearMessages: () => sim.log.clear(),
    readers: action(z.object({ channel }), (given) => sim.readersOf(given.channel)),
    calls: () => sim.calls,
    connections: () =>
      sim.pubsub
        .sessions()
        .map(({ id, userId, topics, pongs }) => ({ id, userId, channels: [...topics.keys()], pongs })),
    frames: () => sim.pubsub.frames,
  };
}

function shown(sim: VkVideoSimulator, slug: string) {
  const { id, url, owner, stream, isLive } = sim.channel(slug);
  return { id, slug, url, owner, stream, isLive, socketNames: sim.channel(slug).socketNames(owner.id) };
}
