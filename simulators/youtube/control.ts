/** The simulated YouTube's control actions: the in-process abilities as JSON. */
import { z } from 'zod';
import { action, type ControlActions } from '../world/control.ts';
import { httpFault } from '../world/faults.ts';
import { USUAL_BEHAVIOUR } from './options.ts';
import { METHODS } from './quota.ts';
import { REFUSAL_NAMES } from './refusal.ts';
import type { YouTubeSimulator } from './simulator.ts';

const channel = z.string();
const name = z.string();
const broadcast = z.string().optional();
const times = z.number().int().positive().optional();
const reason = z.enum(REFUSAL_NAMES);
const at = z.object({ channel, broadcast });
const held = z.object({ channel, name, held: z.boolean().default(true) });
const newBroadcast = z.object({
  channel,
  title: z.string().optional(),
  kind: z.enum(['event', 'persistent']).optional(),
  privacy: z.enum(['public', 'unlisted', 'private']).optional(),
  scheduledAt: z.coerce.date().optional(),
  startedAt: z.coerce.date().optional(),
});
const flags = {
  isVerified: z.boolean().optional(),
  isChatOwner: z.boolean().optional(),
  isChatSponsor: z.boolean().optional(),
  isChatModerator: z.boolean().optional(),
};
const behaviour = z
  .object({
    ...Object.fromEntries(
      Object.entries(USUAL_BEHAVIOUR).map(([key, usual]) => [
        key,
        typeof usual === 'boolean' ? z.boolean() : z.union([z.number(), z.literal('adaptive')]),
      ]),
    ),
  })
  .partial()
  .strict();
const limits = z.object({
  unitsPerDay: z.number().optional(),
  searchesPerDay: z.number().optional(),
  enforcePolling: z.number().optional(),
  messagesPer10s: z.number().optional(),
  streamOpensPerMin: z.number().optional(),
});

export function controlActions(sim: YouTubeSimulator): ControlActions {
  return { ...worldActions(sim), ...chatActions(sim), ...faultActions(sim), ...lookActions(sim) };
}

function worldActions(sim: YouTubeSimulator): ControlActions {
  return {
    addPerson: action(z.object({ name }), (given) => sim.addPerson(given.name)),
    addChannel: action(z.object({ name, owner: z.string().optional() }), ({ name: called, owner }) => {
      const { id, title, handle, ownerId } = sim.addChannel(called, owner);
      return { id, title, handle, ownerId };
    }),
    rename: action(z.object({ channel, title: z.string() }), (given) => sim.rename(given.channel, given.title)),
    setModerator: action(held, (given) => sim.setModerator(given.channel, given.name, given.held)),
    setMember: action(held, (given) => sim.setMember(given.channel, given.name, given.held)),
    issueToken: action(
      z.object({ name, scopes: z.array(z.string()), seconds: z.number().optional() }),
      ({ name: who, scopes, seconds }) => sim.issueToken(who, scopes, { seconds }),
    ),
    autoConsent: action(z.object({ channel: channel.nullable() }), (given) => sim.autoConsent(given.channel)),
    setTokenSeconds: action(z.object({ seconds: z.number() }), (given) => sim.setTokenSeconds(given.seconds)),
    setGrantSeconds: action(z.object({ seconds: z.number().nullable() }), (given) =>
      sim.setGrantSeconds(given.seconds),
    ),
    setLimits: action(z.object({ limits: z.union([z.literal('off'), limits]) }), (given) =>
      sim.setLimits(given.limits === 'off' ? 'off' : defined(given.limits)),
    ),
    setPrices: action(z.partialRecord(z.enum(METHODS), z.number()), (given) => {
      Object.assign(sim.quota.prices, given);
    }),
    setBehaviour: action(behaviour, (given) => sim.setBehaviour(given)),
    startBroadcast: action(newBroadcast, ({ channel: where, ...given }) => {
      const { id, chat } = sim.startBroadcast(where, given);
      return { id, liveChatId: chat.id };
    }),
    goLive: action(at, (given) => sim.broadcasts.goLive(sim.broadcast(given.channel, given.broadcast))),
    goOffline: action(at, (given) => sim.broadcasts.goOffline(sim.broadcast(given.channel, given.broadcast))),
    endChat: action(at, (given) => sim.broadcasts.endChat(sim.broadcast(given.channel, given.broadcast))),
  };
}

function chatActions(sim: YouTubeSimulator): ControlActions {
  return {
    say: action(
      z.object({ channel, name, text: z.string(), broadcast, at: z.coerce.date().optional(), ...flags }),
      ({ channel: where, name: who, text, ...more }) => ({ id: sim.say(where, who, text, defined(more)) }),
    ),
    post: action(
      z.object({
        channel,
        type: z.string(),
        author: z.string().optional(),
        details: z.record(z.string(), z.unknown()).optional(),
        displayMessage: z.string().optional(),
        id: z.string().optional(),
        broadcast,
      }),
      ({ channel: where, type, ...more }) => ({ id: sim.post(where, type, defined(more)) }),
    ),
    deleteMessage: action(z.object({ channel, id: z.string() }), (given) => sim.deleteMessage(given.channel, given.id)),
    ban: action(z.object({ channel, name, seconds: z.number().nullable() }), (given) => ({
      id: sim.ban(given.channel, given.name, given.seconds),
    })),
    setChat: action(
      z.object({
        channel,
        broadcast,
        state: z.enum(['open', 'ended', 'disabled', 'deleted']).optional(),
        slowSeconds: z.number().optional(),
        isMembersOnly: z.boolean().optional(),
      }),
      ({ channel: where, broadcast: which, ...given }) => {
        const { isMembersOnly, ...more } = given;
        const { chat } = sim.broadcast(where, which);
        Object.assign(chat, defined(more));
        if (isMembersOnly !== undefined) sim.setMembersOnly(where, isMembersOnly, which);
        chat.changed();
      },
    ),
  };
}

function faultActions(sim: YouTubeSimulator): ControlActions {
  const some = z.object({ times });
  const person = z.object({ name });
  return {
    mute: action(z.object({ alsoNew: z.boolean().optional() }), (given) => sim.faults.mute(given.alsoNew)),
    unmute: () => sim.faults.unmute(),
    halfOpen: () => sim.faults.halfOpen(),
    stallStreams: () => sim.faults.stallStreams(),
    endWithoutStatus: () => sim.faults.endWithoutStatus(),
    dropConnections: () => sim.faults.dropConnections(),
    refuse: action(z.object({ forMs: z.number().optional() }), (given) => sim.faults.refuse(given.forMs)),
    refuseGrpc: () => sim.faults.refuseGrpc(),
    accept: () => sim.faults.accept(),
    endStreams: () => sim.faults.endStreams(),
    failStreams: action(z.object({ reason }), (given) => sim.faults.failStreams(given.reason)),
    refuseStreams: action(z.object({ reason, times, code: z.number().int().optional() }), (given) =>
      sim.faults.refuseStreams(given.reason, given.times, given.code),
    ),
    goAway: action(z.object({ graceMs: z.number().optional() }), (given) => sim.faults.goAway(given.graceMs)),
    garbage: () => sim.faults.garbage(),
    garbageFrames: () => sim.faults.garbageFrames(),
    oversizedResponse: action(z.object({ bytes: z.number().int().optional() }), (given) =>
      sim.faults.oversizedResponse(given.bytes),
    ),
    httpFault: action(httpFault, (given) => sim.faults.http(given)),
    refuseCalls: action(z.object({ reason, path: z.string(), times, method: z.string().optional() }), (given) =>
      sim.faults.refuseCalls(given.reason, given.path, given.times, given.method),
    ),
    refuseMessages: action(z.object({ reason, times }), (given) =>
      sim.faults.refuseMessages(given.reason, given.times),
    ),
    holdMessages: action(some, (given) => sim.faults.holdMessages(given.times)),
    delayEchoes: action(z.object({ delayMs: z.number(), times }), (given) =>
      sim.faults.delayEchoes(given.delayMs, given.times),
    ),
    loseInsertAnswers: action(some, (given) => sim.faults.loseInsertAnswers(given.times)),
    duplicateLines: action(some, (given) => sim.faults.duplicateLines(given.times)),
    expirePageTokens: () => sim.faults.expirePageTokens(),
    exhaustQuota: () => sim.faults.exhaustQuota(),
    setApiEnabled: action(z.object({ enabled: z.boolean() }), (given) => sim.faults.setApiEnabled(given.enabled)),
    expireTokens: action(person, (given) => sim.faults.expireTokens(sim.personOf(given.name))),
    revokeGrant: action(person, (given) => sim.faults.revokeGrant(sim.personOf(given.name))),
    clearFaults: () => sim.faults.clear(),
  };
}

function lookActions(sim: YouTubeSimulator): ControlActions {
  return {
    environment: () => sim.env(),
    messagesIn: action(z.object({ channel }), (given) => sim.messagesIn(given.channel)),
    clearMessages: () => sim.log.clear(),
    isRead: action(at, (given) => ({ isRead: sim.isRead(given.channel, given.broadcast) })),
    spending: () => sim.spending(),
    calls: () => sim.calls,
    streamOpens: () => sim.streamOpens,
  };
}

/** Without the keys whose value is undefined. */
function defined<T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
