/**
 * One connection to VK's pub/sub, from dialling to its end. The library speaks the protocol: frames, pings, refreshing of
 * tokens, recovery, subscribing again. It never connects twice: what ended is replaced by whoever opened it, which asks
 * for fresh tokens and paces itself (docs/platforms/vkvideo.md#pitfalls).
 */
import { Centrifuge, type StreamPosition, type Subscription, SubscriptionState, UnauthorizedError } from 'centrifuge';
import type { RawData } from 'ws';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { portions } from './reading/portions.ts';
import { announcedPingSeconds } from './reading/replies.external.ts';
import { watchedSocket } from './reading/socket.ts';
import { ALREADY_SUBSCRIBED, type CheckTrust, SubscriptionChecks } from './reading/subscription-checks.ts';

export interface PubsubOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Token of the connection. It is fetched just before, so that it cannot be stale. */
  readonly token: string;
  /** Asked again before the token ends. */
  readonly getToken: () => Promise<string>;
  /** Asked again before a limited channel's token ends; null: no access any more. */
  readonly getChannelToken: (name: string) => Promise<string | null>;
  readonly handlers: PubsubHandlers;
  /** Whether the trouble is known: another failure to connect is not logged then, so that one outage makes one line. */
  readonly isKnownTrouble: boolean;
  readonly trust: CheckTrust;
}

export interface PubsubHandlers {
  connected(): void;
  /** @param isRecovered nothing was missed since the position it was subscribed from */
  subscribed(name: string, isRecovered: boolean): void;
  /** Not subscribed for now: the library is at it. */
  interrupted(name: string): void;
  /** The server forgot the subscription without a word. Remove it and add it again: the library takes it for good. */
  lost(name: string): void;
  /** The server ended the subscription, or never granted it; the library does not try again. */
  unsubscribed(name: string, reason: { code: number; text: string }): void;
  publication(name: string, data: unknown): void;
  /** Called once, last. */
  ended(reason: string): void;
}

export interface WantedChannel {
  readonly name: string;
  /** Null for a public channel, which is subscribed without (docs/platforms/vkvideo.md#channel-names). */
  readonly token: string | null;
  /** Whether the server is asked now and then if it still knows the subscription. */
  readonly isChecked: boolean;
  /** Where to go on, if the server keeps a history. */
  readonly since: StreamPosition | null;
}

// Counted in checks, so that a process that was stopped for a minute does not take its own silence for the server's.
const LIFE_CHECK_MS = 5_000;
const CHECKS_UNTIL_CONNECTED = 3;
/** What is published meanwhile is missed; each further try waits longer. */
const RESUBSCRIBE_MS = 50;
/** On top of the distance of pings the server announced (docs/platforms/vkvideo.md#ping-and-pong). */
const PING_GRACE_MS = 10_000;
/** Close codes (docs/platforms/vkvideo.md#disconnect-codes). */
const TOO_MANY_REQUESTS = 3013;
const TOO_MANY_ERRORS = 3509;

export class PubsubClient {
  readonly #options: PubsubOptions;
  readonly #client: Centrifuge;
  readonly #terminate: () => void;
  readonly #positions = new Map<string, StreamPosition>();
  readonly #subscriptions: SubscriptionChecks;
  #lifeTimer: Timer;
  #silentChecks = 0;
  #checks = 0;
  /** Null before the server let us in; infinite where it announced no pings. */
  #checksUntilDead: number | null = null;
  #later: readonly (readonly WantedChannel[])[] = [];
  #isNews: boolean;
  #isEnded = false;

  constructor(options: PubsubOptions, wanted: readonly WantedChannel[]) {
    this.#options = options;
    this.#isNews = !options.isKnownTrouble;
    const { log, url, token } = options;
    const { Socket, terminate, send } = watchedSocket({
      frame: (data) => this.#heard(data),
      opened: () => log.debug('vkvideo_pubsub.ws_open'),
      closed: (code, reason) => log[this.#isNews ? 'info' : 'debug']('vkvideo_pubsub.ws_close', { code, reason }),
      failed: (error) => log[this.#isNews ? 'warn' : 'debug']('vkvideo_pubsub.ws_error', { error }),
    });
    this.#terminate = terminate;
    this.#subscriptions = new SubscriptionChecks({
      send,
      trust: options.trust,
      lost: this.#safely((name: string) => this.#lost(name)),
    });
    this.#client = new Centrifuge(url, {
      websocket: Socket,
      token,
      getToken: () => options.getToken(),
      name: 'memalerts',
      // Life is proven below, by the clock everything else goes by.
      maxServerPingDelay: 0,
    });
    this.#listen();
    const [first = [], ...later] = portions(wanted);
    this.#later = later;
    this.#subscribe(first);
    this.#lifeTimer = this.#nextLifeCheck();
    this.#client.connect();
  }

  get isConnected(): boolean {
    return this.#client.state === Centrifuge.State.Connected;
  }

  /** Where recovery would go on, for the next connection. */
  positionOf(name: string): StreamPosition | null {
    return this.#positions.get(name) ?? null;
  }

  add(wanted: readonly WantedChannel[]): void {
    if (this.#isEnded) return;
    if (!this.isConnected) this.#later = [...this.#later, wanted];
    else for (const portion of portions(wanted)) this.#subscribe(portion);
  }

  remove(names: readonly string[]): void {
    this.#later = this.#later.map((portion) => portion.filter(({ name }) => !names.includes(name)));
    for (const name of names) {
      this.#positions.delete(name);
      this.#subscriptions.forget(name);
      const subscription = this.#client.getSubscription(name);
      if (subscription === null) continue;
      subscription.removeAllListeners();
      this.#client.removeSubscription(subscription);
    }
  }

  /** Asks the server soon whether it knows these subscriptions. */
  doubt(names: readonly string[]): void {
    for (const name of names) this.#subscriptions.doubt(name);
  }

  close(): void {
    this.#end('closed_by_us');
  }

  #listen(): void {
    const client = this.#client;
    // Code 0 is our own call.
    client.on(
      'connecting',
      this.#safely(({ code, reason }) => code !== 0 && this.#endedByServer(code, reason)),
    );
    client.on(
      'disconnected',
      this.#safely(({ code, reason }) => this.#endedByServer(code, reason)),
    );
    client.on(
      'error',
      this.#safely(({ type, error }) => {
        this.#options.log.debug('vkvideo_pubsub.error', { type, code: error.code, reason: error.message });
        if (type === 'transport' || type === 'connect' || type === 'connectToken') this.#end(`${type} ${error.code}`);
      }),
    );
    client.on(
      'connected',
      this.#safely(() => {
        this.#isNews = true;
        this.#options.log.info('vkvideo_pubsub.connected');
        for (const portion of this.#later) this.#subscribe(portion);
        this.#later = [];
        this.#options.handlers.connected();
      }),
    );
  }

  #subscribe(wanted: readonly WantedChannel[]): void {
    this.#client.startBatching();
    for (const channel of wanted) {
      const former = this.#client.getSubscription(channel.name);
      if (former !== null && former.state !== SubscriptionState.Unsubscribed) continue;
      if (former !== null) this.#client.removeSubscription(former);
      const subscription = this.#client.newSubscription(channel.name, this.#subscriptionOptions(channel));
      this.#listenTo(subscription, channel.isChecked);
      subscription.subscribe();
    }
    this.#client.stopBatching();
  }

  /** A public channel has no way to a token: a missing one would end its subscription. */
  #subscriptionOptions({ name, token, since }: WantedChannel) {
    const getToken = async () => {
      const fresh = await this.#options.getChannelToken(name);
      if (fresh === null) throw new UnauthorizedError('no access');
      return fresh;
    };
    return {
      minResubscribeDelay: RESUBSCRIBE_MS,
      ...(token === null ? {} : { token, getToken }),
      ...(since === null ? {} : { since }),
    };
  }

  #listenTo(subscription: Subscription, isChecked: boolean): void {
    const { handlers, log } = this.#options;
    const name = subscription.channel;
    subscription.on(
      'subscribed',
      this.#safely(({ streamPosition, recovered }) => {
        if (streamPosition) this.#positions.set(name, streamPosition);
        else this.#positions.delete(name);
        if (isChecked) this.#subscriptions.proven(name);
        handlers.subscribed(name, recovered);
      }),
    );
    // Code 0 is our own call.
    subscription.on(
      'subscribing',
      this.#safely(({ code }) => {
        this.#isAskedNoMore(name);
        if (code !== 0) handlers.interrupted(name);
      }),
    );
    subscription.on(
      'publication',
      this.#safely(({ data, offset }) => {
        const position = this.#positions.get(name);
        if (position && offset !== undefined) this.#positions.set(name, { ...position, offset });
        if (isChecked) this.#subscriptions.proven(name);
        handlers.publication(name, data);
      }),
    );
    subscription.on(
      'unsubscribed',
      this.#safely(({ code, reason }) => {
        this.#positions.delete(name);
        this.#isAskedNoMore(name);
        if (code === ALREADY_SUBSCRIBED) this.#subscriptions.takeBack(name);
        // Also when the connection ends, which tells of itself.
        if (!this.#isEnded) handlers.unsubscribed(name, { code, text: reason });
      }),
    );
    subscription.on(
      'error',
      this.#safely(({ type, error }) => log.debug('vkvideo_pubsub.subscription_error', { type, code: error.code })),
    );
  }

  /** Where the connection is over, what was asked on it is told from what was not. */
  #isAskedNoMore(name: string): void {
    if (this.isConnected) this.#subscriptions.forget(name);
  }

  /** A listener that throws would end the connection for good, and the process with it (docs/platforms/vkvideo.md#the-npm-package-centrifuge). */
  #safely<A extends unknown[]>(listener: (...args: A) => unknown): (...args: A) => void {
    return (...args) => {
      if (this.#isEnded) return;
      try {
        listener(...args);
      } catch (error) {
        this.#options.log.error('vkvideo_pubsub.listener_failed', { error });
      }
    };
  }

  #heard(data: RawData): void {
    this.#silentChecks = 0;
    if (this.#subscriptions.isAwaiting) this.#subscriptions.heard(data.toString());
    if (this.#checksUntilDead !== null) return;
    const seconds = announcedPingSeconds(data.toString());
    if (seconds === null) return;
    const silentMs = seconds === 0 ? Number.POSITIVE_INFINITY : seconds * 1000 + PING_GRACE_MS;
    this.#checksUntilDead = Math.ceil(silentMs / LIFE_CHECK_MS);
  }

  #nextLifeCheck(): Timer {
    return this.#options.clock.setTimer(LIFE_CHECK_MS, () => this.#checkLife());
  }

  #checkLife(): void {
    this.#lifeTimer = this.#nextLifeCheck();
    this.#silentChecks += 1;
    this.#checks += 1;
    if (this.#checksUntilDead !== null && this.#silentChecks >= this.#checksUntilDead) this.#end('silent');
    // Counted apart: a server that talks without ever letting us in is no better than a silent one.
    else if (!this.isConnected && this.#checks >= CHECKS_UNTIL_CONNECTED) this.#end('no_connect_answer');
    else if (this.isConnected && !this.#subscriptions.look()) this.#end('silent');
  }

  #lost(name: string): void {
    this.#options.log.warn('vkvideo_pubsub.subscription_lost', { name });
    this.#options.handlers.lost(name);
  }

  /** A server that ends the connection over the question is not asked again: reading matters more. */
  #endedByServer(code: number, reason: string): void {
    const isObjection = code === TOO_MANY_REQUESTS || (code >= 3500 && code < 4000);
    if (code === TOO_MANY_ERRORS || (isObjection && this.#subscriptions.isAwaiting)) {
      this.#options.trust.isGood = false;
      this.#options.log.warn('vkvideo_pubsub.checks_refused', { code });
    }
    this.#end(`${code} ${reason}`);
  }

  #end(reason: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#lifeTimer.cancel();
    this.#client.disconnect();
    if (reason === 'silent') this.#terminate();
    this.#options.handlers.ended(reason);
  }
}
