/** One API instance that receives credits events: its own queue, its own requests, its own outages (docs/contract/workers.md#payload-and-transport). */
import { createHmac } from 'node:crypto';
import { type BackoffLimits, backoffMs } from '../../lib/backoff.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { HttpClient } from '../../lib/http.ts';
import type { Logger } from '../../lib/logger.ts';

/** A chatter as `/internal/credits/chatter` takes it. */
export interface CreditsEvent {
  readonly channelSlug: string;
  readonly userId: string;
  readonly displayName: string;
  readonly avatarUrl?: string | null;
}

export interface EndpointDeps {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** 0 ≤ x < 1; jitter only. */
  readonly random: () => number;
  readonly log: Logger;
  readonly logPrefix: string;
  /** When set, every request is signed with it (docs/design.md#the-credits-relay). */
  readonly secret: string | null;
}

export interface EndpointStats {
  readonly origin: string;
  readonly delivered: number;
  /** Lost: the queue was full, the endpoint was away for too long, or it refused the event. */
  readonly dropped: number;
  readonly queued: number;
  /** Whether the last request was answered; true before the first. */
  readonly isReachable: boolean;
}

interface Queued {
  readonly event: CreditsEvent;
  readonly addedAtMs: number;
  /** Something about this chatter is in a request that was not answered yet. Another one could overtake it. */
  isUnderWay: boolean;
}

type Batch = readonly (readonly [string, Queued])[];

type Outcome =
  | { kind: 'taken' }
  /** The endpoint read it and will not have it. */
  | { kind: 'refused' }
  | { kind: 'too_large' }
  | { kind: 'failed'; status: number | null; error: unknown };

const PATH = '/internal/credits/chatter';
const DEADLINE_MS = 2000;
const BATCH_EVENTS = 100;
const BATCH_WAIT_MS = 250;
/** What our own endpoint takes at once; used only when events arrive faster than one batch is answered. */
const BATCH_MAX = 4000;
/** Stays below the 512 kB that our own endpoint reads. */
const BATCH_BYTES_MAX = 400_000;
/** So many wait beside the request under way: the endpoint reads the next one while it stores this one. */
const SECOND_REQUEST_AT = 1000;
const REQUESTS_AT_ONCE = 2;
/** What every version of our own endpoint takes. */
const OLDER_BATCH_MAX = 1000;
const SINGLES_AT_ONCE = 8;
const QUEUE_MAX = 20_000;
/** Outlives a restart of the API. Older events could be of an earlier stream. */
const EVENT_LIFE_MS = 120_000;
const RETRY: BackoffLimits = { firstMs: 250, longestMs: 10_000 };

export class RelayEndpoint {
  readonly #origin: string;
  readonly #deps: EndpointDeps;
  /** In order of first appearance; whoever appears again while waiting keeps their place. */
  readonly #queue = new Map<string, Queued>();
  /** How many of the queue are under way. */
  #underWay = 0;
  readonly #running = new Set<Promise<void>>();
  /** The last answer took a whole batch; whoever does not keep up with one request gets no second. */
  #takesTwo = false;
  #timer: Timer | null = null;
  #failures = 0;
  #batchMax = BATCH_MAX;
  #takesArrays = true;
  #isDraining = false;
  #delivered = 0;
  #dropped = 0;

  constructor(origin: string, deps: EndpointDeps) {
    this.#origin = origin;
    this.#deps = deps;
  }

  get hasRoom(): boolean {
    return this.#queue.size < QUEUE_MAX;
  }

  /** @param key one text per chatter and channel */
  offer(key: string, event: CreditsEvent): void {
    if (!this.hasRoom && !this.#queue.has(key)) {
      this.#dropped += 1;
      return;
    }
    // Under a new name: that one waits for the answer about the former.
    const isUnderWay = this.#queue.get(key)?.isUnderWay ?? false;
    this.#queue.set(key, { event, addedAtMs: this.#deps.clock.monotonicMs(), isUnderWay });
    this.#plan();
  }

  /** Sends what waits, until nothing does or the endpoint fails. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#timer?.cancel();
    await this.#idle();
    if (this.#queue.size > 0) this.#start();
    await this.#idle();
  }

  /** Counts as lost what was not delivered in time. */
  abandon(): void {
    this.#timer?.cancel();
    this.#dropped += this.#queue.size;
    this.#queue.clear();
  }

  stats(): EndpointStats {
    return {
      origin: this.#origin,
      delivered: this.#delivered,
      dropped: this.#dropped,
      queued: this.#queue.size,
      isReachable: this.#failures === 0,
    };
  }

  #plan(): void {
    if (this.#running.size > 0) {
      if (this.#takesTwo && this.#running.size < REQUESTS_AT_ONCE && this.#waiting >= SECOND_REQUEST_AT) this.#start();
      return;
    }
    if (this.#isDraining || this.#queue.size === 0) return;
    if (this.#failures > 0) {
      this.#timer ??= this.#startAfter(backoffMs(this.#failures, RETRY, this.#deps.random));
    } else if (this.#queue.size >= BATCH_EVENTS) {
      this.#start();
    } else {
      this.#timer ??= this.#startAfter(BATCH_WAIT_MS);
    }
  }

  get #waiting(): number {
    return this.#queue.size - this.#underWay;
  }

  #startAfter(delayMs: number): Timer {
    return this.#deps.clock.setTimer(delayMs, () => this.#start(), { unref: true });
  }

  #start(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const run = this.#run().finally(() => {
      this.#running.delete(run);
      this.#plan();
    });
    this.#running.add(run);
  }

  async #idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** One batch, and on while full ones wait. */
  async #run(): Promise<void> {
    do {
      const outcome = this.#takesArrays ? await this.#sendArray() : await this.#sendSingles();
      this.#takesTwo = this.#takesArrays && outcome.kind === 'taken';
      if (outcome.kind === 'failed') return this.#fail(outcome);
      this.#recover();
      if (!this.#takesTwo && this.#running.size > 1) return;
    } while (this.#waiting >= BATCH_EVENTS || (this.#isDraining && this.#waiting > 0));
  }

  async #sendArray(): Promise<Outcome> {
    const parts: string[] = [];
    let bytes = 0;
    const batch = this.#take(this.#batchMax, ({ event }) => {
      const part = JSON.stringify(event);
      bytes += Buffer.byteLength(part) + 1;
      if (parts.length > 0 && bytes > BATCH_BYTES_MAX) return false;
      parts.push(part);
      return true;
    });
    const outcome = await this.#post(`[${parts.join(',')}]`);
    switch (outcome.kind) {
      case 'taken':
        this.#settle(batch, 'delivered');
        return outcome;
      case 'refused':
        this.#settle(batch, 'waits');
        if (batch.length > OLDER_BATCH_MAX) this.#batchMax = OLDER_BATCH_MAX;
        else this.#sendSinglesFromNowOn();
        return outcome;
      case 'too_large':
        this.#settle(batch, batch.length === 1 ? 'dropped' : 'waits');
        this.#batchMax = Math.max(1, Math.floor(batch.length / 2));
        return outcome;
      case 'failed':
        this.#settle(batch, 'waits');
        return outcome;
    }
  }

  /** An older API: it knows the single form only. */
  #sendSinglesFromNowOn(): void {
    if (!this.#takesArrays) return;
    this.#takesArrays = false;
    this.#deps.log.info(`${this.#deps.logPrefix}internal_post_single`, { baseUrl: this.#origin });
  }

  async #sendSingles(): Promise<Outcome> {
    const batch = this.#take(BATCH_EVENTS);
    for (let start = 0; start < batch.length; start += SINGLES_AT_ONCE) {
      const some = batch.slice(start, start + SINGLES_AT_ONCE);
      const outcomes = await Promise.all(some.map((entry) => this.#sendSingle(entry)));
      const failed = outcomes.find(({ kind }) => kind === 'failed');
      if (failed === undefined) continue;
      this.#settle(batch.slice(start + SINGLES_AT_ONCE), 'waits');
      return failed;
    }
    return { kind: 'taken' };
  }

  async #sendSingle(entry: Batch[number]): Promise<Outcome> {
    const outcome = await this.#post(JSON.stringify(entry[1].event));
    this.#settle([entry], outcome.kind === 'failed' ? 'waits' : outcome.kind === 'taken' ? 'delivered' : 'dropped');
    return outcome;
  }

  /** The first of those who wait, until there is no room for one more. */
  #take(max: number, hasRoom: (queued: Queued) => boolean = () => true): Batch {
    const batch: [string, Queued][] = [];
    for (const entry of this.#queue) {
      if (entry[1].isUnderWay) continue;
      if (batch.length >= max || !hasRoom(entry[1])) break;
      entry[1].isUnderWay = true;
      batch.push(entry);
    }
    this.#underWay += batch.length;
    return batch;
  }

  /** Whoever took another name while the request was under way stays in the queue. */
  #settle(batch: Batch, fate: 'delivered' | 'dropped' | 'waits'): void {
    this.#underWay -= batch.length;
    for (const [key, queued] of batch) {
      const held = this.#queue.get(key);
      if (held === undefined) continue;
      if (held !== queued || fate === 'waits') {
        held.isUnderWay = false;
        continue;
      }
      this.#queue.delete(key);
      if (fate === 'delivered') this.#delivered += 1;
      else this.#dropped += 1;
    }
  }

  #fail({ status, error }: Outcome & { kind: 'failed' }): void {
    const { log, logPrefix, clock } = this.#deps;
    if (this.#failures === 0) {
      log.warn(`${logPrefix}internal_post_failed`, {
        baseUrl: this.#origin,
        ...(status === null ? {} : { status }),
        error,
      });
    }
    this.#failures += 1;
    const tooOldMs = clock.monotonicMs() - EVENT_LIFE_MS;
    for (const [key, { addedAtMs, isUnderWay }] of this.#queue) {
      if (addedAtMs > tooOldMs || isUnderWay) continue;
      this.#queue.delete(key);
      this.#dropped += 1;
    }
  }

  #recover(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    const { log, logPrefix } = this.#deps;
    log.info(`${logPrefix}internal_post_recovered`, { baseUrl: this.#origin, dropped: this.#dropped });
  }

  async #post(body: string): Promise<Outcome> {
    try {
      const { status } = await this.#deps.http(this.#origin + PATH, {
        method: 'POST',
        headers: this.#headers(body),
        body,
        timeoutMs: DEADLINE_MS,
      });
      if (status >= 200 && status < 300) return { kind: 'taken' };
      if (status === 400) return { kind: 'refused' };
      if (status === 413) return { kind: 'too_large' };
      return { kind: 'failed', status, error: new Error(`the API answered ${status}`) };
    } catch (error) {
      return { kind: 'failed', status: null, error };
    }
  }

  #headers(body: string): Record<string, string> {
    return { 'content-type': 'application/json', ...internalHeaders(this.#deps, body) };
  }
}

/** By which an API instance knows a caller of ours (docs/contract/http-api.md#relay-a-chatter). @param body empty where there is none */
export function internalHeaders(
  { secret, clock }: Pick<EndpointDeps, 'secret' | 'clock'>,
  body: string,
): Record<string, string> {
  const headers = { 'x-memalerts-internal': 'credits-event' };
  if (secret === null) return headers;
  const timestamp = String(clock.now().getTime());
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return { ...headers, 'x-memalerts-timestamp': timestamp, 'x-memalerts-signature': signature };
}
