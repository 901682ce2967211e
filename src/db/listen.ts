/** The one connection of a process on which wake-up hints arrive, and whose life proves that its worker lives. */
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { type BackoffLimits, backoffMs } from '../lib/backoff.ts';
import type { Clock, Timer } from '../lib/clock.ts';
import { parseDatabaseUrl } from '../lib/database-url.ts';
import type { Logger } from '../lib/logger.ts';
import { DatabaseClient } from './client.ts';
import { HINT_CHANNEL, type Hint, parseHint } from './hint.ts';
import { askSession, isPooledByTransaction, TROUBLES, type Trouble, troubleOf, Unfit } from './session.ts';

/** First key of the advisory locks that mark living workers; the second is the worker's start number. */
export const WORKER_LOCK_SPACE = 1_298_493_523;

export interface ListenEvents {
  /** Must not block. */
  hint(hint: Hint): void;
  /** Hints flow from now on; whatever was read earlier may be stale. Called at the first connection too. */
  listening(): void;
  /** From now on others can see that this worker lives; called after every reconnect too. */
  locked?(): void;
  /** The server has stopped taking writes: other connections to it are better let go of. */
  cannotWrite?(): void;
}

export interface Listener {
  /** Hints arrive. False from the moment the loss is noticed until they arrive again: whoever needs them polls. */
  readonly isHealthy: boolean;
  /** There is a connection, whether hints arrive on it or not. */
  readonly isConnected: boolean;
  /** What is wrong with the way to the database, as long as it is; null also while there is no connection at all. */
  readonly trouble: Trouble | null;
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

const RECONNECT: BackoffLimits = { firstMs: 200, longestMs: 10_000 };
const KEEPALIVE_MS = 15_000;
const ANSWER_DEADLINE_MS = 5_000;
/** A notification to oneself comes before the answer of its statement, or soon after it. */
const NOTIFICATION_DEADLINE_MS = 1_000;
const CLOSE_DEADLINE_MS = 1_000;

/** Connects now and for ever again; must not be awaited, a missing database is waited for. */
export function listen(databaseUrl: string, events: ListenEvents, deps: ListenDeps): Listener {
  return new ReconnectingListener(parseDatabaseUrl(databaseUrl).connectionString, events, deps);
}

class ReconnectingListener implements Listener {
  readonly #connectionString: string;
  readonly #events: ListenEvents;
  readonly #deps: ListenDeps;
  /** Nobody else notifies here: what arrives was sent by this process, over this connection. */
  readonly #ownChannel = `memalerts_${randomBytes(8).toString('hex')}`;
  #client: DatabaseClient | null = null;
  #timer: Timer | null = null;
  #failures = 0;
  #startNumber: number | null = null;
  #isClosed = false;
  #isConnected = false;
  #isHealthy = false;
  #trouble: Trouble | null = null;
  #backend: number | null = null;
  #probe: PromiseWithResolvers<boolean> | null = null;
  #holdsWorkerLock = false;

  constructor(connectionString: string, events: ListenEvents, deps: ListenDeps) {
    this.#connectionString = connectionString;
    this.#events = events;
    this.#deps = { ...deps, log: deps.log.with({ process: deps.applicationName }) };
    void this.#connect();
  }

  get isHealthy(): boolean {
    return this.#isHealthy;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  get trouble(): Trouble | null {
    return this.#trouble;
  }

  get holdsWorkerLock(): boolean {
    return this.#holdsWorkerLock;
  }

  holdWorkerLock(startNumber: number): void {
    // The lock of an earlier number says nothing about this one, and goes with the connection.
    if (startNumber !== this.#startNumber) this.#holdsWorkerLock = false;
    this.#startNumber = startNumber;
    const client = this.#client;
    if (this.#isConnected && client) this.#tryLock(client).catch((error: unknown) => this.#lose(client, error));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#isConnected = false;
    this.#isHealthy = false;
    this.#holdsWorkerLock = false;
    const client = this.#client;
    this.#client = null;
    if (!client) return;
    const timer = this.#deps.clock.setTimer(CLOSE_DEADLINE_MS, () => client.connection.stream.destroy());
    await client.end().catch(() => {});
    timer.cancel();
  }

  #newClient(): DatabaseClient {
    return new DatabaseClient({
      connectionString: this.#connectionString,
      application_name: this.#deps.applicationName,
      connectionTimeoutMillis: ANSWER_DEADLINE_MS,
      keepAlive: true,
    });
  }

  async #connect(): Promise<void> {
    const client = this.#newClient();
    this.#client = client;
    client.on('error', (error) => this.#lose(client, error));
    client.on('end', () => this.#lose(client, new Error('connection ended')));
    client.on('notification', ({ channel, payload }) => this.#receive(channel, payload ?? ''));
    try {
      await client.connect();
      await this.#requireSession(client);
      await this.#ask(client, `listen ${HINT_CHANNEL}`);
      await this.#ask(client, `listen ${this.#ownChannel}`);
      const isHeard = await this.#notifySelf(client);
      // A connection that was lost meanwhile says nothing about notifications.
      if (client !== this.#client) return;
      this.#noteNotifications(isHeard);
      await this.#tryLock(client);
    } catch (error) {
      this.#lose(client, error);
      return;
    }
    if (client !== this.#client) return;
    this.#failures = 0;
    this.#isConnected = true;
    this.#deps.log.info('db.listening');
    this.#scheduleKeepalive(client);
    this.#tell(() => this.#events.listening());
  }

  /** @throws Unfit where what lasts as long as a session, such as LISTEN or a lock, would be lost or useless */
  async #requireSession(client: DatabaseClient): Promise<void> {
    const ask = (asked: pg.Client, text: string) => this.#ask(asked, text);
    const { backend, isReadOnly: cannotWrite } = await askSession(client, ask);
    if (cannotWrite) throw new Unfit('cannot_write');
    if (backend !== client.greetedBy && (await isPooledByTransaction(client, backend, this.#newClient(), ask))) {
      throw new Unfit('transaction_pooler');
    }
    this.#backend = backend;
  }

  /** A connection can die, and notifications can get lost, without a word: only what arrives proves anything. */
  #scheduleKeepalive(client: DatabaseClient): void {
    this.#timer = this.#deps.clock.setTimer(KEEPALIVE_MS, () => {
      this.#keepAlive(client).then(
        () => client === this.#client && this.#scheduleKeepalive(client),
        (error: unknown) => this.#lose(client, error),
      );
    });
  }

  async #keepAlive(client: DatabaseClient): Promise<void> {
    const wasHealthy = this.#isHealthy;
    const isHeard = await this.#notifySelf(client);
    if (client !== this.#client) return;
    this.#noteNotifications(isHeard);
    await this.#tryLock(client);
    // What was told meanwhile was not heard.
    if (client === this.#client && isHeard && !wasHealthy) this.#tell(() => this.#events.listening());
  }

  /** @returns whether it arrived @throws Unfit when the server takes no writes, or is not the one that was asked before */
  async #notifySelf(client: DatabaseClient): Promise<boolean> {
    const probe = Promise.withResolvers<boolean>();
    this.#probe = probe;
    const text = `select pg_notify($1, ''), pg_backend_pid() as backend,
      current_setting('transaction_read_only') = 'on' as "isReadOnly"`;
    const { rows } = await this.#ask(client, text, [this.#ownChannel]);
    if (rows[0]?.isReadOnly === true) throw new Unfit('cannot_write');
    if (rows[0]?.backend !== this.#backend) throw new Unfit('transaction_pooler');
    const timer = this.#deps.clock.setTimer(NOTIFICATION_DEADLINE_MS, () => probe.resolve(false));
    const isHeard = await probe.promise;
    timer.cancel();
    return isHeard;
  }

  #noteNotifications(isHeard: boolean): void {
    const wasLost = this.#trouble === 'notifications_lost';
    this.#isHealthy = isHeard;
    this.#trouble = isHeard ? null : 'notifications_lost';
    if (isHeard && wasLost) this.#deps.log.info('db.notifications_back');
    if (!isHeard && !wasLost) this.#deps.log.warn('db.notifications_lost', { fix: TROUBLES.notifications_lost });
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

  #receive(channel: string, payload: string): void {
    if (channel === this.#ownChannel) {
      this.#probe?.resolve(true);
      return;
    }
    const hint = parseHint(payload);
    if (hint) this.#tell(() => this.#events.hint(hint));
  }

  #lose(client: DatabaseClient, error: unknown): void {
    if (client !== this.#client) return;
    this.#client = null;
    this.#timer?.cancel();
    this.#probe?.resolve(false);
    if (this.#isConnected || this.#failures === 0) this.#deps.log.warn('db.listen_lost', { error });
    this.#isConnected = false;
    this.#isHealthy = false;
    this.#holdsWorkerLock = false;
    destroy(client);
    this.#noteUnfit(error);
    if (this.#isClosed) return;
    this.#failures += 1;
    const delayMs = backoffMs(this.#failures, RECONNECT, this.#deps.random);
    this.#timer = this.#deps.clock.setTimer(delayMs, () => void this.#connect());
  }

  /** Logged once, until the connection works again or breaks for another reason. */
  #noteUnfit(error: unknown): void {
    const trouble = troubleOf(error);
    const isNews = trouble !== null && trouble !== this.#trouble;
    this.#trouble = trouble;
    if (!isNews) return;
    this.#deps.log.error(`db.${trouble}`, { fix: TROUBLES[trouble] });
    if (trouble === 'cannot_write') this.#tell(() => this.#events.cannotWrite?.());
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
