/** A Trovo on 127.0.0.1: one world of people and channels behind the login page, REST and the chat socket. */
import { systemClock } from '../../src/lib/clock.ts';
import { controlInterface } from '../world/control.ts';
import { type Answer, type Call, Host } from '../world/host.ts';
import type { AcceptedMessage, MessageLog } from '../world/messages.ts';
import type { Person, PersonRef } from '../world/people.ts';
import type { FrameShape, HistoryShape, Oddities } from './chat.ts';
import { type ChatKind, kinds } from './chats.ts';
import { controlActions } from './control.ts';
import { Refusal } from './errors.ts';
import { TrovoFaults } from './faults.ts';
import { chosenLimits, type LimitChoice, type ResetUnit } from './limits.ts';
import { LoginPage } from './login-page.ts';
import type { SayOptions, TrovoSimulatorOptions } from './options.ts';
import type { UnknownUser } from './rest/people.ts';
import { Rest } from './rest/router.ts';
import { CUSTOM_ROLE_TYPE, ROLE_TYPES, type RoleName, type Room, type RoomModes } from './room.ts';
import { ChatServer } from './socket/server.ts';
import { APPLICATION, addPerson, createState, type NewTrovoPerson, roomOf, type TrovoState } from './state.ts';
import type { AccessToken } from './tokens.ts';

/** Starts and listens. Stop it with `stop`. */
export async function startTrovoSimulator(options: TrovoSimulatorOptions = {}): Promise<TrovoSimulator> {
  const simulator = new TrovoSimulator(options);
  await simulator.listen(options.port ?? 0, options.controlPort ?? 0);
  return simulator;
}

/** One item of a frame: what kind it is, who is behind it, and how it differs from a well-formed one. */
export interface Shown extends Oddities {
  kind: ChatKind;
  person?: PersonRef | undefined;
}

export class TrovoSimulator {
  readonly application = APPLICATION;
  readonly faults: TrovoFaults;
  readonly #state: TrovoState;
  readonly #loginPage: LoginPage;
  readonly #rest: Rest;
  readonly #sockets: ChatServer;
  readonly #host: Host;
  readonly #control: Host;

  constructor({ limits = {}, clock = systemClock }: TrovoSimulatorOptions) {
    this.#state = createState(clock, chosenLimits(limits));
    this.#loginPage = new LoginPage(this.#state);
    this.#rest = new Rest(this.#state);
    this.#sockets = new ChatServer(this.#state);
    const control = controlInterface(controlActions(this), this.#state.log, clock);
    this.#host = new Host(clock, (call) => this.#answer(call), control, this.#sockets.upgrade.bind(this.#sockets));
    this.#control = new Host(clock, () => ({ status: 404 }), control);
    this.faults = new TrovoFaults(this.#state, this.#host, this.#sockets);
  }

  async listen(port: number, controlPort: number): Promise<void> {
    await this.#host.listen(port);
    await this.#control.listen(controlPort);
  }

  async stop(): Promise<void> {
    this.#sockets.stop();
    await Promise.all([this.#host.stop(), this.#control.stop()]);
  }

  get urls() {
    const at = `127.0.0.1:${this.#host.port}`;
    return {
      authorize: `http://${at}/page/login.html`,
      api: `http://${at}/openplatform`,
      chat: `ws://${at}/chat`,
      /** Reachable also while the platform refuses connections. */
      control: `http://127.0.0.1:${this.#control.port}/_control`,
    };
  }

  /** The variables that point an API or a worker at this Trovo. */
  env(): Record<string, string> {
    const { api, authorize, chat } = this.urls;
    return {
      TROVO_API_BASE_URL: api,
      TROVO_AUTHORIZE_URL: authorize,
      TROVO_TOKEN_URL: `${api}/exchangetoken`,
      TROVO_REFRESH_URL: `${api}/refreshtoken`,
      TROVO_USERINFO_URL: `${api}/getuserinfo`,
      TROVO_CHAT_TOKEN_URL: `${api}/chat/token`,
      TROVO_SEND_CHAT_URL: `${api}/chat/send`,
      TROVO_CHAT_WS_URL: chat,
      TROVO_CLIENT_ID: this.application.id,
      TROVO_CLIENT_SECRET: this.application.secret,
    };
  }

  /** Everybody has a channel. */
  addPerson(person: NewTrovoPerson | string): Person {
    return addPerson(this.#state, typeof person === 'string' ? { login: person } : person);
  }

  /** The id stays. */
  rename(ref: PersonRef, login: string): void {
    this.#state.people.rename(ref, login);
  }

  person(ref: PersonRef): Person {
    return this.#state.people.find(ref);
  }

  /** The inside of a person's channel, for tests that look. */
  room(channel: PersonRef): Room {
    return roomOf(this.#state, channel);
  }

  setRole(channel: PersonRef, person: PersonRef, role: RoleName, held = true): void {
    this.room(channel).setRole(this.person(person).id, { name: role, type: ROLE_TYPES[role] }, held);
  }

  /** A role of the streamer's own, under any name. */
  setCustomRole(channel: PersonRef, person: PersonRef, name: string, held = true): void {
    this.room(channel).setRole(this.person(person).id, { name, type: CUSTOM_ROLE_TYPE }, held);
  }

  setModes(channel: PersonRef, modes: Partial<RoomModes>): void {
    const room = this.room(channel);
    room.modes = { ...room.modes, ...modes };
  }

  /** @param seconds null for ever */
  ban(channel: PersonRef, person: PersonRef, seconds: number | null): void {
    const until = seconds === null ? Number.POSITIVE_INFINITY : this.#state.clock.monotonicMs() + seconds * 1000;
    this.room(channel).bans.set(this.person(person).id, until);
  }

  issueToken(person: PersonRef, scopes: readonly string[], seconds?: number): AccessToken {
    return this.#state.tokens.issue(this.application.id, this.person(person).id, scopes, seconds);
  }

  /** How many tokens were renewed with a refresh token since the start. */
  get tokensRefreshed(): number {
    return this.#state.tokens.refreshed;
  }

  /** Life of access tokens handed out from now on. */
  setTokenSeconds(seconds: number): void {
    this.#state.tokens.accessSeconds = seconds;
  }

  /** Life of chat tokens handed out from now on. */
  setChatTokenSeconds(seconds: number): void {
    this.#state.chatTokens.seconds = seconds;
  }

  /** Token answers give `expires_in` as a number instead of a string. */
  setExpiresInAs(form: 'string' | 'number'): void {
    this.#rest.oauth.expiresInAs = form;
  }

  setUnknownUser(answer: UnknownUser): void {
    this.#rest.unknownUser = answer;
  }

  setResetUnit(unit: ResetUnit): void {
    this.#state.limits.resetUnit = unit;
  }

  setHistory(shape: Partial<HistoryShape>): void {
    this.#state.chat.history = { ...this.#state.chat.history, ...shape };
  }

  /** Also forgets what accounts did so far. */
  setLimits(limits: LimitChoice): void {
    this.#state.limits.change(chosenLimits(limits));
  }

  /** Lets this person consent to everything without a page; null brings the page back. */
  autoConsent(person: PersonRef | null): void {
    this.#loginPage.autoConsent = person === null ? null : this.person(person);
  }

  /** Somebody of the simulation writes; no limit applies. A login nobody has becomes a person. @returns the id */
  say(channel: PersonRef, person: PersonRef, text: string, options: SayOptions = {}): string {
    const author = typeof person === 'string' ? this.addPerson(person) : person;
    return this.#state.chat.say({ room: this.room(channel), author, text, transport: 'script', ...options });
  }

  /** One frame with these items, of any kind. @returns their message ids */
  show(channel: PersonRef, items: readonly Shown[], shape: FrameShape = {}): string[] {
    const room = this.room(channel);
    const made = items.map(({ kind, person, ...oddities }) => {
      const author = typeof person === 'string' ? this.addPerson(person) : (person ?? null);
      return this.#state.chat.compose(room, author, kind, oddities);
    });
    this.#state.chat.show(room, made, shape);
    return made.map(({ message_id: id }) => id);
  }

  /** Every message taken over in the channel, the script's own included, oldest first. */
  messagesIn(channel: PersonRef): AcceptedMessage[] {
    return this.#state.log.in(this.room(channel).id);
  }

  get log(): MessageLog {
    return this.#state.log;
  }

  /** @param stream `isAnnounced`: whether the chat is told (type 5012), true by default */
  goLive(channel: PersonRef, stream: { startedAt?: Date | undefined; isAnnounced?: boolean | undefined } = {}): void {
    const room = this.room(channel);
    room.isLive = true;
    room.startedAt = stream.startedAt ?? this.#state.clock.now();
    if (stream.isAnnounced ?? true) this.show(channel, [{ kind: kinds.streamState(true) }]);
  }

  goOffline(channel: PersonRef, { isAnnounced = true }: { isAnnounced?: boolean | undefined } = {}): void {
    const room = this.room(channel);
    room.isLive = false;
    room.endedAt = this.#state.clock.now();
    if (isAnnounced) this.show(channel, [{ kind: kinds.streamState(false) }]);
  }

  /** How many connections are shown this channel now. */
  readersOf(channel: PersonRef): number {
    return this.room(channel).listeners.size;
  }

  /** Logins of the channels somebody reads. */
  readChannels(): string[] {
    const read = this.#state.rooms.all().filter(({ listeners }) => listeners.size > 0);
    return read.map(({ owner }) => owner.login);
  }

  /** Open chat connections, let in or not. */
  get connections(): number {
    return this.#sockets.connections;
  }

  get calls(): Host['calls'] {
    return this.#host.calls;
  }

  #answer(call: Call): Answer {
    const [, area, ...rest] = call.path.split('/');
    if (area === 'openplatform') return this.#rest.answer(rest.join('/'), call);
    if (call.path !== '/page/login.html' || call.method !== 'GET') return { status: 404, body: '404 page not found' };
    try {
      return this.#loginPage.answer(call.query);
    } catch (error) {
      if (error instanceof Refusal) return error.answer;
      throw error;
    }
  }
}
