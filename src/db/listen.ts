/** The one connection of a process on which wake-up hints arrive, and whose life proves that its worker lives. */
import pg from 'pg';
import { type BackoffLimits, backoffMs } from '../lib/backoff.ts';
import type { ChannelId, ProviderId } from '../lib/brand.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { parseDatabaseUrl } from './pool.ts';

/** First key of the advisory locks that mark living workers; the second is the worker's start number. */
export const WORKER_LOCK_SPACE = 1_298_493_523;

/** Something changed in the database; the kinds are described where the triggers are. */
export interface Hint {
  readonly kind: string;
  /** Null: every platform. */
  readonly provider: ProviderId | null;
  /** Null: any number of channels. */
  readonly channelId: ChannelId | null;
  /** The rows of the channel it is about; absent: any. */
  readonly rowIds?: readonly string[];
}

export interface ListenEvents {
  /** Must not block. */
  hint(hint: Hint): void;
  /** Hints flow from now on; whatever was read earlier may be stale. Called at the first connection too. */
  listening(): void;
  /** From now on others can see that this worker lives; called after every reconnect too. */
  locked?(): void;
}

export interface Listener {
  /** Hints arrive. False from the moment the loss is noticed until the connection is back. */
  readonly isHealthy: boolean;
  /** Others can see that this worker lives. May be false for a while after a reconnect, and is tried again by itself. */
  readonly holdsWorkerLock: boolean;
  /** From now on, and on every later connection, holds the lock of this start of a worker. */
  holdWorkerLock(startNumber: number): void;
  /** Gives the lock back and ends the connection. */
  close(): Promise<void>;
}

interface ListenDeps {
  readonly applicationName: string;
  readonly clock: Clock;
  /** 0 ≤ x < 1; jitter only. */
  readonly random: () => number;
  readonly log: Logger;
}

const CHANNEL = 'memalerts';
const RECONNECT: BackoffLimits = { firstMs: 200, longestMs: 10_000 };
const KEEPALIVE_MS = 15_000;
const ANSWER_DEADLINE_MS = 5_000;
const CLOSE_DEADLINE_MS = 1_000;

/** Connects now and for ever again; must not be awaited, a missing database is waited for. */
export function listen(databaseUrl: string, events: ListenEvents, deps: ListenDeps): Listener {
  return new ReconnectingListener(parseDatabaseUrl(databaseUrl).connectionString, events, deps);
}

/** Reads `kind:provider` or `kind:provider:channelId`, ids of rows in a second line. @returns null for what no trigger of ours sends */
export function parseHint(payload: string): Hint | null {
  const [, kind, provider, channelId, rowIds] = /^([^:]+):([^:]+)(?::(.+?)(?:\n(.+))?)?$/s.exec(payload) ?? [];
  if (kind === undefined || provider === undefined) return null;
  return {
    kind,
    provider: provider === '*' ? null : (provider as ProviderId),
    channelId: (channelId ?? null) as ChannelId | null,
    ...(rowIds === undefined ? {} : { rowIds: rowIds.split(',') }),
  };
}

class ReconnectingListener implements Listener {
  readonly #connectionString: string;
  readonly #events: ListenEvents;
  readonly #deps: ListenDeps;
  #client: pg.Client | null = null;
  #timer: Timer | null = null;
  #failures = 0;
  #startNumber: number | null = null;
  #isClosed = false;
  #isHealthy = false;
  #holdsWorkerLock = false;

  constructor(connectionString: string, events: ListenEvents, deps: ListenDeps) {
    this.#connectionString = connectionString;
    this.#events = events;
    this.#deps = deps;
    void this.#connect();
  }

  get isHealthy(): boolean {
    return this.#isHealthy;
  }

  get holdsWorkerLock(): boolean {
    return this.#holdsWorkerLock;
  }

  holdWorkerLock(startNumber: number): void {
    // The lock of an earlier number says nothing about this one, and goes with the connection.
    if (startNumber !== this.#startNumber) this.#holdsWorkerLock = false;
    this.#startNumber = startNumber;
    const client = this.#client;
    if (this.#isHealthy && client) this.#tryLock(client).catch((error: unknown) => this.#lose(client, error));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#isHealthy = false;
    this.#holdsWorkerLock = false;
    const client = this.#client;
    this.#client = null;
    if (!client) return;
    const timer = this.#deps.clock.setTimer(CLOSE_DEADLINE_MS, () => client.connection.stream.destroy());
    await client.end().catch(() => {});
    timer.cancel();
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#connectionString,
      application_name: this.#deps.applicationName,
      connectionTimeoutMillis: ANSWER_DEADLINE_MS,
      keepAlive: true,
    });
    this.#client = client;
    client.on('error', (error) => this.#lose(client, error));
    client.on('end', () => this.#lose(client, new Error('connection ended')));
    client.on('notification', ({ payload }) => this.#receive(payload ?? ''));
    try {
      await client.connect();
      await this.#ask(client, `listen ${CHANNEL}`);
      await this.#tryLock(client);
    } catch (error) {
      this.#lose(client, error);
      return;
    }
    if (client !== this.#client) return;
    this.#failures = 0;
    this.#isHealthy = true;
    this.#deps.log.info('db.listening');
    this.#scheduleKeepalive(client);
    this.#tell(() => this.#events.listening());
  }

  /** A connection can die without a word: only an answer proves that hints still arrive. */
  #scheduleKeepalive(client: pg.Client): void {
    this.#timer = this.#deps.clock.setTimer(KEEPALIVE_MS, () => {
      const isLockWanted = this.#startNumber !== null && !this.#holdsWorkerLock;
      const proof = isLockWanted ? this.#tryLock(client) : this.#ask(client, 'select 1');
      proof.then(
        () => client === this.#client && this.#scheduleKeepalive(client),
        (error: unknown) => this.#lose(client, error),
      );
    });
  }

  /** After a cut the server may believe in our former connection for a while; then the lock is tried again later. */
  async #tryLock(client: pg.Client): Promise<void> {
    if (this.#startNumber === null || this.#holdsWorkerLock) return;
    const { rows } = await this.#ask(client, 'select pg_try_advisory_lock($1, $2) as held', [
      WORKER_LOCK_SPACE,
      this.#startNumber,
    ]);
    if (client !== this.#client || rows[0]?.held !== true) return;
    this.#holdsWorkerLock = true;
    this.#tell(() => this.#events.locked?.());
  }

  async #ask(client: pg.Client, text: string, values: unknown[] = []): Promise<pg.QueryResult> {
    let timer: Timer | undefined;
    const silence = new Promise<never>((_, reject) => {
      const fail = () => reject(new Error('no answer from the database'));
      timer = this.#deps.clock.setTimer(ANSWER_DEADLINE_MS, fail);
    });
    const answer = client.query(text, values);
    answer.catch(() => {}); // after the deadline nobody waits for it any more
    try {
      return await Promise.race([answer, silence]);
    } finally {
      timer?.cancel();
    }
  }

  #receive(payload: string): void {
    const hint = parseHint(payload);
    if (hint) this.#tell(() => this.#events.hint(hint));
  }

  #lose(client: pg.Client, error: unknown): void {
    if (client !== this.#client) return;
    this.#client = null;
    this.#timer?.cancel();
    if (this.#isHealthy || this.#failures === 0) this.#deps.log.warn('db.listen_lost', { error });
    this.#isHealthy = false;
    this.#holdsWorkerLock = false;
    destroy(client);
    if (this.#isClosed) return;
    this.#failures += 1;
    const delayMs = backoffMs(this.#failures, RECONNECT, this.#deps.random);
    this.#timer = this.#deps.clock.setTimer(delayMs, () => void this.#connect());
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#deps.log.error('db.hint_handler_failed', { error });
    }
  }
}

/** A mute connection does not answer a goodbye either: the socket is closed without waiting for one. */
function destroy(client: pg.Client): void {
  client.on('error', () => {});
  client.end().catch(() => {});
  client.connection.stream.destroy();
}
