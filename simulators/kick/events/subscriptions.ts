/** `/events/subscriptions`: who is told what (docs/platforms/kick.md#event-subscriptions). */
import { z } from 'zod';
import type { Answer, Call } from '../../world/host.ts';
import { badRequest, bodyOf, type Caller, ok, requireScope } from '../api/caller.ts';
import type { KickState } from '../state.ts';
import { ulid } from '../ulid.ts';
import { CHAT, EVENT_NAMES, type EventName } from './catalogue.ts';

export interface Subscription {
  readonly id: string;
  readonly broadcasterId: string;
  readonly event: EventName;
  readonly createdAt: Date;
  /** Not in listings before this moment (docs/platforms/kick.md#create-a-subscription). */
  readonly listedFromMs: number;
}

export interface SubscriptionSwitches {
  /** Of a successful create: 200, or 201 as at launch. */
  createdStatus: 200 | 201;
  /** How long a new subscription stays out of listings; infinity for ever. */
  listLagMs: number;
  chatMax: number;
  verifiedChatMax: number;
  totalMax: number;
}

interface CreateResult {
  name: string;
  version: number;
  subscription_id?: string;
  error?: string;
}

const requestSchema = z.object({
  broadcaster_user_id: z.number().int().optional(),
  method: z.literal('webhook'),
  events: z.array(z.object({ name: z.string(), version: z.number().int() })).min(1),
});
const SCOPE = 'events:subscribe';

export class Subscriptions {
  readonly switches: SubscriptionSwitches = {
    createdStatus: 200,
    listLagMs: 0,
    chatMax: 1000,
    verifiedChatMax: 10_000,
    // Seen in 2025, never documented.
    totalMax: 2000,
  };
  readonly #state: KickState;
  readonly #all = new Map<string, Subscription>();
  readonly #failures: { event: EventName; error: string; times: number }[] = [];

  constructor(state: KickState) {
    this.#state = state;
  }

  answer(call: Call, caller: Caller): Answer | null {
    requireScope(caller, SCOPE);
    if (call.method === 'POST') return this.#create(call, caller);
    if (call.method === 'GET') return this.#list(call, caller);
    if (call.method !== 'DELETE') return null;
    const ids = call.query.getAll('id');
    if (ids.length === 0) throw badRequest('id is required');
    for (const id of ids) if (this.#isVisible(this.#all.get(id), caller)) this.#all.delete(id);
    return { status: 204 };
  }

  all(): Subscription[] {
    return [...this.#all.values()];
  }

  of(broadcasterId: string, event: EventName): Subscription[] {
    return this.all().filter((each) => each.broadcasterId === broadcasterId && each.event === event);
  }

  add(broadcasterId: string, event: EventName): Subscription {
    const createdAt = this.#state.clock.now();
    const listedFromMs = createdAt.getTime() + this.switches.listLagMs;
    const subscription = { id: ulid(createdAt), broadcasterId, event, createdAt, listedFromMs };
    this.#all.set(subscription.id, subscription);
    return subscription;
  }

  /** As when webhooks are turned off for the application, or an event was not processed for a day. */
  removeAll(event?: string): void {
    for (const each of this.all()) if (event === undefined || each.event === event) this.#all.delete(each.id);
  }

  /** The next requests for this event get the error inside a 200. */
  failNext(event: EventName, error: string, times: number): void {
    this.#failures.push({ event, error, times });
  }

  clearFailures(): void {
    this.#failures.length = 0;
  }

  #create(call: Call, { person }: Caller): Answer {
    const { broadcaster_user_id: asked, events } = bodyOf(requestSchema, call);
    if (!person && asked === undefined) throw badRequest('broadcaster_user_id is required for app tokens');
    // With a user token the owner is meant, whoever is named (docs/platforms/kick.md#create-a-subscription).
    const broadcasterId = person?.id ?? String(asked);
    if (!this.#state.channels.has(broadcasterId)) throw badRequest('Channel not found');
    this.#checkLimits(events.filter(({ name }) => name === CHAT).length, events.length);
    const results = events.map(({ name, version }): CreateResult => {
      const known = EVENT_NAMES.find((each) => each === name);
      const error = this.#errorFor(known, version);
      if (known === undefined || error !== null) return { name, version, error: error ?? 'invalid event' };
      return { name, version, subscription_id: this.add(broadcasterId, known).id };
    });
    return ok(results, this.switches.createdStatus);
  }

  #errorFor(event: EventName | undefined, version: number): string | null {
    if (event === undefined) return 'invalid event name';
    if (version !== 1) return 'invalid event version';
    if (!this.#state.application.webhooksEnabled) return 'webhooks are not enabled for app';
    const failure = this.#failures.find((each) => each.event === event);
    if (!failure) return null;
    failure.times -= 1;
    if (failure.times <= 0) this.#failures.splice(this.#failures.indexOf(failure), 1);
    return failure.error;
  }

  #checkLimits(newChats: number, newOnes: number): void {
    const { chatMax, verifiedChatMax, totalMax } = this.switches;
    const { isVerified } = this.#state.application;
    const chats = this.all().filter(({ event }) => event === CHAT).length + newChats;
    const isOverTotal = !isVerified && this.#all.size + newOnes > totalMax;
    if (isOverTotal || (newChats > 0 && chats > (isVerified ? verifiedChatMax : chatMax))) {
      throw badRequest('event subscription limit reached');
    }
  }

  #list({ query }: Call, caller: Caller): Answer {
    const wanted = query.get('broadcaster_user_id');
    const nowMs = this.#state.clock.now().getTime();
    const shown = this.all().filter(
      (each) =>
        this.#isVisible(each, caller) &&
        each.listedFromMs <= nowMs &&
        (wanted === null || each.broadcasterId === wanted),
    );
    return ok(shown.map((each) => this.#described(each)));
  }

  /** A person sees what concerns the own channel, the application everything. */
  #isVisible(subscription: Subscription | undefined, { person }: Caller): boolean {
    return subscription !== undefined && (!person || subscription.broadcasterId === person.id);
  }

  #described({ id, broadcasterId, event, createdAt }: Subscription): Record<string, unknown> {
    return {
      id,
      app_id: this.#state.application.id,
      broadcaster_user_id: Number(broadcasterId),
      event,
      version: 1,
      method: 'webhook',
      created_at: createdAt.toISOString(),
      updated_at: createdAt.toISOString(),
    };
  }
}
