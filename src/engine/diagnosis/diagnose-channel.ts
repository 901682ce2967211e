/** How one bot is: switched on, served, able to speak, heard, and what becomes of its messages. */
import type { CauseCode } from '../../platforms/causes/cause.ts';
import { meaningOf } from '../../platforms/causes/reasons.ts';
import { type Check, causesOf, type Fact, inOrderOfCure, missingWorker, type Scope, verdictOf } from './fact.ts';
import type { ChannelSnapshot, FactData, Snapshot } from './snapshot.ts';

/** Three comparisons that did not bring a subscription back: somebody has to look. */
const RENEWAL_MS = 30 * 60_000;
/** A stream whose chat brings no line for this long is told of: the chat may be quiet, or nothing is delivered. */
const QUIET_MS = 10 * 60_000;
/** Older failures explain nothing about now. */
const FAILURE_LIFE_MS = 60 * 60_000;
/** The checks that a bot's state comes from; messages and streams come and go. */
const STATE_CHECKS: ReadonlySet<Check> = new Set<Check>(['switch', 'worker', 'sender', 'reader']);
const SENDING: Readonly<Record<'override' | 'default' | 'legacy', CauseCode>> = {
  override: 'own_bot',
  default: 'default_bot',
  legacy: 'environment',
};

/** In no order. A bot that is off, or names no channel, has nothing else to tell. */
export function channelFacts(snapshot: Snapshot, channel: ChannelSnapshot): readonly Fact[] {
  const scope: Scope = { provider: channel.provider, channelId: channel.channelId, slug: channel.slug };
  const fact = (check: Check, cause: CauseCode, since: Date | null = null, data: FactData = {}): Fact => {
    return { check, cause, scope, since, data };
  };
  if (channel.isEnabled && channel.target === null) return [fact('switch', 'channel_not_named', channel.updatedAt)];
  if (!channel.isActive) return [fact('switch', 'bot_off', channel.updatedAt)];
  const base = [fact('switch', 'bot_on', channel.updatedAt), workerFact(snapshot, channel, scope)];
  const senders = senderFacts(channel, fact);
  const isServed = base.every((found) => verdictOf(snapshot, found) === 'ok');
  const reader = isServed ? readerFact(snapshot, channel, scope) : null;
  const state = [...base, ...senders, ...(reader === null ? [] : [reader])];
  return [
    ...state,
    ...(channel.live === null
      ? []
      : [fact('stream', channel.live.isLive ? 'stream_live' : 'stream_offline', channel.live.since)]),
    ...(reader?.cause === 'chat_read' ? quietFacts(snapshot, channel, fact) : []),
    // A reader that is not well says so in better words.
    ...(reader !== null && verdictOf(snapshot, reader) === 'ok'
      ? channel.lostEvents.map((lost) => eventFact(snapshot, channel, lost, fact))
      : []),
    ...messageFacts(snapshot, channel, state, fact),
  ];
}

/** The fact that decides what a bot's state is called. */
export function headline(snapshot: Snapshot, channel: ChannelSnapshot): Fact {
  const facts = channelFacts(snapshot, channel).filter(({ check }) => STATE_CHECKS.has(check));
  const [first] = inOrderOfCure(snapshot, facts);
  const reader = facts.find(({ check }) => check === 'reader');
  if (first === undefined) throw new Error('a bot is at least on or off');
  return verdictOf(snapshot, first) === 'ok' && reader !== undefined ? reader : first;
}

/** Why a message that waits has not been said yet. */
export interface WaitingFor {
  readonly cause: CauseCode;
  /** When it is tried again, where that is known. */
  readonly until: Date | null;
  readonly data: FactData;
}

/** @param lastError of the message, as it is stored */
export function waitingFor(
  snapshot: Snapshot,
  channel: ChannelSnapshot,
  lastError: string | null,
  dueAt: Date | null,
): WaitingFor {
  const facts = channelFacts(snapshot, channel).filter(({ check }) => STATE_CHECKS.has(check));
  return waitOf(snapshot, channel, facts, lastError, dueAt);
}

function waitOf(
  snapshot: Snapshot,
  channel: ChannelSnapshot,
  state: readonly Fact[],
  lastError: string | null,
  dueAt: Date | null,
): WaitingFor {
  const [first] = inOrderOfCure(
    snapshot,
    state.filter((found) => stopsMessages(snapshot, found)),
  );
  if (first !== undefined) return { cause: first.cause, until: null, data: first.data };
  const isDue = dueAt === null || snapshot.at === null || dueAt <= snapshot.at;
  const until = isDue ? null : dueAt;
  const data: FactData = until === null ? {} : { until: until.toISOString() };
  if (lastError === null) return { cause: until === null ? 'message_waits' : 'send_limit', until, data };
  const { cause, detail } = messageMeaning(snapshot, channel, lastError);
  return { cause, until, data: detail === null ? data : { ...data, detail } };
}

/** What keeps a bot from speaking at all. A custom bot in trouble does not: the default bot speaks. */
function stopsMessages(snapshot: Snapshot, found: Fact): boolean {
  const verdict = verdictOf(snapshot, found);
  if (found.check === 'sender') return verdict === 'broken' && found.data.silences === true;
  return verdict !== 'ok';
}

function workerFact(snapshot: Snapshot, { provider, isHeld, health }: ChannelSnapshot, scope: Scope): Fact {
  const isServed = snapshot.workers.some((worker) => worker.provider === provider && worker.isAlive);
  // A worker that was stopped in good order leaves no row, and the state of the channels it served.
  if (!isServed)
    return health === null
      ? missingWorker(snapshot, scope)
      : { ...missingWorker(snapshot, scope), cause: 'worker_gone' };
  return { check: 'worker', cause: isHeld ? 'worker_ready' : 'awaiting_worker', scope, since: null, data: {} };
}

function senderFacts(
  { sender: { effective, ownTrouble, sharedTrouble } }: ChannelSnapshot,
  fact: (check: Check, cause: CauseCode, since: Date | null, data: FactData) => Fact,
): readonly Fact[] {
  const { kind, login } = effective;
  const own = ownTrouble === null ? [] : [fact('sender', ownTrouble, null, {})];
  if (kind === 'none') return [fact('sender', sharedTrouble ?? 'no_bot', null, { silences: true }), ...own];
  return [fact('sender', SENDING[kind], null, { login }), ...own];
}

/** Of a channel that a living worker holds. */
function readerFact(snapshot: Snapshot, channel: ChannelSnapshot, scope: Scope): Fact | null {
  const { health, provider, sender } = channel;
  const fact = (cause: CauseCode, since: Date | null, data: FactData = {}): Fact => {
    return { check: 'reader', cause, scope, since, data };
  };
  // What an earlier worker said is no longer known to be so.
  if (health === null || !health.isCurrent) return fact('connecting', null);
  const { state, reason, since, lastLineAt } = health;
  const heard = lastLineAt === null ? {} : { lastLineAt: lastLineAt.toISOString() };
  if (reason === null) {
    if (state === 'live') return fact('chat_read', since, heard);
    return fact(state === 'idle' ? 'chat_idle' : 'connecting', since);
  }
  const causes = causesOf(snapshot.platforms, provider);
  const { cause, detail } = meaningOf(causes, reason);
  const data: FactData = detail === null ? heard : { ...heard, detail };
  if (cause === 'no_bot') {
    // The sender's check says it better; where somebody may speak by now, the worker is about to find out.
    return sender.effective.kind === 'none' ? null : fact('connecting', since);
  }
  const isRetried = state === 'degraded' && cause === 'platform_refused';
  return isRetried ? { ...fact(cause, since, data), verdict: 'waiting' } : fact(cause, since, data);
}

/** A suspicion and no more: nobody may have written. */
function quietFacts(
  { at }: Snapshot,
  { live, health }: ChannelSnapshot,
  fact: (check: Check, cause: CauseCode, since: Date | null, data: FactData) => Fact,
): readonly Fact[] {
  if (at === null || !live?.isLive || health === null) return [];
  const since = [live.since, health.since, health.lastLineAt].flatMap((time) => time ?? []).reduce(later);
  return at.getTime() - since.getTime() < QUIET_MS ? [] : [fact('stream', 'chat_quiet', since, {})];
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}

/** Of an event subscription: what keeps it from being renewed, where that is known. */
function eventFact(
  { at, platforms }: Snapshot,
  { provider }: ChannelSnapshot,
  { type, reason, since }: ChannelSnapshot['lostEvents'][number],
  fact: (check: Check, cause: CauseCode, since: Date | null, data: FactData) => Fact,
): Fact {
  const meaning = reason === null ? null : meaningOf(causesOf(platforms, provider), reason);
  if (meaning !== null && meaning.cause !== 'platform_refused') {
    return fact('events', meaning.cause, since, { event: type, detail: meaning.detail });
  }
  const gone = fact('events', 'subscription_gone', since, { event: type, detail: reason });
  const isRenewed = at === null || at.getTime() - since.getTime() < RENEWAL_MS;
  return isRenewed ? gone : { ...gone, verdict: 'broken' };
}

function messageFacts(
  snapshot: Snapshot,
  channel: ChannelSnapshot,
  state: readonly Fact[],
  fact: (check: Check, cause: CauseCode, since: Date | null, data: FactData) => Fact,
): readonly Fact[] {
  const { waiting, oldestAt, headError, headDueAt, failure } = channel.messages;
  const facts: Fact[] = [];
  if (waiting > 0) {
    const { cause, data } = waitOf(snapshot, channel, state, headError, headDueAt);
    facts.push({ ...fact('messages', cause, oldestAt, { ...data, waiting }), verdict: 'waiting' });
  }
  const isRecent =
    failure !== null && snapshot.at !== null && snapshot.at.getTime() - failure.at.getTime() < FAILURE_LIFE_MS;
  if (isRecent && failure.error !== null) {
    const { cause, detail } = messageMeaning(snapshot, channel, failure.error);
    facts.push(fact('messages', cause, failure.at, detail === null ? {} : { detail }));
  }
  return facts.length === 0 ? [fact('messages', 'nothing_waits', null, {})] : facts;
}

/** @returns words that nobody has read before as those of a refused message */
export function messageMeaning(
  { platforms }: Pick<Snapshot, 'platforms'>,
  { provider }: Pick<ChannelSnapshot, 'provider'>,
  lastError: string,
): { readonly cause: CauseCode; readonly detail: string | null } {
  const causes = causesOf(platforms, provider);
  const meaning = meaningOf(causes, lastError);
  return meaning.cause === 'platform_refused' ? { ...meaning, cause: 'message_refused' } : meaning;
}
