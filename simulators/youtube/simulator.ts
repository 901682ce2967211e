/** A YouTube on 127.0.0.1: one world of people, broadcasts and chats behind OAuth, the Data API and gRPC. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock } from '../../src/lib/clock.ts';
import { controlInterface } from '../world/control.ts';
import type { Token } from '../world/grants.ts';
import { type Answer, type Call, epochMs, Host, write } from '../world/host.ts';
import type { AcceptedMessage, MessageLog } from '../world/messages.ts';
import type { Person } from '../world/people.ts';
import type { Broadcast, Broadcasts, NewBroadcast } from './broadcasts.ts';
import type { Channel } from './channels.ts';
import { controlActions } from './control.ts';
import { YouTubeFaults } from './faults.ts';
import { GrpcServer } from './grpc/server.ts';
import { authorIn, type Flags, makeItem } from './items.ts';
import { OAuth } from './oauth.ts';
import { type Behaviour, chosenLimits, type LimitChoice, type YouTubeSimulatorOptions } from './options.ts';
import type { QuotaLedger, Spending } from './quota.ts';
import { bury } from './rest/messages.ts';
import { ban, makeModerator } from './rest/moderation.ts';
import { DataApi, STREAM_PATH } from './rest/router.ts';
import { API_KEY, APPLICATION, channelNamed, createState, PROJECT, personNamed, type YouTubeState } from './state.ts';
import { Streams } from './streams.ts';

/** Starts and listens. Stop it with `stop`. */
export async function startYouTubeSimulator(options: YouTubeSimulatorOptions = {}): Promise<YouTubeSimulator> {
  const simulator = new YouTubeSimulator(options);
  await simulator.listen(options);
  return simulator;
}

export class YouTubeSimulator {
  readonly application = APPLICATION;
  readonly apiKey = API_KEY;
  readonly faults: YouTubeFaults;
  readonly oauth: OAuth;
  readonly #state: YouTubeState;
  readonly #api: DataApi;
  readonly #streams: Streams;
  readonly #grpc: GrpcServer;
  readonly #host: Host;
  readonly #control: Host;

  constructor(options: YouTubeSimulatorOptions) {
    const clock = options.clock ?? systemClock;
    this.#state = createState(clock, options);
    this.#streams = new Streams(this.#state);
    this.#grpc = new GrpcServer(this.#state, this.#streams);
    this.#api = new DataApi(this.#state, this.#streams);
    this.oauth = new OAuth(this.#state);
    const control = controlInterface(controlActions(this), this.#state.log, clock);
    this.#host = new Host(
      clock,
      (call) => this.#answer(call),
      (request, response, path) => control(request, response, path) || this.#stream(request, response, path),
    );
    this.#control = new Host(clock, () => ({ status: 404 }), control);
    this.faults = new YouTubeFaults(this.#state, this.#host, this.#grpc, this.#streams);
  }

  async listen({ port = 0, grpcPort = 0, controlPort = 0 }: YouTubeSimulatorOptions): Promise<void> {
    await Promise.all([this.#host.listen(port), this.#grpc.lines.listen(grpcPort), this.#control.listen(controlPort)]);
  }

  async stop(): Promise<void> {
    this.#state.broadcasts.stop();
    for (const stream of this.#streams.all()) stream.left();
    await Promise.all([this.#host.stop(), this.#grpc.stop(), this.#control.stop()]);
  }

  get urls() {
    const at = `http://127.0.0.1:${this.#host.port}`;
    return {
      api: at,
      auth: `${at}/o/oauth2/v2/auth`,
      token: `${at}/token`,
      grpc: `127.0.0.1:${this.#grpc.lines.port}`,
      /** Reachable also while the platform refuses connections. */
      control: `http://127.0.0.1:${this.#control.port}/_control`,
    };
  }

  /** The variables that point an API or a worker at this YouTube. */
  env(): Record<string, string> {
    return {
      YOUTUBE_API_BASE_URL: this.urls.api,
      YOUTUBE_GRPC_TARGET: this.urls.grpc,
      YOUTUBE_AUTHORIZE_URL: this.urls.auth,
      YOUTUBE_TOKEN_URL: this.urls.token,
      YOUTUBE_CLIENT_ID: this.application.id,
      YOUTUBE_CLIENT_SECRET: this.application.secret,
    };
  }

  /** A Google account without a channel. */
  addPerson(name: string): Person {
    return personNamed(this.#state, name);
  }

  /** @param owner whose it is; a person of the channel's own name when absent, else it is a brand account's */
  addChannel(name: string, owner?: string): Channel {
    if (owner === undefined) return channelNamed(this.#state, name);
    return this.#state.channels.add(personNamed(this.#state, owner), name, name);
  }

  /** @throws when there is none of this name */
  channel(name: string): Channel {
    const channel = this.#state.channels.byName(name);
    if (!channel) throw new Error(`no channel is called ${name}`);
    return channel;
  }

  /** People see another title; id and handle stay. */
  rename(channel: string, title: string): void {
    this.channel(channel).title = title;
  }

  setModerator(owner: string, name: string, isOne = true): void {
    const channel = this.addChannel(name);
    if (isOne) makeModerator(this.channel(owner), channel);
    else this.channel(owner).moderators.delete(channel.id);
  }

  setMember(owner: string, name: string, isOne = true): void {
    const { id } = this.addChannel(name);
    if (isOne) this.channel(owner).members.add(id);
    else this.channel(owner).members.delete(id);
  }

  get broadcasts(): Broadcasts {
    return this.#state.broadcasts;
  }

  /** The broadcast with this id, else the newest live one, else the newest with a chat. @throws when there is none */
  broadcast(channel: string, id?: string): Broadcast {
    const own = this.#state.broadcasts.of(this.channel(channel).id);
    const found = id === undefined ? newest(own) : own.find((each) => each.id === id);
    if (!found) throw new Error(`${channel} has no broadcast ${id ?? 'yet'}`);
    return found;
  }

  startBroadcast(channel: string, given: NewBroadcast = {}): Broadcast {
    return this.#state.broadcasts.start(this.addChannel(channel), given);
  }

  issueToken(name: string, scopes: readonly string[], options: { seconds?: number | undefined } = {}): Token {
    const channel = this.#state.channels.byName(name);
    const person = channel ? this.#state.people.byId(channel.ownerId) : personNamed(this.#state, name);
    if (!person) throw new Error(`nobody is called ${name}`);
    return this.oauth.issue(person, scopes, channel ?? null, options.seconds);
  }

  /** The Google account behind a channel's or a person's name. */
  personOf(name: string): Person {
    const owner = this.#state.people.byId(this.#state.channels.byName(name)?.ownerId);
    return owner ?? this.#state.people.find(name);
  }

  /** How many tokens were renewed with a refresh token since the start. */
  get tokensRefreshed(): number {
    return this.#state.grants.refreshed;
  }

  /** Life of access tokens handed out from now on. */
  setTokenSeconds(seconds: number): void {
    this.#state.grants.rules.userTokenSeconds = seconds;
  }

  /** Grants end so long after the consent, as those of an application in testing do; null never. */
  setGrantSeconds(seconds: number | null): void {
    this.#state.grants.rules.grantSeconds = seconds ?? undefined;
  }

  /** Lets this channel consent to everything without a page; null brings the page back. */
  autoConsent(channel: string | null): void {
    this.oauth.autoConsent = channel === null ? null : this.channel(channel);
  }

  /** Somebody of the simulation writes; no limit applies. A name nobody has becomes a channel. */
  say(channel: string, name: string, text: string, options: Flags & { broadcast?: string; at?: Date } = {}): string {
    const { chat } = this.broadcast(channel, options.broadcast);
    if (chat.state !== 'open') throw new Error(`the chat of ${channel} is ${chat.state}`);
    return this.#state.talk.say(chat, this.addChannel(name), text, options, options.at).id;
  }

  /** Puts an item of any type into the chat (docs/platforms/youtube.md#list-messages), unknown ones included. */
  post(
    channel: string,
    type: string,
    given: { author?: string; details?: object; displayMessage?: string; id?: string; broadcast?: string } = {},
  ): string {
    const { chat } = this.broadcast(channel, given.broadcast);
    const author = given.author === undefined ? undefined : authorIn(chat.owner, this.addChannel(given.author));
    const { details, displayMessage, id } = given;
    const publishedAt = this.#state.clock.now();
    const item = makeItem({ chatId: chat.id, type, publishedAt, author, details, displayMessage, id });
    this.#state.talk.put(chat, item);
    return item.id;
  }

  /** The mode of the chat, which the chat is told of. */
  setMembersOnly(channel: string, isOn: boolean, broadcast?: string): void {
    this.broadcast(channel, broadcast).chat.isMembersOnly = isOn;
    const type = isOn ? 'sponsorOnlyModeStartedEvent' : 'sponsorOnlyModeEndedEvent';
    this.post(channel, type, broadcast === undefined ? {} : { broadcast });
  }

  /** The owner deletes a message. */
  deleteMessage(channel: string, id: string): void {
    const { chat } = this.broadcast(channel);
    const item = chat.find(id);
    if (!item) throw new Error(`no message ${id}`);
    bury(this.#state, chat, item, authorIn(chat.owner, chat.owner));
  }

  /** The owner hides somebody from the chat. @param seconds null for good */
  ban(channel: string, name: string, seconds: number | null): string {
    const { chat } = this.broadcast(channel);
    return ban(this.#state, chat, chat.owner, this.addChannel(name), seconds).id;
  }

  /** Every message taken over in the channel's chats, the script's own included, oldest first. */
  messagesIn(channel: string): AcceptedMessage[] {
    return this.#state.log.in(this.channel(channel).id);
  }

  get log(): MessageLog {
    return this.#state.log;
  }

  /** Whether somebody streams the chat, or has polled it a moment ago. */
  isRead(channel: string, broadcast?: string): boolean {
    const { chat } = this.broadcast(channel, broadcast);
    if (chat.state !== 'open') return false;
    return this.#streams.of(chat).length > 0 || this.#api.polls.isRead(chat.id);
  }

  /** What the project has spent today. */
  spending(): Spending {
    return this.#state.quota.spending(PROJECT);
  }

  get quota(): QuotaLedger {
    return this.#state.quota;
  }

  setLimits(limits: LimitChoice): void {
    Object.assign(this.#state.limits, chosenLimits(limits));
  }

  setBehaviour(behaviour: Partial<Behaviour>): void {
    Object.assign(this.#state.behaviour, behaviour);
  }

  get calls(): Host['calls'] {
    return this.#host.calls;
  }

  get streamOpens(): GrpcServer['opens'] {
    return this.#grpc.opens;
  }

  async #answer(call: Call): Promise<Answer> {
    return this.#api.answer(call) ?? (await this.oauth.answer(call)) ?? { status: 404, body: 'Not Found' };
  }

  /** Takes over the one request whose answer does not end. */
  #stream(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    if (path !== STREAM_PATH || request.method !== 'GET') return false;
    const { search, searchParams } = new URL(request.url ?? '/', this.urls.api);
    this.#host.calls.push({ method: 'GET', path, query: search, at: epochMs() });
    const trouble = this.#host.faults.take('GET', path);
    if (trouble === null) this.#api.stream(request, response, searchParams);
    else if (trouble.kind === 'answer') write(response, trouble);
    else if (trouble.kind === 'cut' || trouble.kind === 'truncated') request.socket.resetAndDestroy();
    else if (trouble.kind === 'slow') {
      const begin = () => this.#api.stream(request, response, searchParams);
      this.#state.clock.setTimer(trouble.delayMs, begin, { unref: true });
    }
    return true;
  }
}

function newest(own: readonly Broadcast[]): Broadcast | undefined {
  const open = own.filter(({ chat }) => chat.state === 'open');
  return open.findLast(({ lifeCycle }) => lifeCycle === 'live') ?? open.at(-1) ?? own.at(-1);
}
