/** A Kick on 127.0.0.1: one world of people and channels behind OAuth, the API and the webhook deliveries. */
import { systemClock } from '../../src/lib/clock.ts';
import { Callbacks } from '../world/callbacks.ts';
import { controlInterface } from '../world/control.ts';
import type { Token } from '../world/grants.ts';
import { type Answer, type Call, Host } from '../world/host.ts';
import type { AcceptedMessage, MessageLog } from '../world/messages.ts';
import type { NewPerson, Person, PersonRef } from '../world/people.ts';
import { ChatApi } from './api/chat.ts';
import { Api } from './api/router.ts';
import type { Badge, Channel, ChatModes } from './channel.ts';
import { Chat } from './chat.ts';
import { controlActions } from './control.ts';
import { CHAT } from './events/catalogue.ts';
import { Deliveries } from './events/deliveries.ts';
import { Events } from './events/events.ts';
import type { KicksFacts, RedemptionFacts } from './events/payloads.ts';
import type { Quirk } from './events/quirks.ts';
import { Subscriptions } from './events/subscriptions.ts';
import { KickFaults } from './faults.ts';
import { Happenings, type NewStream } from './happenings.ts';
import { type LoadReport, type LoadRequest, runLoad } from './load.ts';
import { OAuth } from './oauth.ts';
import type { KickSimulatorOptions, SayOptions } from './options.ts';
import { type Application, channelOf, createState, type KickState, openChannel } from './state.ts';

const API_PREFIX = '/public/v1/';
const OAUTH_PREFIX = '/oauth/';
const ENDLESS = Number.POSITIVE_INFINITY;
const NO_SUBSCRIPTION_LIMITS = { chatMax: ENDLESS, verifiedChatMax: ENDLESS, totalMax: ENDLESS };

export interface NewKickPerson extends NewPerson {
  /** Where it does not follow from the login. */
  slug?: string | undefined;
}

/** Starts and listens. Stop it with `stop`. */
export async function startKickSimulator(options: KickSimulatorOptions = {}): Promise<KickSimulator> {
  const simulator = new KickSimulator(options);
  await simulator.listen(options.port ?? 0, options.controlPort ?? 0);
  return simulator;
}

export class KickSimulator {
  readonly faults: KickFaults;
  readonly deliveries: Deliveries;
  readonly subscriptions: Subscriptions;
  readonly oauth: OAuth;
  readonly #state: KickState;
  readonly #callbacks = new Callbacks();
  readonly #events: Events;
  readonly #chat: Chat;
  readonly #happenings: Happenings;
  readonly #api: Api;
  readonly #host: Host;
  readonly #control: Host;

  constructor({ clock = systemClock, limits = 'real' }: KickSimulatorOptions) {
    this.#state = createState(clock);
    const { application, key, log } = this.#state;
    this.deliveries = new Deliveries(clock, this.#callbacks, key);
    this.deliveries.webhookUrl = () => (application.webhooksEnabled ? application.webhookUrl : null);
    this.subscriptions = new Subscriptions(this.#state);
    if (limits === 'off') Object.assign(this.subscriptions.switches, NO_SUBSCRIPTION_LIMITS);
    this.deliveries.onUnsubscribed = (event) => this.subscriptions.removeAll(event);
    this.#events = new Events(this.#state, this.subscriptions, this.deliveries);
    this.#chat = new Chat(this.#state, this.#events);
    this.#happenings = new Happenings(this.#state, this.#events);
    const chatApi = new ChatApi(this.#state, this.#chat, limits === 'real');
    this.#api = new Api(this.#state, this.subscriptions, chatApi, this.#happenings);
    this.oauth = new OAuth(this.#state);
    const control = controlInterface(controlActions(this), log, clock);
    this.#host = new Host(clock, (call) => this.#answer(call), control);
    this.#control = new Host(clock, () => ({ status: 404 }), control);
    const { deliveries, subscriptions } = this;
    this.faults = new KickFaults({ state: this.#state, host: this.#host, deliveries, subscriptions, chatApi });
  }

  async listen(port: number, controlPort: number): Promise<void> {
    await this.#host.listen(port);
    await this.#control.listen(controlPort);
  }

  async stop(): Promise<void> {
    this.deliveries.stop();
    await Promise.all([this.#host.stop(), this.#control.stop()]);
  }

  get urls() {
    const at = `http://127.0.0.1:${this.#host.port}`;
    return {
      api: at,
      id: at,
      /** For `KICK_CHAT_POLL_URL_TEMPLATE`; nothing that Kick itself has. */
      pollTemplate: `${at}${API_PREFIX}simulated-chat/{channelId}?cursor={cursor}`,
      /** Reachable also while the platform refuses connections. */
      control: `http://127.0.0.1:${this.#control.port}/_control`,
    };
  }

  /** The variables that point an API or a worker at this Kick. */
  env(): Record<string, string> {
    const { api, id } = this.urls;
    return {
      KICK_API_BASE_URL: api,
      KICK_AUTHORIZE_URL: `${id}/oauth/authorize`,
      KICK_TOKEN_URL: `${id}/oauth/token`,
      KICK_REFRESH_URL: `${id}/oauth/token`,
      KICK_USERINFO_URL: `${api}/public/v1/users`,
      KICK_SEND_CHAT_URL: `${api}/public/v1/chat`,
      KICK_CLIENT_ID: this.application.id,
      KICK_CLIENT_SECRET: this.application.secret,
      KICK_CALLBACK_URL: this.application.redirectUris[0] ?? '',
      KICK_SCOPES: 'user:read channel:read events:subscribe',
      KICK_BOT_SCOPES: 'user:read chat:write',
    };
  }

  get application(): Readonly<Application> {
    return this.#state.application;
  }

  /** Turning webhooks off removes every subscription (docs/platforms/kick.md#hosts-and-application). */
  setApplication(settings: Partial<Omit<Application, 'id' | 'secret' | 'bot'>>): void {
    const { webhookUrl = null } = settings;
    if (webhookUrl !== null && !URL.canParse(webhookUrl)) throw new Error(`${webhookUrl} is no address`);
    Object.assign(this.#state.application, settings);
    if (!this.application.webhooksEnabled) this.subscriptions.removeAll();
  }

  /** The application's own bot account; null while none was created. */
  setBot(login: string | null): Person | null {
    this.#state.application.bot = login === null ? null : this.addPerson(login);
    return this.application.bot;
  }

  addPerson(person: NewKickPerson | string): Person {
    const { slug, ...given } = typeof person === 'string' ? { login: person } : person;
    const added = this.#state.people.add(given);
    if (slug !== undefined) this.#state.slugs.set(added.id, slug);
    return added;
  }

  /** A person with a channel. */
  addChannel(person: NewKickPerson | string): Person {
    return openChannel(this.#state, this.addPerson(person)).owner;
  }

  /** The id stays. */
  rename(ref: PersonRef, login: string): void {
    this.#state.people.rename(ref, login);
  }

  person(ref: PersonRef): Person {
    return this.#state.people.find(ref);
  }

  /** The inside of a channel, for tests that look. */
  channel(ref: PersonRef): Channel {
    return channelOf(this.#state, ref);
  }

  channels(): Channel[] {
    return [...this.#state.channels.values()];
  }

  setModes(channel: PersonRef, modes: Partial<ChatModes>): void {
    Object.assign(this.channel(channel).modes, modes);
  }

  setBadges(channel: PersonRef, person: PersonRef, badges: readonly Badge[]): void {
    this.channel(channel).setBadges(this.person(person).id, badges);
  }

  setQuirks(quirks: readonly Quirk[]): void {
    this.#state.quirks.clear();
    for (const quirk of quirks) this.#state.quirks.add(quirk);
  }

  setEcho(echoes: boolean): void {
    this.#chat.echoes = echoes;
  }

  issueToken(person: PersonRef, scopes: readonly string[], seconds?: number): Token {
    return this.#state.grants.issue(this.application.id, this.person(person).id, scopes, seconds);
  }

  issueAppToken(): Token {
    return this.#state.grants.issueForApplication(this.application.id);
  }

  /** How many tokens were renewed with a refresh token since the start. */
  get tokensRefreshed(): number {
    return this.#state.grants.refreshed;
  }

  /** Lets this person consent to everything without a page; null brings the page back. */
  autoConsent(person: PersonRef | null): void {
    this.oauth.autoConsent = person === null ? null : this.person(person);
  }

  mapHost(hostName: string, target: string): void {
    this.#callbacks.map(hostName, target);
  }

  /** Somebody of the simulation writes; no rule applies. A login nobody has becomes a person. @returns the message's id */
  say(channel: PersonRef, person: PersonRef, text: string, options: SayOptions = {}): string {
    const author = this.#somebody(person);
    return this.#chat.show({ channel: this.channel(channel), author, text, transport: 'script', ...options }).id;
  }

  /** Every message taken over in the channel, the script's own included, oldest first. */
  messagesIn(channel: PersonRef): AcceptedMessage[] {
    return this.#state.log.in(this.person(channel).id);
  }

  get log(): MessageLog {
    return this.#state.log;
  }

  /** Whether lines written there now are told to the application. */
  isRead(channel: PersonRef): boolean {
    return this.subscriptions.of(this.person(channel).id, CHAT).length > 0;
  }

  goLive(channel: PersonRef, stream: NewStream = {}): void {
    this.#happenings.goLive(this.channel(channel), stream);
  }

  goOffline(channel: PersonRef, how: { quietly?: boolean | undefined } = {}): void {
    this.#happenings.goOffline(this.channel(channel), how);
  }

  retitle(channel: PersonRef, title: string): void {
    this.#happenings.retitle(this.channel(channel), title);
  }

  follow(channel: PersonRef, person: PersonRef): void {
    this.#happenings.follow(this.channel(channel), this.#somebody(person));
  }

  subscribe(channel: PersonRef, person: PersonRef, months = 1): void {
    this.#happenings.subscribe(this.channel(channel), this.#somebody(person), months);
  }

  /** @param gifter null for an anonymous one */
  gift(channel: PersonRef, gifter: PersonRef | null, giftees: readonly PersonRef[]): void {
    const given = giftees.map((person) => this.#somebody(person));
    this.#happenings.gift(this.channel(channel), gifter === null ? null : this.#somebody(gifter), given);
  }

  redeem(channel: PersonRef, person: PersonRef, facts: Partial<RedemptionFacts> = {}): string {
    return this.#happenings.redeem(this.channel(channel), this.#somebody(person), facts);
  }

  sendKicks(channel: PersonRef, person: PersonRef, facts: KicksFacts): void {
    this.#happenings.sendKicks(this.channel(channel), this.#somebody(person), facts);
  }

  /** By the streamer. @param durationMs absent for good */
  ban(channel: PersonRef, person: PersonRef, durationMs?: number): void {
    const where = this.channel(channel);
    this.#happenings.ban(where, this.#somebody(person), { moderator: where.owner, reason: 'spam', durationMs });
  }

  unban(channel: PersonRef, person: PersonRef): void {
    this.channel(channel).unban(this.person(person).id);
  }

  /** Delivers what nobody subscribed to: a type or version of tomorrow, or nonsense. A text goes out as it is. */
  emit(channel: PersonRef, type: string, version: string, body: unknown): void {
    this.#events.emit(this.person(channel).id, type, version, body);
  }

  /** Signed deliveries of which some are doubled, late or forged, and what the webhook made of them; real time. */
  load(request: LoadRequest): Promise<LoadReport> {
    const channels = request.channels?.map((name) => this.channel(name)) ?? this.channels();
    return runLoad(channels, this.#events, this.deliveries, this.#state, request);
  }

  get calls(): Host['calls'] {
    return this.#host.calls;
  }

  #somebody(ref: PersonRef): Person {
    return typeof ref === 'string' ? this.addPerson(ref) : ref;
  }

  #answer(call: Call): Answer {
    if (call.path.startsWith(OAUTH_PREFIX)) return this.oauth.answer(call.path.slice(OAUTH_PREFIX.length), call);
    if (call.path.startsWith(API_PREFIX)) return this.#api.answer(call.path.slice(API_PREFIX.length), call);
    return { status: 404, body: 'Not Found' };
  }
}
