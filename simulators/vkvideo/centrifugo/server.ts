/** A Centrifugo v4 as far as clients see it: takes connections, knows channels, and plays faults on all of them. */
import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { Clock } from '../../../src/lib/clock.ts';
import { epochMs } from '../../world/host.ts';
import type { PubsubTimes } from '../options.ts';
import { PubsubFaults } from './faults.ts';
import { UNSUBSCRIBE_REASONS } from './protocol.ts';
import { Session } from './session.ts';
import { SocketTokens } from './tokens.ts';
import { Topic } from './topic.ts';
import { Wire } from './wire.ts';

const PATH = '/connection/websocket';
const FRAME_MAX_BYTES = 65_536;
const KEPT_FRAMES = 5000;

/** How a channel may be subscribed to; `#` in its name asks for more (docs/platforms/vkvideo.md#channel-names). */
export type Access = 'unknown namespace' | 'nobody' | 'everybody' | 'by token';

export interface ReceivedFrame {
  readonly client: string;
  readonly at: number;
  readonly text: string;
}

export class PubsubServer {
  readonly clock: Clock;
  readonly times: PubsubTimes;
  readonly tokens: SocketTokens;
  readonly faults = new PubsubFaults();
  readonly accessTo: (channel: string) => Access;
  /** What clients sent, oldest first. */
  frames: ReceivedFrame[] = [];
  readonly #topics = new Map<string, Topic>();
  readonly #sessions = new Set<Session>();
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: FRAME_MAX_BYTES });

  constructor(clock: Clock, times: PubsubTimes, accessTo: (channel: string) => Access) {
    this.clock = clock;
    this.times = times;
    this.tokens = new SocketTokens(clock, times.token);
    this.accessTo = accessTo;
  }

  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const refusal = this.#refusalOf(url);
    if (refusal !== null) {
      refuse(socket, refusal);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const session = new Session(this, new Wire(webSocket, socket, this.faults));
      this.#sessions.add(session);
      if (this.faults.isAllMute) session.mute();
      webSocket.on('close', () => this.#sessions.delete(session));
    });
  }

  topic(name: string): Topic {
    const known = this.#topics.get(name);
    if (known) return known;
    const topic = new Topic(name, this.clock);
    this.#topics.set(name, topic);
    return topic;
  }

  publish(channel: string, data: unknown): void {
    this.#topics.get(channel)?.publish(data);
  }

  /** Connections that hear what is published there. */
  listenersOf(channel: string): Session[] {
    return this.sessions().filter(({ topics }) => topics.has(channel));
  }

  /** Taken over and not mute. @param userId of whom; everybody's without it */
  sessions(userId?: string): Session[] {
    const connected = [...this.#sessions].filter((session) => session.isConnected);
    return userId === undefined ? connected : connected.filter((session) => session.userId === userId);
  }

  record({ id }: Session, text: string): void {
    this.frames.push({ client: id, at: epochMs(), text });
    if (this.frames.length > KEPT_FRAMES) this.frames = this.frames.slice(KEPT_FRAMES / 2);
  }

  mute(alsoNew: boolean): void {
    this.faults.isAllMute = alsoNew;
    for (const session of this.#sessions) session.mute();
  }

  halfOpen(): void {
    for (const session of this.#sessions) session.halfOpen();
  }

  /** @returns how many connections listened there and are not told that they do no more */
  loseSubscription(channel: string): number {
    const listeners = this.listenersOf(channel);
    for (const session of listeners) session.lose(channel);
    return listeners.length;
  }

  cutAll(): void {
    for (const session of this.#sessions) session.cut();
  }

  kick(code: number, reason: string | undefined, userId: string | undefined): void {
    for (const session of this.sessions(userId)) session.close(code, reason);
  }

  unsubscribe(channel: string, code: number): void {
    const reason = UNSUBSCRIBE_REASONS[code] ?? 'unsubscribed';
    for (const session of this.listenersOf(channel)) session.unsubscribe(channel, code, reason);
  }

  sendRaw(data: string | Buffer): void {
    for (const session of this.sessions()) session.wire.sendRaw(data);
  }

  stop(): void {
    this.cutAll();
    this.#sockets.close();
  }

  #refusalOf({ pathname, searchParams }: URL): number | null {
    if (pathname !== PATH) return 404;
    // Version 1 is a protocol of its own, which nobody here speaks.
    if ((searchParams.get('cf_protocol_version') ?? 'v2') !== 'v2') return 400;
    return this.faults.takeUpgrade();
  }
}

function refuse(socket: Socket, status: number): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
