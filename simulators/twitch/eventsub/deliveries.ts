/** Posts to webhooks: signed, repeated until answered, and disturbed on request. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../../../src/lib/clock.ts';
import type { Callbacks } from '../../world/callbacks.ts';
import { described, PENDING, type Subscription, timestamp } from './subscriptions.ts';

/** Count and distance of repetitions are not documented; about five tries in a few minutes were observed. */
const RETRY_DELAYS_MS = [1000, 5000, 30_000, 120_000];

type MessageType = 'webhook_callback_verification' | 'notification' | 'revocation';

interface Message {
  readonly id: string;
  readonly type: MessageType;
  readonly at: string;
  readonly subscription: Subscription;
  readonly body: Buffer;
  readonly signature: string;
}

/** What the next notifications suffer; each counter goes down with every one hit. */
export interface DeliveryFaults {
  /** Delivered twice, with the same message id. */
  duplicates: number;
  /** Held back until this many have gathered, then delivered last one first. */
  reordered: number;
  wrongSignatures: number;
  /** Signed correctly, but eleven minutes old. */
  stale: number;
}

export interface DeliveryRecord {
  readonly messageId: string;
  readonly type: MessageType;
  readonly subscriptionType: string;
  readonly retry: number;
  /** Null when nothing answered. */
  readonly status: number | null;
}

export class Deliveries {
  readonly faults: DeliveryFaults = { duplicates: 0, reordered: 0, wrongSignatures: 0, stale: 0 };
  /** Notifications are lost on the way to the webhook. */
  isWithholding = false;
  /** Every post with its answer, oldest first. */
  readonly records: DeliveryRecord[] = [];
  onGivenUp: (subscription: Subscription) => void = () => {};
  readonly #clock: Clock;
  readonly #callbacks: Callbacks;
  readonly #stop = new AbortController();
  #held: Message[] = [];

  constructor(clock: Clock, callbacks: Callbacks) {
    this.#clock = clock;
    this.#callbacks = callbacks;
  }

  /** The subscription is enabled when the webhook answers the challenge with the challenge. */
  verify(subscription: Subscription): void {
    const challenge = randomBytes(16).toString('hex');
    const message = this.#message('webhook_callback_verification', subscription, { challenge });
    void this.#post(message, 0).then((answer) => {
      if (subscription.status !== PENDING) return;
      const isProven = answer?.status === 200 && answer.body === challenge;
      subscription.status = isProven ? 'enabled' : 'webhook_callback_verification_failed';
    });
  }

  notify(subscription: Subscription, event: Record<string, unknown>): void {
    if (this.isWithholding) return;
    const message = this.#message('notification', subscription, { event });
    if (this.faults.reordered > 0) {
      this.#held.push(message);
      if (this.#held.length < this.faults.reordered) return;
      const held = this.#held.reverse();
      this.#held = [];
      this.faults.reordered = 0;
      void this.#inTurn(held);
      return;
    }
    void this.#deliver(message);
    if (this.#hit('duplicates')) void this.#deliver(message);
  }

  revoke(subscription: Subscription): void {
    void this.#deliver(this.#message('revocation', subscription, {}));
  }

  stop(): void {
    this.#stop.abort();
  }

  async #inTurn(messages: readonly Message[]): Promise<void> {
    for (const message of messages) await this.#deliver(message);
  }

  async #deliver(message: Message): Promise<void> {
    try {
      for (let retry = 0; retry <= RETRY_DELAYS_MS.length; retry += 1) {
        const answer = await this.#post(message, retry);
        if (answer && answer.status >= 200 && answer.status < 300) return;
        const delayMs = RETRY_DELAYS_MS[retry];
        if (delayMs !== undefined) await this.#clock.sleep(delayMs, this.#stop.signal);
      }
      if (message.type === 'notification') this.onGivenUp(message.subscription);
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }

  async #post({ id, type, at, subscription, body, signature }: Message, retry: number) {
    const headers = {
      'content-type': 'application/json',
      'twitch-eventsub-message-id': id,
      'twitch-eventsub-message-retry': String(retry),
      'twitch-eventsub-message-type': type,
      'twitch-eventsub-message-signature': signature,
      'twitch-eventsub-message-timestamp': at,
      'twitch-eventsub-subscription-type': subscription.type,
      'twitch-eventsub-subscription-version': subscription.version,
    };
    const answer = await this.#callbacks.post(subscription.callback, headers, body);
    const status = answer?.status ?? null;
    this.records.push({ messageId: id, type, subscriptionType: subscription.type, retry, status });
    return answer;
  }

  #message(type: MessageType, subscription: Subscription, more: Record<string, unknown>): Message {
    const id = randomUUID();
    const isNotification = type === 'notification';
    const ageMs = isNotification && this.#hit('stale') ? 11 * 60_000 : 0;
    const at = timestamp(new Date(this.#clock.now().getTime() - ageMs));
    const body = Buffer.from(JSON.stringify({ ...more, subscription: described(subscription) }));
    const secret = isNotification && this.#hit('wrongSignatures') ? 'somebody else' : subscription.secret;
    return { id, type, at, subscription, body, signature: sign(secret, id, at, body) };
  }

  #hit(fault: 'duplicates' | 'wrongSignatures' | 'stale'): boolean {
    if (this.faults[fault] === 0) return false;
    this.faults[fault] -= 1;
    return true;
  }
}

/** The signature header: over id, timestamp and the bytes of the body as they travel. */
export function sign(secret: string, id: string, at: string, body: Buffer): string {
  return `sha256=${createHmac('sha256', secret).update(id).update(at).update(body).digest('hex')}`;
}
