/** Posts events to the application's webhook: signed, in order per channel, repeated until 200, disturbed on request. */
import type { Clock } from '../../../src/lib/clock.ts';
import type { Callbacks } from '../../world/callbacks.ts';
import { doubledDate, rfc3339 } from '../time.ts';
import { ulid } from '../ulid.ts';
import { countingFaults, type DeliveryFaults } from './faults.ts';
import type { SigningKey } from './signing.ts';

/** An event on its way to one subscription. */
export interface Outgoing {
  /** Deliveries of one channel follow each other; Kick promises nothing (docs/platforms/kick.md#acknowledgement-and-retries), a chat without order is no chat. */
  readonly channelId: string;
  readonly subscriptionId: string;
  readonly type: string;
  readonly version: string;
  readonly at: Date;
  readonly body: Buffer;
}

/** Signed and ready to be posted, any number of times. */
export interface Delivery {
  readonly id: string;
  readonly channelId: string;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface DeliveryRecord {
  readonly id: string;
  readonly subscriptionId: string;
  readonly type: string;
  readonly attempt: number;
  /** Null when nothing answered. */
  readonly status: number | null;
  readonly answer: string;
}

export interface RetryRules {
  /** The number Kick once promised; today's is not documented. */
  attempts: number;
  spacingMs: number;
  /** An event that keeps failing this long is unsubscribed. */
  patienceMs: number;
}

const KEPT_RECORDS = 20_000;
const DAY_MS = 86_400_000;

export class Deliveries {
  readonly faults: DeliveryFaults = countingFaults();
  readonly rules: RetryRules = { attempts: 3, spacingMs: 2000, patienceMs: DAY_MS };
  /** Events are lost on the way to the webhook. */
  isWithholding = false;
  /** Every post with its answer, oldest first. */
  readonly records: DeliveryRecord[] = [];
  /** Where the application wants its events; null for nowhere. */
  webhookUrl: () => string | null = () => null;
  onUnsubscribed: (type: string) => void = () => {};
  readonly #clock: Clock;
  readonly #callbacks: Callbacks;
  readonly #key: SigningKey;
  readonly #stop = new AbortController();
  readonly #lanes = new Map<string, Promise<void>>();
  readonly #failingSinceMs = new Map<string, number>();
  #held: Delivery[] = [];

  constructor(clock: Clock, callbacks: Callbacks, key: SigningKey) {
    this.#clock = clock;
    this.#callbacks = callbacks;
    this.#key = key;
  }

  enqueue(outgoing: Outgoing): void {
    if (this.webhookUrl() === null || this.isWithholding || this.#hit('lost')) return;
    const copies = [this.signed(outgoing)];
    const [delivery] = copies;
    if (delivery && this.#hit('duplicates')) copies.push(delivery);
    if (this.#hit('duplicatesWithNewId')) {
      copies.push(this.signed({ ...outgoing, subscriptionId: ulid(this.#clock.now()) }));
    }
    const { delayMs } = this.faults;
    if (this.#hit('delayed')) this.#clock.setTimer(delayMs, () => this.#inOrder(copies), { unref: true });
    else this.#gather(copies);
  }

  /** Applies the faults that wait for the next signature. @param isForged somebody signs who is not Kick */
  signed(outgoing: Outgoing, isForged = this.#hit('forged')): Delivery {
    const { channelId, subscriptionId, type, version, at, body } = outgoing;
    const id = ulid(this.#clock.now());
    const timestamp = this.#hit('doubledDates') ? doubledDate(rfc3339(at)) : rfc3339(at);
    const signature = isForged ? this.#key.forge(id, timestamp, body) : this.#key.sign(id, timestamp, body);
    const headers: Record<string, string> = {
      'Content-Type': 'application/json',
      'Kick-Event-Message-Id': id,
      'Kick-Event-Subscription-Id': subscriptionId,
      'Kick-Event-Signature': this.#hit('corruptSignatures') ? corrupted(signature) : signature,
      'Kick-Event-Message-Timestamp': timestamp,
      'Kick-Event-Type': type,
      'Kick-Event-Version': version,
    };
    if (this.#hit('withoutHeader')) delete headers[this.faults.headerName];
    return { id, channelId, type, headers, body };
  }

  /** Once, past every queue. @returns the status, null when nothing answered */
  async post({ id, type, headers, body }: Delivery, attempt = 1): Promise<number | null> {
    const url = this.webhookUrl();
    const answer = url === null ? null : await this.#callbacks.post(url, headers, body);
    const status = answer?.status ?? null;
    const subscriptionId = headers['Kick-Event-Subscription-Id'] ?? '';
    this.records.push({ id, subscriptionId, type, attempt, status, answer: answer?.body ?? '' });
    if (this.records.length > KEPT_RECORDS) this.records.splice(0, KEPT_RECORDS / 2);
    return status;
  }

  /** Resolves when nothing is on its way; what is delayed or held does not count. */
  async settled(): Promise<void> {
    while (this.#lanes.size > 0) await Promise.all(this.#lanes.values());
  }

  /** Sends what waits for company in a reordering. */
  release(): void {
    const held = this.#held.reverse();
    this.#held = [];
    this.faults.reordered = 0;
    this.#inOrder(held);
  }

  stop(): void {
    this.#stop.abort();
  }

  #gather(copies: readonly Delivery[]): void {
    if (this.faults.reordered === 0) {
      this.#inOrder(copies);
      return;
    }
    this.#held.push(...copies);
    if (this.#held.length >= this.faults.reordered) this.release();
  }

  #inOrder(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      const lane = delivery.channelId;
      const run = (this.#lanes.get(lane) ?? Promise.resolve()).then(() => this.#deliver(delivery));
      this.#lanes.set(lane, run);
      void run.then(() => {
        if (this.#lanes.get(lane) === run) this.#lanes.delete(lane);
      });
    }
  }

  /** A delivery that fails holds up those behind it until it is given up. */
  async #deliver(delivery: Delivery): Promise<void> {
    for (let attempt = 1; attempt <= this.rules.attempts && !this.#stop.signal.aborted; attempt += 1) {
      const status = await this.post(delivery, attempt);
      if (status === 200) {
        this.#failingSinceMs.delete(delivery.type);
        return;
      }
      this.#failed(delivery.type);
      if (attempt < this.rules.attempts) {
        await this.#clock.sleep(this.rules.spacingMs, this.#stop.signal).catch(() => {});
      }
    }
  }

  #failed(type: string): void {
    const nowMs = this.#clock.now().getTime();
    const sinceMs = this.#failingSinceMs.get(type) ?? nowMs;
    this.#failingSinceMs.set(type, sinceMs);
    if (nowMs - sinceMs <= this.rules.patienceMs) return;
    this.#failingSinceMs.delete(type);
    this.onUnsubscribed(type);
  }

  #hit(fault: Exclude<keyof DeliveryFaults, 'reordered' | 'delayMs' | 'headerName'>): boolean {
    if (this.faults[fault] === 0) return false;
    this.faults[fault] -= 1;
    return true;
  }
}

/** Another signature of the same length. */
function corrupted(signature: string): string {
  const bytes = Buffer.from(signature, 'base64');
  bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
  return bytes.toString('base64');
}
