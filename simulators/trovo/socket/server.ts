/** The chat socket: accepts connections and plays the faults of a whole platform on them. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { TrovoState } from '../state.ts';
import { SocketScript } from './script.ts';
import { ChatSession } from './session.ts';

const PATH = '/chat';
const FRAME_MAX_BYTES = 65_536;

export class ChatServer {
  readonly script = new SocketScript();
  readonly #state: TrovoState;
  readonly #sessions = new Set<ChatSession>();
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: FRAME_MAX_BYTES });
  /** New connections are mute too. */
  #allMute = false;

  constructor(state: TrovoState) {
    this.#state = state;
  }

  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    if (new URL(request.url ?? '/', 'http://127.0.0.1').pathname !== PATH) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const session = new ChatSession(this.#state, this.script, webSocket, socket);
      this.#sessions.add(session);
      if (this.#allMute) session.mute();
      webSocket.on('close', () => this.#sessions.delete(session));
    });
  }

  get connections(): number {
    return this.#sessions.size;
  }

  /** @param alsoNew connections made until `unmuteNew` are mute from the start */
  mute(alsoNew: boolean): void {
    this.#allMute = alsoNew;
    for (const session of this.#sessions) session.mute();
  }

  halfOpen(): void {
    for (const session of this.#sessions) session.halfOpen();
  }

  forgetReaders(): void {
    for (const session of this.#sessions) session.forget();
  }

  unmuteNew(): void {
    this.#allMute = false;
  }

  cutAll(): void {
    for (const session of this.#sessions) session.cut();
  }

  closeAll(code?: number, reason?: string): void {
    for (const session of this.#sessions) session.close(code, reason);
  }

  /** To every client that was let in. */
  sendRaw(data: string | Buffer): void {
    for (const session of this.#sessions) if (session.room) session.sendRaw(data);
  }

  stop(): void {
    this.cutAll();
    this.#sockets.close();
  }
}
