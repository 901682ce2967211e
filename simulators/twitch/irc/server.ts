/** The chat server: accepts WebSocket connections and plays the faults of a whole platform on them. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { Room } from '../room.ts';
import type { TwitchState } from '../state.ts';
import { SendAnswers } from './answers.ts';
import { server } from './lines.ts';
import { LoginDesk } from './login.ts';
import { IrcSession, type SessionRules } from './session.ts';

const FRAME_MAX_BYTES = 65_536;

export class IrcServer {
  readonly desk: LoginDesk;
  readonly answers = new SendAnswers();
  readonly #state: TwitchState;
  readonly #rules: SessionRules;
  /** With the connection that each runs on. */
  readonly #sessions = new Map<IrcSession, Socket>();
  readonly #sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: FRAME_MAX_BYTES,
    handleProtocols: (offered) => (offered.has('irc') ? 'irc' : false),
  });
  /** New connections are mute too. */
  #allMute = false;
  /** Connections of logged-in clients that ended, for load reports. */
  lostConnections = 0;

  constructor(state: TwitchState, rules: Omit<SessionRules, 'answers'>) {
    this.#state = state;
    this.#rules = { ...rules, answers: this.answers };
    this.desk = new LoginDesk(state);
  }

  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const session = new IrcSession(this.#state, this.desk, webSocket, this.#rules);
      this.#sessions.set(session, socket);
      if (this.#allMute) session.mute();
      webSocket.on('close', () => {
        this.#sessions.delete(session);
        if (session.login !== null) this.lostConnections += 1;
      });
    });
  }

  /** Logged-in connections that are not mute. */
  sessions(): IrcSession[] {
    return [...this.#sessions.keys()].filter((session) => session.isLoggedIn);
  }

  /** @param alsoNew connections made until `unmuteNew` are mute from the start */
  mute(alsoNew: boolean): void {
    this.#allMute = alsoNew;
    for (const session of this.#sessions.keys()) session.mute();
  }

  /** Every connection is half-open: the client believes in it, nobody is at the other end. */
  vanish(): void {
    for (const [session, connection] of this.#sessions) session.vanish(connection);
  }

  unmuteNew(): void {
    this.#allMute = false;
  }

  cutAll(): void {
    for (const session of this.#sessions.keys()) session.cut();
  }

  /** Announces the end of every connection and ends it later; null leaves it open. */
  reconnect(closeAfterMs: number | null): void {
    const told = this.sessions();
    for (const session of told) session.deliver({ ...server('RECONNECT'), needs: 'commands' });
    if (closeAfterMs === null) return;
    this.#state.clock.setTimer(closeAfterMs, () => {
      for (const session of told) session.close();
    });
  }

  sendRaw(data: string | Buffer): void {
    for (const session of this.sessions()) session.sendRaw(data);
  }

  /** Resolves when clients have read what was sent so far, and what they answered was read here. Mute ones are not waited for. */
  async settled(): Promise<void> {
    for (let round = 0; round < 2; round += 1) await Promise.all(this.sessions().map((session) => session.echo()));
  }

  expel(accountId: string, room: Room): void {
    for (const session of this.#sessions.keys()) if (session.accountId === accountId) session.expel(room);
  }

  forget(room: Room): void {
    for (const session of this.#sessions.keys()) session.forget(room);
  }

  stop(): void {
    this.cutAll();
    this.#sockets.close();
  }
}
