/** The simulated Pigeon: lofts, the sockets that listen to them, and the few calls there are. */
import { randomUUID } from 'node:crypto';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../src/lib/clock.ts';
import { Grants } from '../world/grants.ts';
import { type Answer, type Call, epochMs, Host } from '../world/host.ts';
import { MessageLog } from '../world/messages.ts';
import { People, type Person } from '../world/people.ts';

export class Pigeon {
  readonly clock: Clock;
  readonly host: Host;
  readonly log = new MessageLog();
  readonly people = new People();
  readonly grants: Grants;
  /** Since when each is live. */
  readonly lofts = new Map<string, Date | null>();
  copies = 1;
  /** To the next message that is sent. */
  nextAnswer: Answer | null = null;
  readonly #sockets = new Map<WebSocket, Set<string>>();
  readonly #muted = new Set<WebSocket>();

  constructor(clock: Clock) {
    this.clock = clock;
    this.grants = new Grants(clock, { userTokenSeconds: 3600, appTokenSeconds: 3600, rotateRefreshTokens: true });
    const server = new WebSocketServer({ noServer: true });
    this.host = new Host(
      clock,
      (call) => this.#answer(call),
      () => false,
      (request, socket, head) => {
        if (!this.grants.find(bearer(request.headers.authorization)))
          return void socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n');
        server.handleUpgrade(request, socket, head, (opened) => this.#attend(opened));
      },
    );
  }

  async stop(): Promise<void> {
    await this.host.stop();
  }

  isRead(loft: string): boolean {
    return [...this.#sockets].some(([socket, joined]) => joined.has(loft) && !this.#muted.has(socket));
  }

  /** Every connection there is neither hears nor speaks from now on. */
  mute(): void {
    for (const socket of this.#sockets.keys()) this.#muted.add(socket);
  }

  write(loft: string, author: Person, text: string, transport: string, isModerator: boolean): string {
    const id = randomUUID();
    const { copies } = this;
    if (transport === 'script') this.copies = 1;
    this.log.add({
      id,
      channel: loft,
      channelId: loft,
      author: author.login,
      authorId: author.id,
      text,
      transport,
      replyTo: null,
      arrivedAtMs: epochMs(),
    });
    const from = { id: author.id, name: author.login, isModerator };
    const line = { id, loft, text, atMs: this.clock.now().getTime(), author: from };
    for (const [socket, joined] of this.#sockets) {
      if (!joined.has(loft) || this.#muted.has(socket)) continue;
      for (let copy = 0; copy < copies; copy += 1) socket.send(JSON.stringify({ line }));
    }
    return id;
  }

  #attend(socket: WebSocket): void {
    const joined = new Set<string>();
    this.#sockets.set(socket, joined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('message', (data) => {
      if (this.#muted.has(socket)) return;
      const { join, leave, ping } = JSON.parse(data.toString());
      if (leave !== undefined) joined.delete(leave);
      if (ping !== undefined) socket.send(JSON.stringify({ pong: ping }));
      if (join === undefined) return;
      joined.add(join);
      socket.send(JSON.stringify({ joined: join }));
    });
  }

  #answer({ method, path, headers, body }: Call): Answer {
    const wish = body.length === 0 ? {} : JSON.parse(body.toString());
    if (path === '/lofts') {
      return {
        status: 200,
        body: [...this.lofts].map(([loft, since]) => ({ loft, liveSinceMs: since?.getTime() ?? null })),
      };
    }
    if (path === '/token') {
      const token = this.grants.refresh(wish.refresh, 'app');
      if (token === null) return { status: 400 };
      return { status: 200, body: { access: token.access, refresh: token.refresh, seconds: 3600 } };
    }
    const token = this.grants.find(bearer(headers.authorization));
    const person = this.people.byId(token?.personId);
    if (person === undefined) return { status: 401 };
    if (method !== 'POST' || path !== '/lines') return { status: 200, body: { id: person.id, name: person.login } };
    const { nextAnswer } = this;
    this.nextAnswer = null;
    return nextAnswer ?? { status: 200, body: { id: this.write(wish.loft, person, wish.text, 'http', false) } };
  }
}

function bearer(header: string | undefined): string | null {
  return header?.replace(/^Bearer /, '') ?? null;
}
