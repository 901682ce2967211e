/** Signed chat deliveries as fast as told, some doubled, late or forged, and what the webhook made of them. Real time. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { type LatencySummary, summarize } from '../world/latency.ts';
import type { Channel } from './channel.ts';
import { CHAT } from './events/catalogue.ts';
import type { Deliveries, Delivery, Outgoing } from './events/deliveries.ts';
import type { Events } from './events/events.ts';
import type { KickState } from './state.ts';
import { ulid } from './ulid.ts';

const share = z.number().min(0).max(1);

export const loadRequestSchema = z.object({
  /** Logins; all channels when absent. */
  channels: z.array(z.string()).optional(),
  /** How many posts there are, the doubled, late and forged ones included. */
  deliveries: z.number().int().positive().max(20_000).default(1000),
  /** Half of these come under the same delivery id, half under a new one. */
  duplicatedShare: share.default(0.2),
  delayedShare: share.default(0.1),
  forgedShare: share.default(0.01),
  /** Older than what is still answered, younger than what is taken for a replay. */
  delayedByMs: z.number().positive().default(300_000),
  perSecond: z.number().positive().default(250),
  /** What every line says, and how the bot's answer to it begins. */
  command: z.object({ text: z.string(), reply: z.string() }),
  /** So many commands take turns in a chat, each with its number behind `text`; with one there is no number. */
  commands: z.number().int().positive().default(1),
  chatters: z.number().int().positive().default(100),
  /** How long after the last post an answer still counts. */
  graceMs: z.number().nonnegative().default(10_000),
});
export type LoadRequest = z.input<typeof loadRequestSchema>;
type Wish = z.output<typeof loadRequestSchema>;

const KINDS = ['fresh', 'sameId', 'newId', 'delayed', 'forged'] as const;
type Kind = (typeof KINDS)[number];

export interface LoadReport {
  /** Posts by kind; `fresh` ones are neither doubled copies nor late nor forged. */
  posted: Record<Kind, number>;
  /** The webhook's answers by kind and status; `null` is no answer. */
  statuses: Record<Kind, Record<string, number>>;
  /** Fresh lines the bot answered in chat. */
  answered: number;
  /** Fresh lines it did not answer. */
  unanswered: number;
  /** Answers beyond the fresh lines: to doubled, late or forged ones. */
  extra: number;
  seconds: number;
  perSecond: number;
  /** From the post to the webhook's answer. */
  latencyMs: LatencySummary;
}

interface Post {
  readonly kind: Kind;
  readonly delivery: Delivery;
  /** Decides when it is sent, between the others. */
  readonly place: number;
}

const TICK_MS = 2;
/** A copy comes this many posts after its original: some while that one is still being worked on. */
const COPY_DISTANCE = 3.5;
/** How long surplus answers are waited for after all expected ones have come. */
const SETTLE_MS = 500;

export async function runLoad(
  channels: readonly Channel[],
  events: Events,
  deliveries: Deliveries,
  state: KickState,
  request: LoadRequest,
): Promise<LoadReport> {
  const wish = loadRequestSchema.parse(request);
  if (channels.length === 0) throw new Error('no channels to write into');
  const posts = prepared(wish, new Crowd(channels, events, deliveries, state, wish));
  const ids = new Set(channels.map(({ id }) => id));
  let replies = 0;
  const stopListening = state.log.listen(({ channelId, transport, text }) => {
    if (transport === 'api' && text.startsWith(wish.command.reply) && ids.has(channelId)) replies += 1;
  });
  const report = emptyReport(posts);
  const seconds = await postAll(posts, deliveries, wish.perSecond, report);
  const graceEndMs = performance.now() + wish.graceMs;
  while (replies < report.posted.fresh && performance.now() < graceEndMs) await delay(5);
  await delay(Math.min(SETTLE_MS, wish.graceMs));
  stopListening();
  const answered = Math.min(replies, report.posted.fresh);
  const counts = { answered, unanswered: report.posted.fresh - answered, extra: replies - answered };
  return { ...report, ...counts, seconds, perSecond: Math.round(posts.length / seconds) };
}

/** @returns how long the posting took */
async function postAll(posts: readonly Post[], deliveries: Deliveries, perSecond: number, report: LoadReport) {
  const latenciesMs: number[] = [];
  const post = async ({ kind, delivery }: Post) => {
    const startMs = performance.now();
    const status = await deliveries.post(delivery);
    latenciesMs.push(performance.now() - startMs);
    const counts = report.statuses[kind];
    counts[String(status)] = (counts[String(status)] ?? 0) + 1;
  };
  const startMs = performance.now();
  const running: Promise<void>[] = [];
  while (running.length < posts.length) {
    const due = Math.ceil(((performance.now() - startMs) / 1000) * perSecond);
    for (const next of posts.slice(running.length, due)) running.push(post(next));
    await delay(TICK_MS);
  }
  await Promise.all(running);
  report.latencyMs = summarize(latenciesMs);
  return (performance.now() - startMs) / 1000;
}

/** All posts, signed beforehand so that signing costs nothing while answers are timed. */
function prepared(wish: Wish, crowd: Crowd): Post[] {
  const total = wish.deliveries;
  const copies = Math.round(total * wish.duplicatedShare);
  const delayed = Math.round(total * wish.delayedShare);
  const forged = Math.round(total * wish.forgedShare);
  const fresh = total - copies - delayed - forged;
  if (fresh < 0 || (fresh === 0 && copies > 0)) throw new Error('nothing is left to be doubled');
  const kinds = shuffled([
    ...Array<Kind>(fresh).fill('fresh'),
    ...Array<Kind>(delayed).fill('delayed'),
    ...Array<Kind>(forged).fill('forged'),
  ]);
  const posts: Post[] = [];
  const originals: { outgoing: Outgoing; delivery: Delivery; place: number }[] = [];
  for (const [place, kind] of kinds.entries()) {
    const outgoing = crowd.line(place, kind === 'delayed' ? wish.delayedByMs : 0);
    const delivery = crowd.sign(outgoing, kind === 'forged');
    posts.push({ kind, delivery, place });
    if (kind === 'fresh') originals.push({ outgoing, delivery, place });
  }
  for (let copy = 0; copy < copies; copy += 1) {
    const original = originals[Math.floor((copy * originals.length) / copies)];
    if (!original) break;
    const isSameId = copy % 2 === 0;
    const delivery = isSameId ? original.delivery : crowd.signAgain(original.outgoing);
    posts.push({ kind: isSameId ? 'sameId' : 'newId', delivery, place: original.place + COPY_DISTANCE });
  }
  return posts.sort((a, b) => a.place - b.place);
}

/** Who writes where. */
class Crowd {
  readonly #channels: readonly Channel[];
  readonly #events: Events;
  readonly #deliveries: Deliveries;
  readonly #state: KickState;
  readonly #wish: Wish;

  constructor(channels: readonly Channel[], events: Events, deliveries: Deliveries, state: KickState, wish: Wish) {
    this.#channels = channels;
    this.#events = events;
    this.#deliveries = deliveries;
    this.#state = state;
    this.#wish = wish;
  }

  line(number: number, agoMs: number): Outgoing {
    const { clock, people } = this.#state;
    const channel = this.#channels[number % this.#channels.length];
    if (!channel) throw new Error('no channel');
    const author = people.add({ login: `crowd_${number % this.#wish.chatters}` });
    const at = new Date(clock.now().getTime() - agoMs);
    const { command, commands } = this.#wish;
    const turn = Math.floor(number / this.#channels.length) % commands;
    const text = commands === 1 ? command.text : `${command.text}${turn}`;
    const facts = { id: randomUUID(), channel, author, text, badges: [], parent: undefined, at };
    const body = Buffer.from(JSON.stringify(this.#events.payloads().chatMessage(facts)));
    return { channelId: channel.id, subscriptionId: ulid(clock.now()), type: CHAT, version: '1', at, body };
  }

  sign(outgoing: Outgoing, isForged: boolean): Delivery {
    return this.#deliveries.signed(outgoing, isForged);
  }

  /** Signs a delivery of the same event as a second subscription would send it. */
  signAgain(outgoing: Outgoing): Delivery {
    return this.#deliveries.signed({ ...outgoing, subscriptionId: ulid(this.#state.clock.now()) }, false);
  }
}

function emptyReport(posts: readonly Post[]): LoadReport {
  const of = <T>(value: (kind: Kind) => T) =>
    Object.fromEntries(KINDS.map((kind) => [kind, value(kind)])) as Record<Kind, T>;
  return {
    posted: of((kind) => posts.filter((post) => post.kind === kind).length),
    statuses: of(() => ({})),
    answered: 0,
    unanswered: 0,
    extra: 0,
    seconds: 0,
    perSecond: 0,
    latencyMs: { p50: null, p99: null, max: null },
  };
}

/** Shuffles in an order that is the same in every run. */
function shuffled<T>(items: readonly T[]): T[] {
  let seed = 1;
  const chance = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed;
  };
  return items
    .map((item) => ({ item, order: chance() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
