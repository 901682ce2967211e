/** One pub/sub connection, from the open socket to its close code (docs/platforms/vkvideo.md#frames). */
import { randomUUID } from 'node:crypto';
import type { RawData } from 'ws';
import { type Command, ERRORS, isPong, type Method, parseCommand, type SubscribeRequest } from './protocol.ts';
import type { PubsubServer } from './server.ts';
import { Timers } from './timers.ts';
import type { Topic, TopicListener } from './topic.ts';
import type { Wire } from './wire.ts';

const VERSION = '4.1.5';
const CHANNELS_MAX = 128;
const CHANNEL_NAME_MAX_BYTES = 255;

export class Session implements TopicListener {
  readonly id = randomUUID();
  readonly wire: Wire;
  readonly topics = new Map<string, Topic>();
  /** Null until the connection is taken over. */
  userId: string | null = null;
  pongs = 0;
  isMute = false;
  readonly #server: PubsubServer;
  readonly #timers: Timers;
  #phase: 'new' | 'connected' | 'refused' | 'closed' = 'new';
  #awaitsPong = false;
  #work: Promise<void> = Promise.resolve();

  constructor(server: PubsubServer, wire: Wire) {
    this.#server = server;
    this.wire = wire;
    this.#timers = new Timers(server.clock);
    this.#timers.set('stale', server.times.stale, () => this.close(3502));
    wire.socket.on('message', (data) => this.#onFrame(data));
    wire.socket.on('close', () => this.#leave());
    wire.onSlow = () => this.close(3008);
  }

  /** Taken over and able to hear. */
  get isConnected(): boolean {
    return this.#phase === 'connected' && !this.isMute;
  }

  /** Neither reads nor writes from now on; the TCP connection stays. */
  mute(): void {
    this.isMute = true;
    this.#timers.cancelAll();
    this.wire.freeze();
  }

  /** As when the host is gone without a FIN: what comes is swallowed, and nobody answers. */
  halfOpen(): void {
    this.isMute = true;
    this.#timers.cancelAll();
    this.wire.swallow();
  }

  /** The server forgets the subscription and tells nobody. */
  lose(channel: string): void {
    this.#forget(channel);
  }

  cut(): void {
    this.#leave();
    this.wire.socket.terminate();
  }

  close(code: number, reason?: string): void {
    if (this.#phase === 'closed') return;
    this.#leave();
    this.wire.close(code, reason, this.#server.faults.pushesDisconnects);
  }

  send(message: string): void {
    this.wire.send(message);
  }

  /** The server takes a subscription back. */
  unsubscribe(channel: string, code: number, reason: string): void {
    if (!this.topics.has(channel)) return;
    this.#forget(channel);
    this.send(JSON.stringify({ push: { channel, unsubscribe: { code, reason } } }));
  }

  /** Also sets when the next one is due. */
  ping(): void {
    const { ping, pong } = this.#server.times;
    this.#timers.set('ping', ping, () => this.ping());
    if (this.#server.faults.hasStoppedPings) return;
    this.#awaitsPong = true;
    this.send('{}');
    this.#timers.set('pong', pong, () => this.close(3012));
  }

  #onFrame(data: RawData): void {
    const frame = data.toString();
    this.#server.record(this, frame);
    this.#work = this.#work.then(() => this.#handleFrame(frame)).catch(() => this.close(3004));
  }

  async #handleFrame(frame: string): Promise<void> {
    for (const line of frame.replace(/\n$/, '').split('\n')) {
      if (this.#phase === 'closed') return;
      const command = parseCommand(line);
      if (!command) return this.close(3501);
      if (isPong(command)) this.#pong();
      else if (!(await this.#handle(command))) return;
    }
  }

  /** @returns false when the rest of the frame is to be dropped */
  async #handle(command: Command): Promise<boolean> {
    const { id, connect, subscribe, unsubscribe, refresh, sub_refresh } = command;
    const isOutOfTurn = this.#phase !== (connect ? 'new' : 'connected');
    if (isOutOfTurn || (id === 0 && command.send === undefined)) return this.#badRequest();
    if (connect) return this.#run(id, 'connect', () => this.#connect(id, connect.token));
    if (subscribe) return this.#run(id, 'subscribe', () => this.#subscribe(id, subscribe));
    if (unsubscribe) return this.#run(id, 'unsubscribe', async () => this.#unsubscribe(id, unsubscribe.channel));
    if (refresh) return this.#run(id, 'refresh', () => this.#refresh(id, refresh.token));
    if (sub_refresh)
      return this.#run(id, 'sub_refresh', () => this.#refreshSubscription(id, sub_refresh.channel, sub_refresh.token));
    if (command.send !== undefined) return true;
    if (command.publish !== undefined) return this.#refuse(id, ERRORS.permissionDenied);
    const isKnown = [command.presence, command.presence_stats, command.history, command.rpc].some(
      (each) => each !== undefined,
    );
    return this.#refuse(id, isKnown ? ERRORS.notAvailable : ERRORS.methodNotFound);
  }

  #run(id: number, method: Method, usual: () => Promise<boolean>): Promise<boolean> | boolean {
    const trouble = this.#server.faults.take(method);
    if (!trouble) return usual();
    // Without a connection the rest of the frame would be a bad request, and more than silence.
    if (trouble.kind === 'ignored') return method !== 'connect';
    if (method === 'connect') this.#phase = 'refused';
    return this.#refuse(id, trouble.error);
  }

  async #connect(id: number, token: string | undefined): Promise<boolean> {
    if (!token) return this.#badRequest();
    const check = await this.#server.tokens.check(token);
    if (this.#isClosed()) return false;
    if (check.kind === 'expired') {
      // Left to itself the connection ends as a stale one.
      this.#phase = 'refused';
      this.#refuse(id, ERRORS.tokenExpired);
      return false;
    }
    if (check.kind === 'invalid' || check.channel !== null) return this.#end(3500);
    this.#phase = 'connected';
    this.userId = check.userId;
    this.#timers.cancel('stale');
    const { ping } = this.#server.times;
    this.#timers.set('ping', Math.random() * ping, () => this.ping());
    this.#reply(id, 'connect', { ...this.#welcome(check.secondsLeft), ping, pong: true });
    return true;
  }

  async #refresh(id: number, token: string | undefined): Promise<boolean> {
    const check = await this.#server.tokens.check(token ?? '');
    if (this.#isClosed()) return false;
    if (check.kind === 'expired') return this.#end(3005);
    if (check.kind === 'invalid' || check.channel !== null || check.userId !== this.userId) return this.#end(3500);
    this.#reply(id, 'refresh', this.#welcome(check.secondsLeft));
    return true;
  }

  /** Also sets when the connection ends if nobody refreshes it. */
  #welcome(secondsLeft: number): Record<string, unknown> {
    this.#timers.set('expiry', secondsLeft + this.#server.times.expiryGrace, () => this.close(3005));
    return { client: this.id, version: VERSION, expires: true, ttl: secondsLeft };
  }

  /** The order of the checks is Centrifugo's (docs/platforms/vkvideo.md#server-rules). */
  async #subscribe(id: number, request: SubscribeRequest): Promise<boolean> {
    const { channel, token } = request;
    if (channel === '') return this.#badRequest();
    if (Buffer.byteLength(channel) > CHANNEL_NAME_MAX_BYTES || !/^[\x20-\x7e]+$/.test(channel))
      return this.#refuse(id, ERRORS.badRequest);
    if (this.topics.has(channel)) return this.#refuse(id, ERRORS.alreadySubscribed);
    if (this.topics.size >= CHANNELS_MAX) return this.#refuse(id, ERRORS.limitExceeded);
    const access = this.#server.accessTo(channel);
    if (access === 'unknown namespace') return this.#refuse(id, ERRORS.unknownChannel);
    const [, users] = channel.split('#');
    if (access === 'nobody' || (users !== undefined && !users.split(',').includes(this.userId ?? '')))
      return this.#refuse(id, ERRORS.permissionDenied);
    if (!token) {
      if (access === 'by token') return this.#refuse(id, ERRORS.permissionDenied);
      return this.#join(id, request, null);
    }
    const check = await this.#server.tokens.check(token);
    if (this.#isClosed()) return false;
    if (check.kind === 'invalid') return this.#refuse(id, ERRORS.permissionDenied);
    if (check.kind === 'expired') return this.#refuse(id, ERRORS.tokenExpired);
    if (check.channel !== channel || check.userId !== this.userId) return this.#end(3500);
    return this.#join(id, request, check.secondsLeft);
  }

  #join(id: number, request: SubscribeRequest, secondsLeft: number | null): boolean {
    const topic = this.#server.topic(request.channel);
    // The reply comes before any publication.
    this.#reply(id, 'subscribe', { ...this.#untilExpiry(request.channel, secondsLeft), ...topic.position(request) });
    this.topics.set(request.channel, topic);
    topic.listeners.add(this);
    return true;
  }

  async #refreshSubscription(id: number, channel: string, token: string | undefined): Promise<boolean> {
    if (channel === '') return this.#badRequest();
    if (!this.topics.has(channel)) return this.#refuse(id, ERRORS.permissionDenied);
    const check = await this.#server.tokens.check(token ?? '');
    if (this.#isClosed()) return false;
    if (check.kind === 'invalid') return this.#refuse(id, ERRORS.permissionDenied);
    if (check.kind === 'expired') return this.#refuse(id, ERRORS.tokenExpired);
    if (check.channel !== channel || check.userId !== this.userId) return this.#end(3500);
    this.#reply(id, 'sub_refresh', this.#untilExpiry(channel, check.secondsLeft));
    return true;
  }

  #untilExpiry(channel: string, secondsLeft: number | null): Record<string, unknown> {
    if (secondsLeft === null) return {};
    const wait = secondsLeft + this.#server.times.expiryGrace;
    this.#timers.set(`expiry of ${channel}`, wait, () => this.unsubscribe(channel, 2501, 'expired'));
    return { expires: true, ttl: secondsLeft };
  }

  #unsubscribe(id: number, channel: string): boolean {
    if (channel === '') return this.#badRequest();
    this.#forget(channel);
    this.#reply(id, 'unsubscribe', {});
    return true;
  }

  #forget(channel: string): void {
    this.topics.get(channel)?.listeners.delete(this);
    this.topics.delete(channel);
    this.#timers.cancel(`expiry of ${channel}`);
  }

  #pong(): void {
    if (!this.#awaitsPong) {
      this.close(3501);
      return;
    }
    this.#awaitsPong = false;
    this.pongs += 1;
    this.#timers.cancel('pong');
  }

  #reply(id: number, method: Method, result: Record<string, unknown>): void {
    this.send(JSON.stringify({ id, [method]: result }));
  }

  #refuse(id: number, error: { code: number; message: string }): boolean {
    this.send(JSON.stringify({ id, error }));
    return this.#phase === 'connected';
  }

  #badRequest(): false {
    return this.#end(3501);
  }

  #end(code: number): false {
    this.close(code);
    return false;
  }

  #isClosed(): boolean {
    return this.#phase === 'closed';
  }

  #leave(): void {
    this.#phase = 'closed';
    this.#timers.cancelAll();
    for (const topic of this.topics.values()) topic.listeners.delete(this);
    this.topics.clear();
  }
}
