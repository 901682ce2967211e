/** One chat connection: lets a client in, answers its pings, and goes when they stop (docs/platforms/trovo.md#frames). */
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import { z } from 'zod';
import type { Timer } from '../../../src/lib/clock.ts';
import type { Listener, Room } from '../room.ts';
import type { TrovoState } from '../state.ts';
import type { SocketScript } from './script.ts';

const frameSchema = z.object({ type: z.string(), nonce: z.string().min(1), data: z.unknown().optional() });
const authSchema = z.object({ token: z.string() });

const FIRST_GAP_S = 30;
/** A gap of 0 closes nobody at once. */
const GAP_MIN_S = 5;
/** Close codes are not documented. */
const GOODBYE = 1000;

export class ChatSession implements Listener {
  /** Set once the client is let in. */
  room: Room | null = null;
  readonly #state: TrovoState;
  readonly #script: SocketScript;
  readonly #socket: WebSocket;
  /** What carries the WebSocket. */
  readonly #line: Socket;
  #isMute = false;
  #idle: Timer;

  constructor(state: TrovoState, script: SocketScript, socket: WebSocket, line: Socket) {
    this.#state = state;
    this.#script = script;
    this.#socket = socket;
    this.#line = line;
    this.#idle = this.#idleTimer(FIRST_GAP_S);
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => this.#onFrame(data, isBinary));
    socket.on('close', () => this.#leave());
  }

  deliver(frame: string): void {
    this.sendRaw(frame);
  }

  sendRaw(data: string | Buffer): void {
    if (!this.#isMute && this.#socket.readyState === this.#socket.OPEN) this.#socket.send(data, { binary: false });
  }

  /** Silent and deaf from now on. */
  mute(): void {
    this.#isMute = true;
    this.#leave();
    this.#socket.pause();
  }

  /** As when the host is gone without a FIN: what comes is swallowed, and nobody answers. */
  halfOpen(): void {
    this.#isMute = true;
    this.#leave();
    this.#line.removeAllListeners('data');
    this.#line.on('data', () => {});
    this.#line.resume();
  }

  /** Chat goes to this client no more; it is not told, and its pings are answered. */
  forget(): void {
    this.room?.listeners.delete(this);
  }

  cut(): void {
    this.#leave();
    this.#socket.terminate();
  }

  close(code = GOODBYE, reason = ''): void {
    this.#leave();
    this.#socket.close(code, reason);
  }

  #onFrame(data: RawData, isBinary: boolean): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const frame = isBinary ? null : parsed(data.toString());
    if (!frame) this.close(GOODBYE, 'invalid frame');
    else if (this.room === null) this.#admit(frame);
    else if (frame.type === 'AUTH') this.#refuse(frame.nonce, 'already authorized');
    else if (frame.type === 'PING') this.#pong(frame.nonce);
  }

  #admit({ type, nonce, data }: z.infer<typeof frameSchema>): void {
    const answer = this.#script.takeAuth();
    if (answer.kind === 'ignored') return;
    const room = type === 'AUTH' ? this.#roomFor(data) : undefined;
    if (answer.kind === 'refused') this.#refuse(nonce, answer.error);
    else if (!room) this.#refuse(nonce, type === 'AUTH' ? 'invalid token' : 'not authorized');
    else this.#enter(room, nonce);
  }

  #enter(room: Room, nonce: string): void {
    const history = this.#state.chat.historyFrame(room);
    if (this.#script.takeEarlyHistory() && history) this.sendRaw(history);
    this.#send({ type: 'RESPONSE', nonce });
    if (history) this.sendRaw(history);
    this.room = room;
    room.listeners.add(this);
  }

  #roomFor(data: unknown): Room | undefined {
    const given = authSchema.safeParse(data);
    const channelId = given.success ? this.#state.chatTokens.channelOf(given.data.token) : null;
    return channelId === null ? undefined : this.#state.rooms.byId(channelId);
  }

  #refuse(nonce: string, error: string): void {
    this.#send({ type: 'RESPONSE', nonce, error });
    this.close();
  }

  #pong(nonce: string): void {
    const gap = this.#script.takeGap();
    this.#idle.cancel();
    this.#idle = this.#idleTimer(gap ?? FIRST_GAP_S);
    if (gap !== null) this.#send({ type: 'PONG', nonce, data: { gap } });
  }

  #send(frame: object): void {
    this.sendRaw(JSON.stringify(frame));
  }

  /** How long a silent client is kept is not documented; two gaps are assumed. */
  #idleTimer(gapSeconds: number): Timer {
    const waitMs = 2 * Math.max(gapSeconds, GAP_MIN_S) * 1000;
    return this.#state.clock.setTimer(waitMs, () => this.close(GOODBYE, 'no ping'), { unref: true });
  }

  #leave(): void {
    this.#idle.cancel();
    this.room?.listeners.delete(this);
  }
}

function parsed(text: string): z.infer<typeof frameSchema> | null {
  try {
    return frameSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
