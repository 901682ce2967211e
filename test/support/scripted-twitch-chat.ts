/** A Twitch chat server that does exactly what a test tells it, rude things included; the simulator plays by the rules. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../src/lib/clock.ts';

interface Peer {
  readonly socket: WebSocket;
  token: string;
  nick: string;
  readonly rooms: Set<string>;
}

export class ScriptedTwitchChat {
  /** What happened, in order, with the test's time. */
  readonly joins: { room: string; atMs: number }[] = [];
  readonly logins: { nick: string; token: string; atMs: number }[] = [];
  readonly messages: { nick: string; room: string; text: string }[] = [];
  readonly parts: string[] = [];
  pings = 0;
  /** Tokens that may log in. */
  readonly tokens = new Set(['good']);
  /** What a JOIN of a room is answered with: silence, or a NOTICE of this id. */
  readonly closedRooms = new Map<string, 'silence' | string>();
  /** Answer to a message: USERSTATE with an id, silence, or a NOTICE of this id. */
  answer: 'accept' | 'silence' | string = 'accept';
  /** Badges of the bot itself. */
  badges = '';
  /** How it writes the name of a room. */
  spell = (room: string) => room;
  isMute = false;
  /** False: a login is never answered, the connection stays. */
  letsIn = true;
  closesAfterJoin = false;
  /** Every new connection is cut at once, and counted. */
  turnsAway = false;
  turnedAway = 0;
  readonly #clock: Clock;
  readonly #server: WebSocketServer;
  readonly #peers = new Set<Peer>();
  #ids = 0;

  private constructor(clock: Clock, server: WebSocketServer) {
    this.#clock = clock;
    this.#server = server;
    server.on('connection', (socket) => this.#welcome(socket));
  }

  static async start(clock: Clock): Promise<ScriptedTwitchChat> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    return new ScriptedTwitchChat(clock, server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.#peers.size;
  }

  /** Rooms joined over all open connections. */
  get joined(): string[] {
    return [...this.#peers].flatMap((peer) => [...peer.rooms]).sort();
  }

  broadcast(text: string): void {
    for (const peer of this.#peers) peer.socket.send(text);
  }

  /** Someone writes; every connection in the room gets the line once. */
  chat(room: string, text: string, tags = ''): void {
    const id = `m${++this.#ids}`;
    const line = `@id=${id};user-id=8803;display-name=Mira;room-id=1${tags} :mira!mira@mira.tmi.twitch.tv PRIVMSG ${this.spell(room)} :${text}\r\n`;
    for (const peer of this.#peers) if (peer.rooms.has(room)) peer.socket.send(line);
  }

  /** Bans the bot where it is: Twitch says no more than a PART, and `notice` to the next JOIN. */
  putOut(room: string, notice: string): void {
    this.closedRooms.set(room, notice);
    for (const { socket, nick, rooms } of this.#peers) {
      if (rooms.delete(room)) socket.send(`:${nick}!${nick}@${nick}.tmi.twitch.tv PART ${room}\r\n`);
    }
  }

  /** Resolves when the client has read everything sent so far and its answers have been read here. */
  async settled(): Promise<void> {
    for (let round = 0; round < 2; round += 1) await Promise.all([...this.#peers].map(({ socket }) => echo(socket)));
  }

  drop(): void {
    for (const peer of this.#peers) peer.socket.terminate();
  }

  async stop(): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #welcome(socket: WebSocket): void {
    if (this.turnsAway) {
      this.turnedAway += 1;
      socket.terminate();
      return;
    }
    const peer: Peer = { socket, token: '', nick: '', rooms: new Set() };
    this.#peers.add(peer);
    socket.on('close', () => this.#peers.delete(peer));
    socket.on('message', (data) => {
      if (!this.isMute) for (const line of data.toString().split('\r\n')) this.#obey(peer, line);
    });
  }

  #obey(peer: Peer, line: string): void {
    const [command = '', first = ''] = line.replace(/^@\S+ /, '').split(' ');
    if (command === 'PASS') peer.token = first.replace('oauth:', '');
    else if (command === 'NICK') this.#logIn(peer, first);
    else if (command === 'PING') {
      this.pings += 1;
      peer.socket.send(':tmi.twitch.tv PONG tmi.twitch.tv :alive\r\n');
    } else if (command === 'JOIN') for (const room of first.split(',')) this.#join(peer, room);
    else if (command === 'PART') {
      for (const room of first.split(',')) peer.rooms.delete(room);
      this.parts.push(...first.split(','));
    } else if (command === 'PRIVMSG') this.#accept(peer, first, line.slice(line.indexOf(' :') + 2));
  }

  #logIn(peer: Peer, nick: string): void {
    peer.nick = nick;
    this.logins.push({ nick, token: peer.token, atMs: this.#clock.monotonicMs() });
    if (!this.letsIn) return;
    if (this.tokens.has(peer.token)) {
      peer.socket.send(`:tmi.twitch.tv 001 ${nick} :Welcome\r\n:tmi.twitch.tv 376 ${nick} :>\r\n`);
    } else {
      peer.socket.send(':tmi.twitch.tv NOTICE * :Login authentication failed\r\n');
      peer.socket.close();
    }
  }

  #join(peer: Peer, room: string): void {
    this.joins.push({ room, atMs: this.#clock.monotonicMs() });
    if (this.closesAfterJoin) {
      peer.socket.close();
      return;
    }
    const refusal = this.closedRooms.get(room);
    if (refusal === 'silence' || peer.rooms.has(room)) return;
    if (refusal) {
      peer.socket.send(`@msg-id=${refusal} :tmi.twitch.tv NOTICE ${this.spell(room)} :no\r\n`);
      return;
    }
    peer.rooms.add(room);
    const { nick } = peer;
    peer.socket.send(
      `:${nick}!${nick}@${nick}.tmi.twitch.tv JOIN ${this.spell(room)}\r\n` +
        `@badges=${this.badges};mod=0 :tmi.twitch.tv USERSTATE ${this.spell(room)}\r\n` +
        `@emote-only=0;room-id=1;slow=0 :tmi.twitch.tv ROOMSTATE ${this.spell(room)}\r\n`,
    );
  }

  #accept(peer: Peer, room: string, text: string): void {
    this.messages.push({ nick: peer.nick, room, text });
    if (this.answer === 'silence') return;
    const answer =
      this.answer === 'accept'
        ? `@badges=${this.badges};id=sent-${++this.#ids};mod=0 :tmi.twitch.tv USERSTATE ${this.spell(room)}`
        : `@msg-id=${this.answer} :tmi.twitch.tv NOTICE ${this.spell(room)} :no`;
    peer.socket.send(`${answer}\r\n`);
  }
}

/** A ping of the WebSocket itself: answered by the client's library in order, also while the chat is mute. */
async function echo(socket: WebSocket): Promise<void> {
  if (socket.readyState !== socket.OPEN) return;
  const gone = new AbortController();
  socket.ping();
  await Promise.race([once(socket, 'pong', gone), once(socket, 'close', gone)]);
  gone.abort();
}
