/** One place for up to a hundred subscriptions: always one connection, renewed for ever, with fresh tokens each time. */
import type { StreamPosition } from 'centrifuge';
import { type BackoffLimits, backoffMs } from '../../../lib/backoff.ts';
import type { Clock, Timer } from '../../../lib/clock.ts';
import { PlatformRefused } from '../../../lib/errors.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { ReaderState } from '../../platform.ts';
import { NO_ACCOUNT } from '../api.ts';
import { PubsubClient, type PubsubHandlers, type WantedChannel } from '../pubsub-client.ts';
import type { Tokens } from './tokens.ts';

export interface ShardDeps {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly tokens: Tokens;
  /** `VKVIDEO_PUBSUB_REFRESH_SECONDS` */
  readonly renewAfterMs: number;
  readonly listener: ShardListener;
}

export interface ShardListener {
  /** @param connection tells the two apart that overlap for a moment */
  subscribed(name: string, connection: object, isRecovered: boolean): void;
  /** What that connection read is read by it no more. */
  gone(name: string, connection: object): void;
  refused(name: string, why: { code: number; text: string }): void;
  publication(name: string, data: unknown): void;
  /** Why there is no connection, for every name that is not read. */
  missing(names: readonly string[], state: ReaderState): void;
}

export interface Wanted {
  readonly name: string;
  /** Needs a token, and is not subscribed where there is none. */
  readonly isLimited: boolean;
}

/** What a connection begins with. */
interface Opening {
  readonly token: string;
  /** Whose token it is. */
  readonly accountKey: string;
  /** Names it was prepared for, whether or not there is a token for each. */
  readonly asked: ReadonlySet<string>;
  readonly channels: readonly WantedChannel[];
}

const RECONNECT: BackoffLimits = { firstMs: 1_000, longestMs: 30_000 };
const NO_ACCOUNT_RETRY_MS = 30_000;
const AGAIN_MS = 5_000;
/** A connection that read this long starts the next backoff from the beginning. */
const STABLE_AFTER_MS = 5_000;
/** How long a successor may take to subscribe before its predecessor is closed all the same. */
const HANDOVER_MS = 15_000;

export class Shard {
  readonly #deps: ShardDeps;
  readonly #wanted = new Map<string, Wanted>();
  readonly #positions = new Map<string, StreamPosition>();
  #current: PubsubClient | null = null;
  /** Still reading while its successor subscribes. */
  #old: { client: PubsubClient; handover: Timer } | null = null;
  /** Names the current connection has an answer about. */
  #settled = new Set<string>();
  /** Added since the last turn of the event loop. */
  readonly #late: string[] = [];
  #wake: (() => void) | null = null;
  #replace: (() => void) | null = null;
  #failures = 0;
  /** Of the newest connection. */
  #accountKey: string | null = null;
  /** There is no connection for want of a token, and it was said. */
  #isRefused = false;
  /** Something changed while nobody waited for it. */
  #isHurried = false;
  #isStarted = false;
  #isClosed = false;

  constructor(deps: ShardDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#wanted.size;
  }

  /** Connects as soon as there is something to read. Many that are added in one go share its first frame. */
  add(wanted: readonly Wanted[]): void {
    for (const channel of wanted) this.#wanted.set(channel.name, channel);
    if (this.#isStarted) {
      this.#late.push(...wanted.map(({ name }) => name));
      if (this.#late.length === wanted.length) setImmediate(() => void this.again(this.#late.splice(0)));
      return;
    }
    this.#isStarted = true;
    setImmediate(() => void this.#keepUp());
  }

  /** Subscribes what is not subscribed on the open connection; without one, the next does. */
  async again(names: readonly string[]): Promise<void> {
    const client = this.#current;
    if (client === null) return;
    try {
      const channels = await this.#withTokens(names);
      if (client === this.#current) client.add(channels.filter(({ name }) => this.#wanted.has(name)));
    } catch (error) {
      this.#deps.log.warn('vkvideo_chatbot.subscription_token_failed', { channels: names.length, error });
      this.#deps.clock.setTimer(AGAIN_MS, () => void this.again(names), { unref: true });
    }
  }

  remove(names: readonly string[]): void {
    for (const name of names) {
      this.#wanted.delete(name);
      this.#positions.delete(name);
    }
    this.#current?.remove(names);
    this.#old?.client.remove(names);
  }

  /** Another account is to read, or none (null), or there is one again. */
  renew(accountKey: string | null): void {
    this.#failures = 0;
    this.#isHurried = true;
    this.#wake?.();
    if (accountKey !== this.#accountKey) this.#replace?.();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake?.();
    this.#current?.close();
    this.#closeOld();
  }

  async #keepUp(): Promise<void> {
    while (!this.#isClosed) {
      const opening = await this.#prepare();
      if (this.#isClosed) return;
      if (opening === null) continue;
      const startedMs = this.#deps.clock.monotonicMs();
      const reason = await this.#live(opening);
      if (this.#isClosed) return;
      if (reason === null) continue;
      const wasStable = this.#settled.size > 0 && this.#deps.clock.monotonicMs() - startedMs >= STABLE_AFTER_MS;
      this.#failures = wasStable ? 1 : this.#failures + 1;
      this.#missing({ kind: 'degraded', reason: 'disconnected' });
      await this.#pause(backoffMs(this.#failures, RECONNECT, this.#deps.random));
    }
  }

  /** @returns null when there is nothing to connect with; by then it was waited for */
  async #prepare(): Promise<Opening | null> {
    const { tokens, log, random } = this.#deps;
    try {
      this.#isHurried = false;
      const { token, accountKey } = await tokens.connection();
      const asked = new Set(this.#wanted.keys());
      const channels = await this.#withTokens([...asked]);
      this.#isRefused = false;
      return { token, accountKey, asked, channels };
    } catch (error) {
      if (!this.#isRefused) log.warn('vkvideo_chatbot.websocket_token_failed', { channels: this.#wanted.size, error });
      this.#isRefused = true;
      const lacksAccount = error instanceof PlatformRefused && error.code === NO_ACCOUNT;
      this.#failures += 1;
      this.#missing(
        lacksAccount
          ? { kind: 'needs_user_action', reason: error.message }
          : { kind: 'degraded', reason: 'websocket_token_failed' },
      );
      await this.#pause(lacksAccount ? NO_ACCOUNT_RETRY_MS : backoffMs(this.#failures, RECONNECT, random));
      return null;
    }
  }

  async #withTokens(names: readonly string[]): Promise<WantedChannel[]> {
    const wanted = names.flatMap((name) => this.#wanted.get(name) ?? []);
    const limited = wanted.flatMap(({ name, isLimited }) => (isLimited ? [name] : []));
    const tokens = await this.#deps.tokens.channels(limited);
    return wanted.flatMap(({ name, isLimited }) => {
      const token = tokens.get(name) ?? null;
      // VK names no token where there is no access: there is nothing to subscribe to (sheet §2.9).
      if (isLimited && token === null) return [];
      return [{ name, token, since: this.#positions.get(name) ?? null }];
    });
  }

  /** @returns why the connection ended; null when a successor is to take its place while it still reads */
  #live(opening: Opening): Promise<string | null> {
    const { clock, renewAfterMs, random } = this.#deps;
    return new Promise((resolve) => {
      // Connections that were opened together are not renewed together.
      const renewal = clock.setTimer(renewAfterMs * (1 - random() / 10), () => this.#replace?.(), { unref: true });
      this.#settled = new Set();
      const client = this.#open(opening, (reason) => {
        renewal.cancel();
        resolve(reason);
      });
      this.#current = client;
      this.#accountKey = opening.accountKey;
      this.#replace = () => {
        if (this.#current !== client) return;
        if (!client.isConnected) return client.close();
        renewal.cancel();
        this.#current = null;
        this.#closeOld();
        this.#old = { client, handover: clock.setTimer(HANDOVER_MS, () => this.#closeOld()) };
        resolve(null);
      };
      const cameLater = [...this.#wanted.keys()].filter((name) => !opening.asked.has(name));
      if (cameLater.length > 0) void this.again(cameLater);
    });
  }

  #open({ token, channels }: Opening, ended: (reason: string) => void): PubsubClient {
    const { url, clock, log, tokens, listener } = this.#deps;
    const subscribed = new Set<string>();
    const isGone = (name: string) => {
      if (subscribed.delete(name)) this.#gone(client, name);
    };
    const handlers: PubsubHandlers = {
      connected: () => this.#settle(client, channels, null),
      subscribed: (name, isRecovered) => {
        subscribed.add(name);
        listener.subscribed(name, client, isRecovered);
        this.#settle(client, channels, name);
      },
      interrupted: isGone,
      unsubscribed: (name, why) => {
        isGone(name);
        this.#settle(client, channels, name);
        listener.refused(name, why);
      },
      publication: listener.publication,
      ended: (reason) => {
        this.#ended(client, subscribed);
        ended(reason);
      },
    };
    const getToken = async () => (await tokens.connection()).token;
    const getChannelToken = async (name: string) => (await tokens.channels([name])).get(name) ?? null;
    const client: PubsubClient = new PubsubClient(
      { url, clock, log, token, getToken, getChannelToken, handlers },
      channels,
    );
    return client;
  }

  #ended(client: PubsubClient, subscribed: ReadonlySet<string>): void {
    for (const name of subscribed) this.#gone(client, name);
    if (this.#current === client) this.#current = null;
    if (this.#old?.client === client) {
      this.#old.handover.cancel();
      this.#old = null;
    }
  }

  #gone(client: PubsubClient, name: string): void {
    const position = client.positionOf(name);
    // The successor knows the later one.
    if (client === this.#current && position !== null) this.#positions.set(name, position);
    this.#deps.listener.gone(name, client);
  }

  /** Once everything has been answered the predecessor has nothing left to do. */
  #settle(client: PubsubClient, channels: readonly WantedChannel[], name: string | null): void {
    if (client !== this.#current) return;
    if (name !== null) this.#settled.add(name);
    if (channels.every((channel) => this.#settled.has(channel.name) || !this.#wanted.has(channel.name))) {
      this.#closeOld();
    }
  }

  #closeOld(): void {
    this.#old?.client.close();
  }

  #missing(state: ReaderState): void {
    this.#deps.listener.missing([...this.#wanted.keys()], state);
  }

  #pause(delayMs: number): Promise<void> {
    if (this.#isClosed || this.#isHurried) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#deps.clock.setTimer(delayMs, () => this.#wake?.());
      this.#wake = () => {
        this.#wake = null;
        timer.cancel();
        resolve();
      };
    });
  }
}
