/** EventSub subscriptions over webhooks: create, list, delete, verify, revoke. */
import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Answer, Call } from '../../world/host.ts';
import { type Caller, page, Refusal } from '../helix/caller.ts';
import type { TwitchState } from '../state.ts';
import type { Deliveries } from './deliveries.ts';
import { EVENT_TYPES } from './types.ts';

export interface Subscription {
  readonly id: string;
  readonly clientId: string;
  readonly type: string;
  readonly version: string;
  readonly condition: Record<string, string>;
  readonly callback: string;
  readonly secret: string;
  readonly createdAt: string;
  readonly cost: number;
  status: string;
}

export const PENDING = 'webhook_callback_verification_pending';
const EQUAL_MAX = 3;
const TOTAL_COST_MAX = 10_000;

const requestSchema = z.object({
  type: z.string(),
  version: z.string(),
  condition: z.record(z.string(), z.string()),
  transport: z.object({ method: z.string(), callback: z.string().optional(), secret: z.string().optional() }),
});
type Request = z.infer<typeof requestSchema>;

export class Subscriptions {
  readonly #state: TwitchState;
  readonly #deliveries: Deliveries;
  readonly #all = new Map<string, Subscription>();

  constructor(state: TwitchState, deliveries: Deliveries) {
    this.#state = state;
    this.#deliveries = deliveries;
    deliveries.onGivenUp = (subscription) => this.#revoke(subscription, 'notification_failures_exceeded');
  }

  all(): Subscription[] {
    return [...this.#all.values()];
  }

  answer(call: Call, caller: Caller): Answer {
    if (caller.person) throw new Refusal(400, 'invalid transport and auth combination');
    switch (call.method) {
      case 'POST':
        return this.#create(call, caller);
      case 'GET':
        return this.#list(call, caller);
      case 'DELETE': {
        const subscription = this.#all.get(call.query.get('id') ?? '');
        if (!subscription || subscription.clientId !== caller.token.clientId) {
          throw new Refusal(404, 'subscription not found');
        }
        this.#all.delete(subscription.id);
        return { status: 204 };
      }
      default:
        throw new Refusal(404, 'not found');
    }
  }

  /** Tells everybody who subscribed to this; `matches` is compared with the condition. */
  publish(type: string, matches: Record<string, string>, event: Record<string, unknown>): void {
    for (const subscription of this.#all.values()) {
      if (subscription.type !== type || subscription.status !== 'enabled') continue;
      const isMeant = Object.entries(matches).every(([key, value]) => subscription.condition[key] === value);
      if (isMeant) this.#deliveries.notify(subscription, event);
    }
  }

  /** Ends the subscriptions that live by this person's authorisation. */
  revokeOf(personId: string, status = 'authorization_revoked'): void {
    for (const subscription of this.#all.values()) {
      const by = EVENT_TYPES[subscription.type]?.authorizedBy;
      if (by && subscription.condition[by] === personId) this.#revoke(subscription, status);
    }
  }

  /** Gone, and nobody is told. @param type absent: of every type */
  drop(type?: string): void {
    for (const [id, each] of this.#all) if (type === undefined || each.type === type) this.#all.delete(id);
  }

  revoke(id: string, status: string): void {
    const subscription = this.#all.get(id);
    if (!subscription) throw new Error(`no subscription ${id}`);
    this.#revoke(subscription, status);
  }

  #revoke(subscription: Subscription, status: string): void {
    if (subscription.status !== 'enabled') return;
    subscription.status = status;
    this.#deliveries.revoke(subscription);
  }

  #create(call: Call, caller: Caller): Answer {
    const request = parsed(call.body);
    const subscription = this.#checked(request, caller.token.clientId);
    this.#all.set(subscription.id, subscription);
    this.#deliveries.verify(subscription);
    return { status: 202, body: { data: [described(subscription)], ...this.#totals(caller.token.clientId) } };
  }

  #checked({ type, version, condition, transport }: Request, clientId: string): Subscription {
    const known = EVENT_TYPES[type];
    if (known?.version !== version) throw new Refusal(400, 'invalid subscription type and version');
    if (known.condition.some((key) => !condition[key])) throw new Refusal(400, 'missing or invalid condition');
    if (transport.method !== 'webhook') throw new Refusal(400, 'unsupported transport method');
    const { callback = '', secret = '' } = transport;
    const url = URL.canParse(callback) ? new URL(callback) : null;
    if (url?.protocol !== 'https:' || url.port !== '') throw new Refusal(400, 'callback must use https on port 443');
    if (!/^[\x20-\x7e]{10,100}$/.test(secret)) throw new Refusal(400, 'invalid secret');
    const broadcaster = condition.broadcaster_user_id;
    if (broadcaster !== undefined && !this.#state.people.byId(broadcaster)) throw new Refusal(400, 'user not found');
    const room = this.#state.rooms.get(broadcaster ?? '');
    if (!known.allows(condition, this.#state.grants, clientId, room)) {
      throw new Refusal(403, 'subscription missing proper authorization');
    }
    const equals = this.#livingOf(clientId).filter((each) => isEqual(each, { type, condition }));
    if (equals.some((each) => each.callback === callback)) throw new Refusal(409, 'subscription already exists');
    if (equals.length >= EQUAL_MAX) throw new Refusal(429, 'maximum subscriptions with type and condition exceeded');
    const person = condition.moderator_user_id ?? condition.user_id ?? broadcaster ?? '';
    const cost = type === 'user.authorization.revoke' || this.#state.grants.granted(clientId, person).size > 0 ? 0 : 1;
    if (this.#costOf(clientId) + cost > TOTAL_COST_MAX) throw new Refusal(429, 'total cost exceeded');
    const createdAt = timestamp(this.#state.clock.now());
    return { id: randomUUID(), clientId, type, version, condition, callback, secret, createdAt, cost, status: PENDING };
  }

  #list({ query }: Call, { token }: Caller): Answer {
    const filters = ['status', 'type', 'user_id', 'subscription_id'].filter((name) => query.has(name));
    if (filters.length > 1) throw new Refusal(400, 'only one filter can be used');
    const wanted = [...this.#all.values()].filter(
      (each) =>
        each.clientId === token.clientId &&
        each.status === (query.get('status') ?? each.status) &&
        each.type === (query.get('type') ?? each.type) &&
        each.id === (query.get('subscription_id') ?? each.id) &&
        (!query.has('user_id') || Object.values(each.condition).includes(query.get('user_id') ?? '')),
    );
    const after = query.get('after');
    const { items, pagination } = page(wanted, new URLSearchParams({ first: '100', ...(after ? { after } : {}) }));
    return { status: 200, body: { data: items.map(described), ...this.#totals(token.clientId), pagination } };
  }

  #totals(clientId: string): Record<string, number> {
    const total = this.#livingOf(clientId).length;
    return { total, total_cost: this.#costOf(clientId), max_total_cost: TOTAL_COST_MAX };
  }

  #costOf(clientId: string): number {
    return this.#livingOf(clientId).reduce((sum, { cost }) => sum + cost, 0);
  }

  #livingOf(clientId: string): Subscription[] {
    const isLiving = ({ status }: Subscription) => status === 'enabled' || status === PENDING;
    return [...this.#all.values()].filter((each) => each.clientId === clientId && isLiving(each));
  }
}

/** As Twitch shows it: never with the secret. */
export function described(subscription: Subscription): Record<string, unknown> {
  const { id, status, type, version, condition, createdAt, callback, cost } = subscription;
  const transport = { method: 'webhook', callback };
  return { id, status, type, version, condition, created_at: createdAt, transport, cost };
}

/** RFC 3339 with nanoseconds; the last six digits only look like time. */
export function timestamp(at: Date): string {
  const nanoseconds = randomBytes(4).readUInt32BE() % 1_000_000;
  return at.toISOString().replace('Z', `${String(nanoseconds).padStart(6, '0')}Z`);
}

function isEqual(a: Pick<Subscription, 'type' | 'condition'>, b: Pick<Subscription, 'type' | 'condition'>): boolean {
  const keys = Object.keys({ ...a.condition, ...b.condition });
  return a.type === b.type && keys.every((key) => a.condition[key] === b.condition[key]);
}

function parsed(body: Buffer): Request {
  try {
    return requestSchema.parse(JSON.parse(body.toString('utf8')));
  } catch {
    throw new Refusal(400, 'The request body is malformed');
  }
}
