/** A Twitch on 127.0.0.1: one world of people and rooms behind chat, Helix, OAuth and EventSub. */
import { randomInt } from 'node:crypto';
import { systemClock } from '../../src/lib/clock.ts';
import { Callbacks } from '../world/callbacks.ts';
import { controlInterface } from '../world/control.ts';
import type { Token } from '../world/grants.ts';
import { type Answer, type Call, Host } from '../world/host.ts';
import type { AcceptedMessage, MessageLog } from '../world/messages.ts';
import type { NewPerson, Person, PersonRef } from '../world/people.ts';
import { controlActions } from './control.ts';
import { publishChatMessage } from './eventsub/chat-message.ts';
import { Deliveries } from './eventsub/deliveries.ts';
import { Subscriptions } from './eventsub/subscriptions.ts';
import { TwitchFaults } from './faults.ts';
import { Helix } from './helix/router.ts';
import { clearChat, roomState } from './irc/lines.ts';
import { IrcServer } from './irc/server.ts';
import { chosenLimits, type LimitChoice } from './limits.ts';
import { type LoadReport, type LoadRequest, runLoad } from './load.ts';
import { OAuth } from './oauth.ts';
import type { SayOptions, TwitchSimulatorOptions } from './options.ts';
import { type Role, Room, type RoomModes } from './room.ts';
import { APPLICATION, createState, roomOf, type TwitchState } from './state.ts';

const PONG_SECONDS = 10;

/** Starts and listens. Stop it with `stop`. */
export async function startTwitchSimulator(options: TwitchSimulatorOptions = {}): Promise<TwitchSimulator> {
  const simulator = new TwitchSimulator(options);
  await simulator.listen(options.port ?? 0, options.controlPort ?? 0);
  return simulator;
}

export class TwitchSimulator {
  readonly application = APPLICATION;
  readonly faults: TwitchFaults;
  readonly irc: IrcServer;
  readonly deliveries: Deliveries;
  readonly subscriptions: Subscriptions;
  readonly #state: TwitchState;
  readonly #callbacks = new Callbacks();
  readonly #oauth: OAuth;
  readonly #helix: Helix;
  readonly #host: Host;
  readonly #control: Host;

  constructor({
    limits = {},
    clock = systemClock,
    rotateRefreshTokens = true,
    pingSeconds = 300,
  }: TwitchSimulatorOptions) {
    this.#state = createState(clock, chosenLimits(limits), rotateRefreshTokens);
    this.deliveries = new Deliveries(clock, this.#callbacks);
    this.subscriptions = new Subscriptions(this.#state, this.deliveries);
    this.#oauth = new OAuth(this.#state);
    this.#helix = new Helix(this.#state, this.subscriptions);
    this.irc = new IrcServer(this.#state, { pingSeconds, pongSeconds: PONG_SECONDS });
    const control = controlInterface(controlActions(this), this.#state.log, clock);
    this.#host = new Host(clock, (call) => this.#answer(call), control, this.irc.upgrade.bind(this.irc));
    this.#control = new Host(clock, () => ({ status: 404 }), control);
    this.faults = new TwitchFaults(this.#state, this.#host, this.irc, this.subscriptions, this.deliveries);
    this.#state.chat.onShown = (message) => publishChatMessage(this.subscriptions, this.#state.people, message);
  }

  async listen(port: number, controlPort: number): Promise<void> {
    await this.#host.listen(port);
    await this.#control.listen(controlPort);
  }

  async stop(): Promise<void> {
    this.deliveries.stop();
    this.irc.stop();
    await Promise.all([this.#host.stop(), this.#control.stop()]);
  }

  get urls() {
    const at = `127.0.0.1:${this.#host.port}`;
    return {
      irc: `ws://${at}`,
      api: `http://${at}/helix`,
      auth: `http://${at}/oauth2`,
      /** Reachable also while the platform refuses connections. */
      control: `http://127.0.0.1:${this.#control.port}/_control`,
    };
  }

  get port(): number {
    return this.#host.port;
  }

  /** The variables that point an API or a worker at this Twitch. */
  env(): Record<string, string> {
    return {
      TWITCH_IRC_URL: this.urls.irc,
      TWITCH_API_BASE_URL: this.urls.api,
      TWITCH_AUTH_BASE_URL: this.urls.auth,
      TWITCH_CLIENT_ID: this.application.id,
      TWITCH_CLIENT_SECRET: this.application.secret,
    };
  }

  addPerson(person: NewPerson | string): Person {
    return this.#state.people.add(typeof person === 'string' ? { login: person } : person);
  }

  /** A person with a chat room. */
  addChannel(person: NewPerson | string): Person {
    const owner = this.addPerson(person);
    if (!this.#state.rooms.has(owner.id)) this.#state.rooms.set(owner.id, new Room(owner));
    return owner;
  }

  person(ref: PersonRef): Person {
    return this.#state.people.find(ref);
  }

  /** The inside of a channel, for tests that look. */
  room(channel: PersonRef): Room {
    return roomOf(this.#state, channel);
  }

  setRole(channel: PersonRef, person: PersonRef, role: Role, held = true): void {
    this.room(channel).setRole(this.person(person).id, role, held);
  }

  setModes(channel: PersonRef, modes: Partial<RoomModes>): void {
    const room = this.room(channel);
    room.modes = { ...room.modes, ...modes };
    for (const [mode, value] of Object.entries(modes)) room.broadcast(roomState(room, { [mode]: value }));
  }

  issueToken(person: PersonRef, scopes: readonly string[], options: { seconds?: number | undefined } = {}): Token {
    return this.#state.grants.issue(this.application.id, this.person(person).id, scopes, options.seconds);
  }

  /** How many tokens were renewed with a refresh token since the start. */
  get tokensRefreshed(): number {
    return this.#state.grants.refreshed;
  }

  /** Life of user tokens handed out from now on. */
  setTokenSeconds(seconds: number): void {
    this.#state.grants.rules.userTokenSeconds = seconds;
  }

  /** Lets this person consent to everything without a page; null brings the page back. */
  autoConsent(person: PersonRef | null): void {
    this.#oauth.autoConsent = person === null ? null : this.person(person);
  }

  mapHost(hostName: string, target: string): void {
    this.#callbacks.map(hostName, target);
  }

  /** Somebody of the simulation writes; no limit applies. A login nobody has becomes a person. */
  say(channel: PersonRef, person: PersonRef, text: string, options: SayOptions = {}): string {
    const author = typeof person === 'string' ? this.addPerson(person) : person;
    return this.#state.chat.show({
      room: this.room(channel),
      author,
      text,
      transport: 'script',
      isAction: options.isAction ?? false,
      notice: options.notice,
      isFirst: options.isFirst,
      badges: options.badges,
      replyToId: options.replyTo,
      extraTags: options.tags,
    }).id;
  }

  /** Every message taken over in the channel, the script's own included, oldest first. */
  messagesIn(channel: PersonRef): AcceptedMessage[] {
    return this.#state.log.in(this.person(channel).id);
  }

  get log(): MessageLog {
    return this.#state.log;
  }

  goLive(channel: PersonRef, stream: { startedAt?: Date | undefined; title?: string | undefined } = {}): void {
    const room = this.room(channel);
    const startedAt = stream.startedAt ?? this.#state.clock.now();
    const id = String(randomInt(10 ** 11, 10 ** 12));
    room.stream = { id, startedAt, title: stream.title ?? 'A stream', viewerCount: 42 };
    const event = { ...broadcaster(room), id, type: 'live', started_at: startedAt.toISOString() };
    this.subscriptions.publish('stream.online', { broadcaster_user_id: room.id }, event);
  }

  goOffline(channel: PersonRef): void {
    const room = this.room(channel);
    room.stream = null;
    this.subscriptions.publish('stream.offline', { broadcaster_user_id: room.id }, broadcaster(room));
  }

  follow(channel: PersonRef, ref: PersonRef): void {
    const room = this.room(channel);
    const person = typeof ref === 'string' ? this.addPerson(ref) : ref;
    const at = this.#state.clock.now();
    room.followers.set(person.id, at);
    const event = { user_id: person.id, user_login: person.login, user_name: person.displayName };
    const whole = { ...event, ...broadcaster(room), followed_at: at.toISOString() };
    this.subscriptions.publish('channel.follow', { broadcaster_user_id: room.id }, whole);
  }

  /** @param seconds null for a ban */
  exclude(channel: PersonRef, ref: PersonRef, seconds: number | null): void {
    const room = this.room(channel);
    const person = this.person(ref);
    const until = seconds === null ? Number.POSITIVE_INFINITY : this.#state.clock.monotonicMs() + seconds * 1000;
    room.exclusions.set(person.id, until);
    room.broadcast(clearChat(room, person, seconds, this.#state.clock.now().getTime()));
    if (seconds === null) this.irc.expel(person.id, room);
  }

  readmit(channel: PersonRef, person: PersonRef): void {
    this.room(channel).exclusions.delete(this.person(person).id);
  }

  suspend(channel: PersonRef, suspended = true): void {
    this.room(channel).suspended = suspended;
  }

  /** The login changes, the id stays. Connections that sit in the channel hear nothing of it, and nothing else. */
  rename(ref: PersonRef, login: string): void {
    const person = this.person(ref);
    const room = this.#state.rooms.get(person.id);
    if (room) this.irc.forget(room);
    this.#state.people.rename(person, login);
  }

  /** From now on these channels show each other's messages; one alone, or none, ends it. */
  shareChat(...channels: PersonRef[]): void {
    const rooms = channels.map((channel) => this.room(channel));
    for (const room of rooms) room.sharedWith = rooms.length > 1 ? rooms : [];
  }

  /** Logins of the accounts that read this channel now. */
  readersOf(channel: PersonRef): string[] {
    const ids = [...this.room(channel).listeners].map(({ accountId }) => this.#state.people.byId(accountId)?.login);
    return ids.map((login) => login ?? 'anonymous');
  }

  /** When each channel that somebody reads was last joined, in milliseconds since 1970 with fractions. */
  joinedChannels(): Record<string, number | null> {
    const read = [...this.#state.rooms.values()].filter(({ listeners }) => listeners.size > 0);
    return Object.fromEntries(read.map((room) => [room.name, room.joinedAtMs]));
  }

  /** Also forgets what accounts did so far. */
  setLimits(limits: LimitChoice): void {
    this.#state.limits.change(chosenLimits(limits));
  }

  /** Writes lines into channels as a crowd and waits for the bot's answers; real time. */
  load(request: LoadRequest): Promise<LoadReport> {
    const channels = request.channels ?? [...this.#state.rooms.values()].map(({ owner }) => owner);
    return runLoad(
      channels.map((channel) => this.room(channel)),
      this.irc,
      this.#state.log,
      request,
    );
  }

  get calls(): Host['calls'] {
    return this.#host.calls;
  }

  #answer(call: Call): Answer | Promise<Answer> {
    const [, area, ...rest] = call.path.split('/');
    const path = rest.join('/');
    // twurple's mock mode asks below /mock, /auth and /eventsub.
    if (area === 'helix' || area === 'mock') return this.#helix.answer(path, call);
    if (area === 'oauth2' || area === 'auth') return this.#oauth.answer(path, call);
    if (area === 'eventsub') return this.#helix.answer(`eventsub/${path}`, call);
    return { status: 404, body: { error: 'Not Found', status: 404, message: 'not found' } };
  }
}

function broadcaster({ owner }: Room): Record<string, string> {
  return {
    broadcaster_user_id: owner.id,
    broadcaster_user_login: owner.login,
    broadcaster_user_name: owner.displayName,
  };
}
