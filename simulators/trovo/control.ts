/** The simulated Trovo's control actions: the in-process abilities as JSON. */
import { z } from 'zod';
import { action, type ControlActions } from '../world/control.ts';
import { httpFault } from '../world/faults.ts';
import { REFUSAL_CODES } from './errors.ts';
import { LIMIT_NAMES } from './limits.ts';
import { ROLE_NAMES } from './room.ts';
import type { TrovoSimulator } from './simulator.ts';

const channel = z.string();
const person = z.string();
const times = z.number().int().positive().optional();
const oddities = {
  omit: z.array(z.string()).optional(),
  set: z.record(z.string(), z.unknown()).optional(),
};
const newPerson = z.object({
  login: z.string(),
  id: z.string().optional(),
  channelId: z.string().optional(),
  displayName: z.string().optional(),
});

export function controlActions(sim: TrovoSimulator): ControlActions {
  return {
    ...worldActions(sim),
    ...switches(sim),
    ...roomActions(sim),
    ...callFaults(sim),
    ...socketFaults(sim),
    ...lookActions(sim),
  };
}

function worldActions(sim: TrovoSimulator): ControlActions {
  const many = z.object({ count: z.number().int().positive(), prefix: z.string() });
  return {
    addPerson: action(newPerson, (given) => sim.addPerson(given)),
    rename: action(z.object({ person, login: z.string() }), (given) => sim.rename(given.person, given.login)),
    addPeople: action(many, ({ count, prefix }) =>
      Array.from({ length: count }, (_, index) => sim.addPerson(`${prefix}${index}`)),
    ),
    issueToken: action(
      z.object({ person, scopes: z.array(z.string()), seconds: z.number().optional() }),
      ({ person: who, scopes, seconds }) => sim.issueToken(who, scopes, seconds),
    ),
    autoConsent: action(z.object({ person: person.nullable() }), (given) => sim.autoConsent(given.person)),
    goLive: action(
      z.object({ channel, startedAt: z.coerce.date().optional(), isAnnounced: z.boolean().optional() }),
      ({ channel: where, ...stream }) => sim.goLive(where, stream),
    ),
    goOffline: action(z.object({ channel, isAnnounced: z.boolean().optional() }), ({ channel: where, ...stream }) =>
      sim.goOffline(where, stream),
    ),
  };
}

function switches(sim: TrovoSimulator): ControlActions {
  const seconds = z.object({ seconds: z.number().nonnegative() });
  const history = z.object({
    messagesMax: z.number().int().nonnegative(),
    hasChannelInfo: z.boolean(),
    hasZeroEid: z.boolean(),
  });
  return {
    setLimits: action(
      z.object({ limits: z.union([z.literal('off'), z.partialRecord(z.enum(LIMIT_NAMES), z.number())]) }),
      (given) => sim.setLimits(given.limits),
    ),
    setTokenSeconds: action(seconds, (given) => sim.setTokenSeconds(given.seconds)),
    setChatTokenSeconds: action(seconds, (given) => sim.setChatTokenSeconds(given.seconds)),
    setExpiresInAs: action(z.object({ form: z.enum(['string', 'number']) }), (given) => sim.setExpiresInAs(given.form)),
    setUnknownUser: action(z.object({ answer: z.enum(['refusal', 'emptyList', 'zeroChannel']) }), (given) =>
      sim.setUnknownUser(given.answer),
    ),
    setResetUnit: action(z.object({ unit: z.enum(['epochSeconds', 'secondsLeft']) }), (given) =>
      sim.setResetUnit(given.unit),
    ),
    setHistory: action(history.partial(), (given) => sim.setHistory(withoutUndefined(given))),
  };
}

function roomActions(sim: TrovoSimulator): ControlActions {
  const held = z.boolean().default(true);
  const heldRole = z.object({ name: z.string(), type: z.number().int() });
  const modes = z.object({
    slowSeconds: z.number(),
    followersOnly: z.boolean(),
    linksForbidden: z.boolean(),
    forbiddenWords: z.array(z.string()),
  });
  const kind = z.object({
    type: z.number().int(),
    content: z.string(),
    content_data: z.record(z.string(), z.unknown()).default({}),
  });
  const shape = z.object({
    eid: z.string().optional(),
    hasChannelInfo: z.boolean().optional(),
    hasChats: z.boolean().optional(),
  });
  return {
    say: action(
      z.object({
        channel,
        person,
        text: z.string(),
        roles: z.array(heldRole).optional(),
        sentAt: z.coerce.date().optional(),
        ...oddities,
      }),
      ({ channel: where, person: who, text, ...more }) => ({ id: sim.say(where, who, text, more) }),
    ),
    show: action(
      z.object({
        channel,
        items: z.array(z.object({ kind, person: person.optional(), ...oddities })),
        shape: shape.optional(),
      }),
      (given) => ({ ids: sim.show(given.channel, given.items, given.shape) }),
    ),
    setRole: action(z.object({ channel, person, role: z.enum(ROLE_NAMES), held }), (given) =>
      sim.setRole(given.channel, given.person, given.role, given.held),
    ),
    setCustomRole: action(z.object({ channel, person, name: z.string(), held }), (given) =>
      sim.setCustomRole(given.channel, given.person, given.name, given.held),
    ),
    setModes: action(z.object({ channel, modes: modes.partial() }), (given) =>
      sim.setModes(given.channel, withoutUndefined(given.modes)),
    ),
    ban: action(z.object({ channel, person, seconds: z.number().nullable() }), (given) =>
      sim.ban(given.channel, given.person, given.seconds),
    ),
  };
}

function callFaults(sim: TrovoSimulator): ControlActions {
  return {
    refuse: action(z.object({ forMs: z.number().optional() }), (given) => sim.faults.refuse(given.forMs)),
    accept: () => sim.faults.accept(),
    httpFault: action(httpFault, (given) => sim.faults.http(given)),
    tooManyRequests: action(z.object({ path: z.string(), resetInSeconds: z.number(), times }), (given) =>
      sim.faults.tooManyRequests(given.path, given.resetInSeconds, given.times),
    ),
    refuseMessages: action(
      z.object({
        code: z.literal(REFUSAL_CODES),
        times,
        channel: channel.optional(),
        http: z.number().int().optional(),
      }),
      (given) => sim.faults.refuseMessages(given.code, given.times, given.channel, given.http),
    ),
    blockAccount: action(z.object({ person, blocked: z.boolean().default(true) }), (given) =>
      sim.faults.blockAccount(given.person, given.blocked),
    ),
    expireTokens: action(z.object({ person }), (given) => sim.faults.expireTokens(given.person)),
    expireRefreshTokens: action(z.object({ person }), (given) => sim.faults.expireRefreshTokens(given.person)),
    expireChatTokens: () => sim.faults.expireChatTokens(),
    revokeGrant: action(z.object({ person }), (given) => sim.faults.revokeGrant(given.person)),
    clearFaults: () => sim.faults.clear(),
  };
}

function socketFaults(sim: TrovoSimulator): ControlActions {
  const often = z.object({ times });
  return {
    dropConnections: () => sim.faults.dropConnections(),
    closeSockets: action(z.object({ code: z.number().int().optional(), reason: z.string().optional() }), (given) =>
      sim.faults.closeSockets(given.code, given.reason),
    ),
    mute: action(z.object({ alsoNew: z.boolean().optional() }), (given) => sim.faults.mute(given.alsoNew)),
    unmute: () => sim.faults.unmute(),
    halfOpen: () => sim.faults.halfOpen(),
    forgetReaders: () => sim.faults.forgetReaders(),
    refuseAuth: action(z.object({ times, error: z.string().optional() }), (given) =>
      sim.faults.refuseAuth(given.times, given.error),
    ),
    ignoreAuth: action(often, (given) => sim.faults.ignoreAuth(given.times)),
    ignorePings: action(often, (given) => sim.faults.ignorePings(given.times)),
    changeGap: action(z.object({ seconds: z.array(z.number()).min(1) }), (given) =>
      sim.faults.changeGap(...given.seconds),
    ),
    historyBeforeResponse: action(often, (given) => sim.faults.historyBeforeResponse(given.times)),
    strayResponse: action(z.object({ nonce: z.string().optional(), error: z.string().optional() }), (given) =>
      sim.faults.strayResponse(given.nonce, given.error),
    ),
    duplicateLines: action(often, (given) => sim.faults.duplicateLines(given.times)),
    garbage: action(z.object({ text: z.string().optional() }), (given) => sim.faults.garbage(given.text)),
    oversizedFrame: action(z.object({ bytes: z.number().int().optional() }), (given) =>
      sim.faults.oversizedFrame(given.bytes),
    ),
  };
}

function lookActions(sim: TrovoSimulator): ControlActions {
  return {
    environment: () => sim.env(),
    messagesIn: action(z.object({ channel }), (given) => sim.messagesIn(given.channel)),
    clearMessages: () => sim.log.clear(),
    readers: action(z.object({ channel }), (given) => ({ count: sim.readersOf(given.channel) })),
    readChannels: () => sim.readChannels(),
    connections: () => ({ count: sim.connections }),
    calls: () => sim.calls,
  };
}

/** The members that were given, as the types of the simulator want them. */
function withoutUndefined<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const members = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(members) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
