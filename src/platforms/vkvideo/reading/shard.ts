/** One place for up to a hundred subscriptions: always one connection, renewed for ever, with fresh tokens each time. */
import type { StreamPosition } from 'centrifuge';
import { type BackoffLimits, backoffMs } from '../../../lib/backoff.ts';
import type { Clock, Timer } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import { CREDENTIAL_RETRY_MS, CREDENTIALS_UNAVAILABLE } from '../../no-credential.ts';
import type { ReaderState } from '../../worker-side.ts';
import { tokenTrouble } from '../api.ts';
import { PubsubClient, type PubsubHandlers, type WantedChannel } from '../pubsub-client.ts';
import { ChannelTokens } from './channel-tokens.ts';
import type { ShardListener, Wanted } from './shard-listener.ts';
import type { CheckTrust } from './subscription-checks.ts';
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
  readonly trust: CheckTrust;
}

/** What a connection begins with. */
interface Opening {
  readonly token: string;
  /** Whose token it is. */
  readonly accountKey: string;
  readonly channels: readonly WantedChannel[];
}

const TOKEN_FAILED: ReaderState = { kind: 'degraded', reason: 'websocket_token_failed' };
const RECONNECT: BackoffLimits = { firstMs: 1_000, longestMs: 30_000 };
const NO_ACCOUNT_RETRY_MS = 30_000;
/**
 * A connection that read this long starts the next backoff from the beginning. Longer than the library waits for an
 * answer, so that one subscription nobody answers does not cost all others their connection every few seconds.
 */
const STABLE_AFTER_MS = 10_000;
/** A connection that many chats doubt is replaced once. */
const YOUNG_MS = 60_000;
/** How long a connected successor may take to subscribe before its predecessor is closed all the same. */
const HANDOVER_MS = 15_000;

export class Shard {
  readonly #deps: ShardDeps;
  readonly #wanted = new Map<string, Wanted>();
  readonly #positions = new Map<string, StreamPosition>();
  #current: PubsubClient | null = null;
  /** Still reading while its successor subscribes. */
  #old: PubsubClient | null = null;
  /** Begins when the successor is connected: what reads well is not given up for what may never be. */
  #handover: Timer | null = null;
  /** Names the current connection has an answer about. */
  #settled = new Set<string>();
  /** Not with the current connection yet: added since it was prepared, or to be asked for once more. */
  readonly #late = new Set<string>();
  readonly #channelTokens: ChannelTokens;
  readonly #rest: Pause;
  #replace: (() => void) | null = null;
  #failures = 0;
  /** The connection before read nothing either, and its end was said. */
  #isKnownTrouble = false;
  /** Of the newest connection. */
  #accountKey: string | null = null;
  /** There is no connection for want of a token, and it was said. */
  #isRefused = false;
  /** Something changed while nobody waited for it. */
  #isHurried = false;
  #isStarted = false;
  #isClosed = false;
  #openedAtMs = 0;

  constructor(deps: ShardDeps) {
    this.#deps = deps;
    this.#rest = new Pause(deps.clock);
    this.#channelTokens = new ChannelTokens({ ...deps, retry: (names) => this.again(names) });
  }

  get size(): number {
    return this.#wanted.size;
  }

  /** Connects as soon as there is something to read. Many that are added in one go share its first frame. */
  add(wanted: readonly Wanted[]): void {
    for (const channel of wanted) this.#wanted.set(channel.name, channel);
    if (this.#isStarted) this.again(wanted.map(({ name }) => name));
    else setImmediate(() => void this.#keepUp());
    this.#isStarted = true;
  }

  /** Subscribes what is not subscribed on the open connection; without one, the next does. */
  again(names: readonly string[]): void {
    if (this.#late.size === 0) setImmediate(() => void this.#catchUp());
    for (const name of names) this.#late.add(name);
  }

  async #catchUp(): Promise<void> {
    const client = this.#current;
    if (client === null) return;
    const names = [...this.#late];
    this.#late.clear();
    const channels = await this.#withTokens(names);
    if (client === this.#current) client.add(this.#stillWanted(channels));
    else this.again(names);
  }

  remove(names: readonly string[]): void {
    for (const name of names) {
      this.#wanted.delete(name);
      this.#positions.delete(name);
    }
    this.#current?.remove(names);
    this.#old?.remove(names);
  }

  /** Called when the reading account was changed, lost (null) or restored. */
  renew(accountKey: string | null): void {
    this.#failures = 0;
    this.#isHurried = true;
    this.#rest.end();
    if (accountKey !== this.#accountKey) this.#replace?.();
  }

  /** Somebody wants to know whether the server knows these subscriptions. */
  check(names: readonly string[]): void {
    this.#current?.doubt(names);
  }

  /** What is published does not arrive although it is subscribed to: another connection may fare better. */
  doubt(): void {
    if (this.#deps.clock.monotonicMs() - this.#openedAtMs >= YOUNG_MS) this.#replace?.();
  }

  close(): void {
    this.#isClosed = true;
    this.#rest.end();
    this.#channelTokens.close();
    this.#current?.close();
    this.#closeOld();
  }

  async #keepUp(): Promise<void> {
    while (!this.#isClosed) {
      const opening = await this.#prepare();
      if (this.#isClosed) return;
      if (opening === null) continue;
      const startedMs = this.#deps.clock.monotonicMs();
      this.#openedAtMs = startedMs;
      const reason = await this.#live(opening);
      if (this.#isClosed) return;
      this.#isKnownTrouble = this.#settled.size === 0;
      if (reason === null) continue;
      const wasStable = this.#settled.size > 0 && this.#deps.clock.monotonicMs() - startedMs >= STABLE_AFTER_MS;
      this.#failures = wasStable ? 1 : this.#failures + 1;
      this.#missing({ kind: 'degraded', reason: 'disconnected' });
      await this.#pause(backoffMs(this.#failures, RECONNECT, this.#deps.random));
    }
  }

  /** @returns null when there is nothing to connect with; by then it was waited for */
  async #prepare(): Promise<Opening | null> {
    const { tokens, log } = this.#deps;
    try {
      this.#isHurried = false;
      const { token, accountKey } = await tokens.connection();
      this.#late.clear();
      const channels = await this.#withTokens([...this.#wanted.keys()]);
      this.#isRefused = false;
      return { token, accountKey, channels };
    } catch (error) {
      if (!this.#isRefused) log.warn('vkvideo_chatbot.websocket_token_failed', { channels: this.#wanted.size, error });
      this.#isRefused = true;
      await this.#pause(this.#withoutToken(error));
      return null;
    }
  }

  /** @returns how long to wait */
  #withoutToken(error: unknown): number {
    const state = tokenTrouble(error) ?? TOKEN_FAILED;
    // Whose grant is gone is not to read on.
    if (state.kind === 'needs_user_action') this.#closeOld();
    this.#missing(state);
    if (state === CREDENTIALS_UNAVAILABLE) return CREDENTIAL_RETRY_MS;
    this.#failures += 1;
    return state === TOKEN_FAILED ? backoffMs(this.#failures, RECONNECT, this.#deps.random) : NO_ACCOUNT_RETRY_MS;
  }

  async #withTokens(names: readonly string[]): Promise<WantedChannel[]> {
    const wanted = names.flatMap((name) => this.#wanted.get(name) ?? []);
    const limited = wanted.flatMap(({ name, isLimited }) => (isLimited ? [name] : []));
    const tokens = await this.#channelTokens.of(limited);
    const channels: WantedChannel[] = [];
    for (const { name, isLimited, isChecked } of wanted) {
      const token = tokens.get(name) ?? null;
      // VK names no token where there is no access: there is nothing to subscribe to (docs/platforms/vkvideo.md#websocket-tokens).
      if (isLimited && token === null) this.#deps.listener.withoutAccess(name);
      else channels.push({ name, token, isChecked, since: this.#positions.get(name) ?? null });
    }
    return channels;
  }

  /** Without those that were removed while others were waited for. */
  #stillWanted(channels: readonly WantedChannel[]): readonly WantedChannel[] {
    return channels.filter(({ name }) => this.#wanted.has(name));
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
        this.#old = client;
        resolve(null);
      };
      if (this.#late.size > 0) void this.#catchUp();
    });
  }

  #open({ token, channels: prepared }: Opening, ended: (reason: string) => void): PubsubClient {
    const { url, clock, log, tokens, listener, trust } = this.#deps;
    const channels = this.#stillWanted(prepared);
    const subscribed = new Set<string>();
    const isGone = (name: string) => {
      if (subscribed.delete(name)) this.#gone(client, name);
    };
    const handlers: PubsubHandlers = {
      connected: () => {
        if (this.#old !== null) this.#handover ??= clock.setTimer(HANDOVER_MS, () => this.#closeOld());
        this.#settle(client, channels, null);
      },
      subscribed: (name, isRecovered) => {
        subscribed.add(name);
        listener.subscribed(name, client, isRecovered);
        this.#settle(client, channels, name);
      },
      interrupted: isGone,
      lost: (name) => {
        isGone(name);
        client.remove([name]);
        if (client === this.#current) this.again([name]);
      },
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
      { url, clock, log, token, getToken, getChannelToken, handlers, isKnownTrouble: this.#isKnownTrouble, trust },
      channels,
    );
    return client;
  }

  #ended(client: PubsubClient, subscribed: ReadonlySet<string>): void {
    for (const name of subscribed) this.#gone(client, name);
    if (this.#current === client) this.#current = null;
    if (this.#old === client) this.#old = null;
    // Over, or to begin anew with the next successor.
    this.#handover?.cancel();
    this.#handover = null;
  }

  #gone(client: PubsubClient, name: string): void {
    const position = client.positionOf(name);
    // A successor knows the later one.
    const isNewest = this.#current === null || client === this.#current;
    if (isNewest && position !== null) this.#positions.set(name, position);
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
    this.#old?.close();
  }

  #missing(state: ReaderState): void {
    this.#deps.listener.missing([...this.#wanted.keys()], state);
  }

  #pause(delayMs: number): Promise<void> {
    if (this.#isClosed || this.#isHurried) return Promise.resolve();
    return this.#rest.for(delayMs);
  }
}

/** A wait that can be cut short. */
class Pause {
  readonly #clock: Clock;
  #end: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  for(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(delayMs, () => this.end());
      this.#end = () => {
        this.#end = null;
        timer.cancel();
        resolve();
      };
    });
  }

  end(): void {
    this.#end?.();
  }
}
