/** One chat connection, from CAP to QUIT. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { RawData, WebSocket } from 'ws';
import type { Timer } from '../../../src/lib/clock.ts';
import { epochMs } from '../../world/host.ts';
import type { Person } from '../../world/people.ts';
import type { Listener, Room } from '../room.ts';
import { roomNamed, type TwitchState } from '../state.ts';
import type { SendAnswers } from './answers.ts';
import { globalUserState, notice, prefixOf, refusal, roomState, server, userState, welcome } from './lines.ts';
import type { LoginDesk } from './login.ts';
import { actionText, type ClientLine, type Line, parseClientLine } from './wire.ts';

const NAMES_MAX = 1000;
const CAPABILITIES = ['twitch.tv/tags', 'twitch.tv/commands', 'twitch.tv/membership'];
const FRAME_CHARACTERS = 16_384;

export interface SessionRules {
  readonly pingSeconds: number;
  readonly pongSeconds: number;
  readonly answers: SendAnswers;
}

export class IrcSession implements Listener {
  readonly rooms = new Set<Room>();
  login: string | null = null;
  readonly #state: TwitchState;
  readonly #desk: LoginDesk;
  readonly #socket: WebSocket;
  readonly #rules: SessionRules;
  readonly #capabilities = new Capabilities();
  #person: Person | null = null;
  #canWrite = false;
  #pass: string | null = null;
  #muted = false;
  #pending = '';
  #ping: Timer;

  constructor(state: TwitchState, desk: LoginDesk, socket: WebSocket, rules: SessionRules) {
    this.#state = state;
    this.#desk = desk;
    this.#socket = socket;
    this.#rules = rules;
    this.#ping = this.#nextPing();
    socket.on('message', (data) => this.#onFrame(data));
    socket.on('close', () => this.#leaveAll());
    socket.on('error', () => socket.terminate());
  }

  get accountId(): string | null {
    return this.#person?.id ?? null;
  }

  get isLoggedIn(): boolean {
    return this.login !== null && !this.#muted;
  }

  /** Bytes the client has not taken yet. */
  get backlogBytes(): number {
    return this.#socket.bufferedAmount;
  }

  get wantsTags(): boolean {
    return this.#capabilities.has('tags');
  }

  /** Neither reads nor writes from now on, the TCP connection stays. */
  mute(): void {
    this.#muted = true;
    this.#ping.cancel();
    this.#socket.pause();
  }

  /** The server is gone without a word to the client: nobody is in a room any more, and what comes is thrown away. */
  vanish(connection: Socket): void {
    this.#muted = true;
    this.#leaveAll();
    connection.removeAllListeners('data');
    connection.on('data', () => {});
  }

  /** Resolves when the client has answered a ping of the WebSocket itself, or is gone. */
  async echo(): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const over = new AbortController();
    this.#socket.ping();
    await Promise.race([once(this.#socket, 'pong', over), once(this.#socket, 'close', over)]);
    over.abort();
  }

  cut(): void {
    this.#leaveAll();
    this.#socket.terminate();
  }

  close(): void {
    this.#leaveAll();
    this.flush();
    this.#socket.close();
  }

  /** Writes the bytes as one frame, whatever they are. */
  sendRaw(data: string | Buffer): void {
    this.flush();
    if (!this.#muted) this.#socket.send(data);
  }

  deliver(line: Line): void {
    if (line.needs && !this.#capabilities.has(line.needs)) return;
    // Lines of one turn share a frame, as on the real platform.
    if (this.#pending === '') queueMicrotask(() => this.flush());
    this.append(line.tags !== '' && this.wantsTags ? `@${line.tags} ${line.rest}\r\n` : `${line.rest}\r\n`);
  }

  /** Frames of a sensible size; what is left goes with `flush`. */
  append(text: string): void {
    this.#pending += text;
    if (this.#pending.length >= FRAME_CHARACTERS) this.flush();
  }

  expel(room: Room): void {
    if (!this.rooms.delete(room)) return;
    room.listeners.delete(this);
    this.deliver({ tags: '', rest: `:${prefixOf(this.login ?? '')} PART #${room.name}` });
  }

  /** Leaves a room without a word to the client. */
  forget(room: Room): void {
    this.rooms.delete(room);
    room.listeners.delete(this);
  }

  flush(): void {
    const text = this.#pending;
    this.#pending = '';
    if (text !== '' && !this.#muted && this.#socket.readyState === this.#socket.OPEN) this.#socket.send(text);
  }

  #onFrame(data: RawData): void {
    for (const text of data.toString().split(/\r?\n/)) {
      const line = parseClientLine(text);
      if (line && this.#socket.readyState === this.#socket.OPEN) this.#handle(line);
    }
  }

  #handle(line: ClientLine): void {
    switch (line.command) {
      case 'PRIVMSG':
        this.#privmsg(line);
        break;
      case 'PING':
        this.#answerPing(line.params[0]);
        break;
      case 'PONG':
        this.#ping.cancel();
        this.#ping = this.#nextPing();
        break;
      case 'CAP':
        for (const answer of this.#capabilities.negotiate(line.params)) this.deliver(server(answer));
        break;
      case 'PASS':
        this.#pass = line.params[0] ?? '';
        break;
      case 'NICK':
        this.#logIn(line.params[0] ?? '');
        break;
      case 'JOIN':
        this.#join((line.params[0] ?? '').split(','));
        break;
      case 'PART':
        this.#part((line.params[0] ?? '').split(','));
        break;
      case 'QUIT':
        this.close();
        break;
      case 'USER':
        break;
      default:
        this.deliver(server(`421 ${this.login ?? '*'} ${line.command} :Unknown command`));
    }
  }

  #logIn(nick: string): void {
    if (this.login !== null) return;
    const entry = this.#desk.enter(nick.toLowerCase(), this.#pass);
    if (entry.kind !== 'entered') {
      if (entry.kind === 'refused') this.deliver(notice('*', entry.text, null));
      this.close();
      return;
    }
    this.#person = entry.person;
    this.#canWrite = entry.canWrite;
    this.login = entry.login;
    for (const line of welcome(entry.login)) this.deliver(line);
    if (entry.person) this.deliver(globalUserState(entry.person));
  }

  #join(names: readonly string[]): void {
    if (this.login === null) return;
    for (const name of names) {
      const account = this.accountId ?? this.login;
      if (!this.#state.limits.mayJoin(account)) {
        this.close();
        return;
      }
      const room = roomNamed(this.#state, name.replace(/^#/, '').toLowerCase());
      if (!room || this.rooms.has(room)) continue;
      if (room.suspended) this.deliver(refusal(room, 'msg_channel_suspended'));
      else if (room.exclusionOf(account, this.#state.clock.monotonicMs()) === 'banned')
        this.deliver(refusal(room, 'msg_banned'));
      else if (this.#mayEnter(room)) this.#enter(room);
    }
  }

  /** What Twitch answers past the limit is not documented: the JOIN stays unanswered. */
  #mayEnter(room: Room): boolean {
    const limit = this.#state.limits.limits.joinedChannels;
    const id = this.accountId;
    if (limit === 0 || id === null || this.#isAtHome(room, id)) return true;
    const isIn = (each: Room) => [...each.listeners].some(({ accountId }) => accountId === id);
    return [...this.#state.rooms.values()].filter((each) => isIn(each) && !this.#isAtHome(each, id)).length < limit;
  }

  #isAtHome(room: Room, id: string): boolean {
    return id === room.id || room.has(id, 'moderator');
  }

  // tmi.js needs USERSTATE before ROOMSTATE.
  #enter(room: Room): void {
    const login = this.login ?? '';
    this.rooms.add(room);
    room.broadcast({ tags: '', rest: `:${prefixOf(login)} JOIN #${room.name}`, needs: 'membership' });
    const present = this.#capabilities.has('membership') ? namesIn(room).slice(0, NAMES_MAX) : [];
    room.listeners.add(this);
    room.joinedAtMs = epochMs();
    this.deliver({ tags: '', rest: `:${prefixOf(login)} JOIN #${room.name}` });
    const names = [...present.filter((name) => name !== login), login].join(' ');
    this.deliver({ tags: '', rest: `:${login}.tmi.twitch.tv 353 ${login} = #${room.name} :${names}` });
    this.deliver({ tags: '', rest: `:${login}.tmi.twitch.tv 366 ${login} #${room.name} :End of /NAMES list` });
    if (this.#person) this.deliver(userState(room, this.#person));
    this.deliver(roomState(room));
  }

  #part(names: readonly string[]): void {
    for (const name of names) {
      const room = roomNamed(this.#state, name.replace(/^#/, '').toLowerCase());
      if (!room || !this.rooms.has(room)) continue;
      this.expel(room);
      room.broadcast({ tags: '', rest: `:${prefixOf(this.login ?? '')} PART #${room.name}`, needs: 'membership' });
    }
  }

  #privmsg({ tags, params: [target = '', body = ''] }: ClientLine): void {
    const author = this.#person;
    const room = roomNamed(this.#state, target.replace(/^#/, '').toLowerCase());
    if (!author || !room) return;
    if (!this.#canWrite) {
      this.deliver(refusal(room, 'no_permission'));
      return;
    }
    const action = actionText(body);
    const posted = this.#state.chat.post({
      room,
      author,
      text: action ?? body,
      transport: 'irc',
      from: this,
      isAction: action !== null,
      nonce: tags.get('client-nonce') ?? null,
      replyToId: tags.get('reply-parent-msg-id'),
    });
    if ('message' in posted) {
      if (this.wantsTags) this.#answerSend(userState(room, author, posted.message));
    } else if (posted.code !== null) this.#answerSend(refusal(room, posted.code));
  }

  #answerSend(line: Line): void {
    const delayMs = this.#rules.answers.take();
    if (delayMs === 0) this.deliver(line);
    else if (delayMs !== null) this.#state.clock.setTimer(delayMs, () => this.deliver(line), { unref: true });
  }

  #answerPing(what: string | undefined): void {
    if (what === undefined) this.deliver({ tags: '', rest: 'PONG :tmi.twitch.tv' });
    else this.deliver(server(`PONG tmi.twitch.tv :${what}`));
  }

  #nextPing(): Timer {
    return this.#state.clock.setTimer(
      this.#rules.pingSeconds * 1000,
      () => {
        this.deliver({ tags: '', rest: 'PING :tmi.twitch.tv' });
        this.#ping = this.#state.clock.setTimer(this.#rules.pongSeconds * 1000, () => this.close(), { unref: true });
      },
      { unref: true },
    );
  }

  #leaveAll(): void {
    this.#ping.cancel();
    for (const room of this.rooms) room.listeners.delete(this);
    this.rooms.clear();
  }
}

function namesIn(room: Room): string[] {
  const names = [...room.listeners].map((listener) => (listener instanceof IrcSession ? (listener.login ?? '') : ''));
  return [...new Set(names)];
}

/** What a chat client asked for with CAP. */
class Capabilities {
  readonly #asked = new Set<string>();

  has(name: 'tags' | 'commands' | 'membership'): boolean {
    return this.#asked.has(`twitch.tv/${name}`);
  }

  /** @returns the answers, without prefix; one unknown name refuses the whole request */
  negotiate([verb = '', list = '']: readonly string[]): string[] {
    if (verb.toUpperCase() === 'LS') return [`CAP * LS :${CAPABILITIES.join(' ')}`];
    if (verb.toUpperCase() !== 'REQ') return [];
    const names = list.split(' ').filter((name) => name !== '');
    const refused = names.filter((name) => !CAPABILITIES.includes(name));
    if (refused.length > 0) return [`CAP * NAK :${refused.join(' ')}`];
    for (const name of names) this.#asked.add(name);
    return [`CAP * ACK :${names.join(' ')}`];
  }
}
