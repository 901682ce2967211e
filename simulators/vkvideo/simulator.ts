/** A VK Video Live on 127.0.0.1: one world of people and channels behind OAuth, DevAPI and pub/sub. */
import { systemClock } from '../../src/lib/clock.ts';
import { controlInterface } from '../world/control.ts';
import type { Token } from '../world/grants.ts';
import { type Answer, type Call, Host } from '../world/host.ts';
import type { AcceptedMessage, MessageLog } from '../world/messages.ts';
import type { NewPerson, Person, PersonRef } from '../world/people.ts';
import type { PubsubServer } from './centrifugo/server.ts';
import type { Channel, ChannelKey, Stream } from './channel.ts';
import { controlActions } from './control.ts';
import { DevApi } from './devapi/router.ts';
import type { Events, StreamHint } from './events.ts';
import { VkVideoFaults } from './faults.ts';
import { OAuth, SCOPES } from './oauth.ts';
import { chosenLimits, type LimitChoice, PUBSUB_TIMES, type VkVideoSimulatorOptions } from './options.ts';
import { type Part, textParts } from './parts.ts';
import type { Rewards } from './rewards.ts';
import { APPLICATION, createState, type VkVideoState } from './state.ts';

const REDIRECT_URI = 'http://127.0.0.1:3001/auth/vkvideo/link/callback';

/** What a person of the script writes: a text, or the parts of a message. */
export type Words = string | readonly Part[];

/** Starts and listens. Stop it with `stop`. */
export async function startVkVideoSimulator(options: VkVideoSimulatorOptions = {}): Promise<VkVideoSimulator> {
  const simulator = new VkVideoSimulator(options);
  await simulator.listen(options.port ?? 0, options.controlPort ?? 0);
  return simulator;
}

export class VkVideoSimulator {
  readonly application = APPLICATION;
  readonly faults: VkVideoFaults;
  readonly pubsub: PubsubServer;
  readonly events: Events;
  readonly rewards: Rewards;
  readonly #state: VkVideoState;
  readonly #oauth: OAuth;
  readonly #api: DevApi;
  readonly #host: Host;
  readonly #control: Host;

  constructor({ limits = {}, clock = systemClock, redirectUri = REDIRECT_URI, pubsub = {} }: VkVideoSimulatorOptions) {
    this.#state = createState(clock, chosenLimits(limits), { ...PUBSUB_TIMES, ...pubsub }, redirectUri);
    this.pubsub = this.#state.pubsub;
    this.events = this.#state.events;
    this.rewards = this.#state.rewards;
    this.#oauth = new OAuth(this.#state);
    this.#api = new DevApi(this.#state);
    const control = controlInterface(controlActions(this), this.#state.log, clock);
    this.#host = new Host(clock, (call) => this.#answer(call), control, this.pubsub.upgrade.bind(this.pubsub));
    this.#control = new Host(clock, () => ({ status: 404 }), control);
    this.faults = new VkVideoFaults(this.#state, this.#host);
  }

  async listen(port: number, controlPort: number): Promise<void> {
    await this.#host.listen(port);
    await this.#control.listen(controlPort);
  }

  async stop(): Promise<void> {
    this.pubsub.stop();
    await Promise.all([this.#host.stop(), this.#control.stop()]);
  }

  get urls() {
    const at = `127.0.0.1:${this.#host.port}`;
    return {
      authorize: `http://${at}/app/oauth2/authorize`,
      token: `http://${at}/oauth/server/token`,
      revoke: `http://${at}/oauth/server/revoke`,
      api: `http://${at}`,
      pubsub: `ws://${at}/connection/websocket?format=json&cf_protocol_version=v2`,
      /** Reachable also while the platform refuses connections. */
      control: `http://127.0.0.1:${this.#control.port}/_control`,
    };
  }

  /** The variables that point an API or a worker at this VK Video Live. */
  env(): Record<string, string> {
    return {
      VKVIDEO_CHAT_BOT_ENABLED: '1',
      VKVIDEO_CLIENT_ID: this.application.id,
      VKVIDEO_CLIENT_SECRET: this.application.secret,
      VKVIDEO_CALLBACK_URL: this.#state.redirectUri,
      VKVIDEO_AUTHORIZE_URL: this.urls.authorize,
      VKVIDEO_TOKEN_URL: this.urls.token,
      VKVIDEO_USERINFO_URL: `${this.urls.api}/v1/current_user`,
      VKVIDEO_API_BASE_URL: this.urls.api,
      VKVIDEO_PUBSUB_WS_URL: this.urls.pubsub,
    };
  }

  addPerson(person: NewPerson | string): Person {
    return this.#state.people.add(typeof person === 'string' ? { login: person } : person);
  }

  /** A channel and its owner. @param slug the owner's login without it; one person may have several */
  addChannel(person: NewPerson | string, slug?: string): Channel {
    const owner = this.addPerson(person);
    return this.#state.channels.add(owner, slug ?? owner.login);
  }

  /** The owner's login stays. Another channel may take the slug before. */
  renameChannel(slug: string, to: string): void {
    this.#state.channels.rename(this.channel(slug), to);
  }

  /** The account; its channels keep their slugs. */
  rename(ref: PersonRef, login: string): void {
    this.#state.people.rename(ref, login);
  }

  person(ref: PersonRef): Person {
    return this.#state.people.find(ref);
  }

  channel(slug: string): Channel {
    return this.#state.channels.find(slug);
  }

  /** @param key of `web_socket_channels`. @param reader whose private channel is meant */
  socketName(slug: string, key: ChannelKey, reader?: PersonRef): string {
    return this.channel(slug).socketName(key, reader === undefined ? null : this.person(reader).id);
  }

  issueToken(person: PersonRef, scopes: readonly string[] = SCOPES, seconds?: number): Token {
    return this.#state.grants.issue(this.application.id, this.person(person).id, scopes, seconds);
  }

  /** How many tokens were renewed with a refresh token since the start. */
  get tokensRefreshed(): number {
    return this.#state.grants.refreshed;
  }

  /** Life of user tokens handed out from now on. */
  setTokenSeconds(seconds: number): void {
    this.#state.grants.rules.userTokenSeconds = seconds;
  }

  /** Registers another address, in the place of the one before. */
  setRedirectUri(redirectUri: string): void {
    this.#state.redirectUri = redirectUri;
  }

  /** Lets this person consent to everything without a page; null brings the page back. */
  autoConsent(person: PersonRef | null): void {
    this.#oauth.autoConsent = person === null ? null : this.person(person);
  }

  /** Somebody of the simulation writes; no limit applies. A login nobody has becomes a person. */
  say(slug: string, person: PersonRef, words: Words, onlyFor?: PersonRef): string {
    const author = typeof person === 'string' ? this.addPerson(person) : person;
    const parts = typeof words === 'string' ? textParts(words) : words;
    const reader = onlyFor === undefined ? undefined : this.person(onlyFor);
    const channel = this.channel(slug);
    return this.#state.chat.show({ channel, author, parts, transport: 'script', onlyFor: reader }).id;
  }

  /** A line that only the chat's messages over HTTP tell of. */
  sayInThePast(slug: string, person: PersonRef, text: string, secondsAgo = 60): string {
    const author = typeof person === 'string' ? this.addPerson(person) : person;
    const at = new Date(this.#state.clock.now().getTime() - secondsAgo * 1000);
    const draft = { channel: this.channel(slug), author, parts: textParts(text), transport: 'script' as const };
    return this.#state.chat.showEarlier(draft, at).id;
  }

  deleteMessage(slug: string, messageId: string): void {
    this.#state.chat.forget(this.channel(slug), messageId);
  }

  /** Every message taken over in the channel, the script's own included, oldest first. */
  messagesIn(slug: string): AcceptedMessage[] {
    return this.#state.log.in(this.channel(slug).id);
  }

  get log(): MessageLog {
    return this.#state.log;
  }

  /** A stream with an id of its own. @param hint told on `info`; nothing is without one */
  goLive(
    slug: string,
    given: { startedAt?: Date | undefined; title?: string | undefined; hint?: StreamHint } = {},
  ): Stream {
    const channel = this.channel(slug);
    const stream = channel.begin(given.startedAt ?? this.#state.clock.now(), given.title ?? 'A stream');
    if (given.hint) this.events.streamHint(channel, given.hint);
    return stream;
  }

  /** The channel still shows the stream, with its end. */
  goOffline(slug: string, hint?: StreamHint): void {
    const channel = this.channel(slug);
    channel.end(this.#state.clock.now());
    if (hint) this.events.streamHint(channel, hint);
  }

  follow(slug: string, ref: PersonRef): void {
    const person = typeof ref === 'string' ? this.addPerson(ref) : ref;
    const channel = this.channel(slug);
    channel.standing(person.id).isFollower = true;
    this.events.follow(channel, person, this.#state.clock.now());
  }

  raid(slug: string, ref: PersonRef, raiders: number): void {
    const raider = typeof ref === 'string' ? this.addPerson(ref) : ref;
    this.events.raid(this.channel(slug), raider, raiders);
  }

  /** Logins of the accounts that read this channel's chat now. */
  readersOf(slug: string): string[] {
    const channel = this.channel(slug);
    const listeners = this.pubsub.listenersOf(channel.socketName(channel.isLimited ? 'limited_chat' : 'chat', null));
    return listeners.map(({ userId }) => this.#state.people.byId(userId)?.login ?? 'application');
  }

  /** Also forgets what accounts did so far. */
  setLimits(limits: LimitChoice): void {
    this.#state.chat.changeLimits(chosenLimits(limits));
  }

  get calls(): Host['calls'] {
    return this.#host.calls;
  }

  #answer(call: Call): Answer | Promise<Answer> {
    const name = `${call.method} ${call.path}`;
    if (name === 'GET /app/oauth2/authorize') return this.#oauth.authorize(call);
    if (name === 'POST /oauth/server/token') return this.#oauth.token(call);
    if (name === 'POST /oauth/server/revoke') return this.#oauth.revoke(call);
    return this.#api.answer(call);
  }
}
