/** Everything that can go wrong on the simulated Kick, on request. */
import type { HttpFault } from '../world/faults.ts';
import type { Host } from '../world/host.ts';
import type { PersonRef } from '../world/people.ts';
import type { ChatApi, ChatSwitches } from './api/chat.ts';
import type { EventName } from './events/catalogue.ts';
import type { Deliveries, RetryRules } from './events/deliveries.ts';
import { countingFaults, type DeliveryFaults } from './events/faults.ts';
import type { SubscriptionSwitches, Subscriptions } from './events/subscriptions.ts';
import type { KickState } from './state.ts';

export const CHAT_PATH = '/public/v1/chat';
const EDGE_PAGE = '<!doctype html><html><head><title>Attention Required! | Cloudflare</title></head></html>';
const EDGE_REFUSAL = { error: 'Request blocked by security policy.', reference: '0000000000000000' };

interface Parts {
  readonly state: KickState;
  readonly host: Host;
  readonly deliveries: Deliveries;
  readonly subscriptions: Subscriptions;
  readonly chatApi: ChatApi;
}

export class KickFaults {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Every connection is reset. */
  dropConnections(): void {
    this.#parts.host.cutConnections();
  }

  /** Nobody gets through until `accept`, or until the time is over. Deliveries go on. */
  async refuse(forMs?: number): Promise<void> {
    await this.#parts.host.refuse();
    if (forMs !== undefined) this.#parts.state.clock.setTimer(forMs, () => void this.accept());
  }

  async accept(): Promise<void> {
    if (!this.#parts.host.isListening) await this.#parts.host.listen();
  }

  /** The next calls of a path (from `/public/…` or `/oauth/…`) run into this. */
  http(fault: HttpFault): void {
    this.#parts.host.faults.add(fault);
  }

  /** 429. @param retryAfterS null answers without the header, as may happen (docs/platforms/kick.md#rest-conventions) */
  tooManyRequests(path: string, retryAfterS: number | null, times = 1): void {
    const headers = retryAfterS === null ? undefined : { 'retry-after': String(retryAfterS) };
    this.http({ kind: 'answer', status: 429, headers, body: { data: {}, message: 'Too Many Requests' }, path, times });
  }

  /** The next messages are refused for good. */
  forbidMessages(times = 1): void {
    const body = { data: {}, message: 'Forbidden' };
    this.http({ kind: 'answer', status: 403, body, path: CHAT_PATH, method: 'POST', times });
  }

  /** The edge, not Kick, says 403: as a page or as its own JSON. */
  blockAtTheEdge(path: string, as: 'html' | 'json', times = 1): void {
    if (as === 'json') this.http({ kind: 'answer', status: 403, body: EDGE_REFUSAL, path, times });
    else {
      const headers = { 'content-type': 'text/html; charset=UTF-8' };
      this.http({ kind: 'answer', status: 403, headers, body: EDGE_PAGE, path, times });
    }
  }

  chat(switches: Partial<ChatSwitches>): void {
    Object.assign(this.#parts.chatApi.switches, switches);
  }

  deliveries(faults: Partial<DeliveryFaults>): void {
    Object.assign(this.#parts.deliveries.faults, faults);
  }

  retries(rules: Partial<RetryRules>): void {
    Object.assign(this.#parts.deliveries.rules, rules);
  }

  subscriptions(switches: Partial<SubscriptionSwitches>): void {
    Object.assign(this.#parts.subscriptions.switches, switches);
  }

  /** Subscriptions vanish without a word; of one event, or all. */
  dropSubscriptions(event?: EventName): void {
    this.#parts.subscriptions.removeAll(event);
  }

  /** Nothing is posted any more though the subscriptions are listed. */
  withholdDeliveries(isWithheld = true): void {
    this.#parts.deliveries.isWithholding = isWithheld;
  }

  /** The next requests for this event get an error inside a 200. */
  failSubscriptions(event: EventName, error = 'internal error', times = 1): void {
    this.#parts.subscriptions.failNext(event, error, times);
  }

  /** Deliveries are signed with another key from now on, and the endpoint tells that one. */
  rotateKey(): void {
    this.#parts.state.key.rotate();
  }

  /** The endpoint that tells the key answers 503. */
  hideKey(isUnavailable = true): void {
    this.#parts.state.key.isUnavailable = isUnavailable;
  }

  /** The person's access tokens run out now; refreshing works. */
  expireTokens(person: PersonRef): void {
    this.#parts.state.grants.expire(this.#parts.state.people.find(person).id);
  }

  /** The person disconnects the application: tokens are dead, subscriptions go on delivering (docs/platforms/kick.md#delete-subscriptions). */
  disconnect(person: PersonRef): void {
    const { grants, people, application } = this.#parts.state;
    grants.disconnect(application.id, people.find(person).id);
  }

  /** @param isStrict a used refresh token dies */
  setRotation(isStrict: boolean): void {
    this.#parts.state.grants.rules.keepUsedRefreshTokens = !isStrict;
  }

  /** Refresh tokens die this long after the consent, however often they were used; null for never (docs/platforms/kick.md#token-endpoint). */
  setGrantDays(days: number | null): void {
    this.#parts.state.grants.rules.grantSeconds = days === null ? undefined : days * 86_400;
  }

  /** Puts an end to all that is scripted and not yet hit, and lets everybody in again. */
  async clear(): Promise<void> {
    const { host, subscriptions, deliveries } = this.#parts;
    host.faults.clear();
    deliveries.release();
    this.deliveries(countingFaults());
    this.withholdDeliveries(false);
    this.chat({ isBotBroken: false, notSent: 0 });
    this.subscriptions({ createdStatus: 200, listLagMs: 0 });
    subscriptions.clearFailures();
    this.hideKey(false);
    await this.accept();
  }
}
