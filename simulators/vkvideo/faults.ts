/** Everything that can go wrong on the simulated VK Video Live, on request. */
import type { HttpFault } from '../world/faults.ts';
import type { Host } from '../world/host.ts';
import type { PersonRef } from '../world/people.ts';
import type { Method, ProtocolError } from './centrifugo/protocol.ts';
import type { PubsubServer } from './centrifugo/server.ts';
import type { TokenKind } from './centrifugo/tokens.ts';
import type { SecondDelivery } from './chat.ts';
import { APPLICATION, type ChannelUrlForm, type VkVideoState } from './state.ts';

const OVERSIZED_BYTES = 2_000_000;
const GARBAGE = '<html><body>502 Bad Gateway</body></html>';

export class VkVideoFaults {
  readonly #state: VkVideoState;
  readonly #host: Host;
  readonly #pubsub: PubsubServer;

  constructor(state: VkVideoState, host: Host) {
    this.#state = state;
    this.#host = host;
    this.#pubsub = state.pubsub;
  }

  /** Pub/sub connections fall silent and deaf while TCP stays up; with `alsoNew` those made until `unmute` too. */
  mute(alsoNew = false): void {
    this.#pubsub.mute(alsoNew);
  }

  /** Pub/sub connections whose host is gone without a FIN: what clients send is swallowed. New ones work. */
  halfOpen(): void {
    this.#pubsub.halfOpen();
  }

  /** The server forgets who subscribed to one pub/sub name, and tells nobody; connections and pings go on. */
  loseSubscription(socketName: string): { lost: number } {
    return { lost: this.#pubsub.loseSubscription(socketName) };
  }

  /** Lines of the channel are kept, for whoever asks for the chat's messages, and delivered to nobody. */
  withholdLines(slug: string, isOn = true): void {
    this.#state.chat.withhold(this.#state.channels.find(slug), isOn);
  }

  /** New connections work again; mute ones stay mute. */
  unmute(): void {
    this.#pubsub.faults.isAllMute = false;
  }

  /** Every connection is reset, pub/sub and HTTP. */
  dropConnections(): void {
    this.#pubsub.cutAll();
    this.#host.cutConnections();
  }

  /** Nobody gets through until `accept`, or until the time is over. */
  async refuse(forMs?: number): Promise<void> {
    this.#pubsub.cutAll();
    await this.#host.refuse();
    if (forMs !== undefined) this.#state.clock.setTimer(forMs, () => void this.accept());
  }

  async accept(): Promise<void> {
    if (!this.#host.isListening) await this.#host.listen();
  }

  /** The next calls of a path (from `/v1/…` or `/oauth/…`) run into this. */
  http(fault: HttpFault): void {
    this.#host.faults.add(fault);
  }

  /** VK gives neither numbers nor a header that says when to come back (docs/platforms/vkvideo.md#common-rules). */
  tooManyRequests(path: string, times = 1): void {
    const body = { error: 'ratelimit_exceeded', error_description: 'Too many requests' };
    this.http({ kind: 'answer', status: 429, body, path, times });
  }

  unauthorized(path: string, times = 1): void {
    const body = { error: 'unauthorized', error_description: 'Not authorized' };
    this.http({ kind: 'answer', status: 401, body, path, times });
  }

  /** The next messages of accounts are refused like this. */
  refuseMessages(status: number, error: string, times = 1, slug?: string): void {
    const channel = slug === undefined ? null : this.#state.channels.find(slug);
    this.#state.chat.refuseNext(channel, { status, error }, times);
  }

  /** The next chat lines are delivered again, with one id; whoever reads both places gets them from both. */
  duplicateLines(times = 1, places: readonly SecondDelivery[] = ['limited_chat', 'chat']): void {
    this.#state.chat.repeat = { times, places };
  }

  /** The next pub/sub connections are refused with this HTTP status. */
  refuseUpgrades(status: number, times = 1): void {
    this.#pubsub.faults.refuseUpgrades(status, times);
  }

  /** One kind of command is never answered. */
  ignoreCommands(method: Method, times = 1): void {
    this.#pubsub.faults.ignore(method, times);
  }

  /** One kind of command is answered with an error; only `temporary` lets clients try again. */
  refuseCommands(method: Method, error: ProtocolError, times = 1): void {
    this.#pubsub.faults.refuse(method, error, times);
  }

  /** No more pings until `clear`; nobody is missed for not answering. */
  stopPings(): void {
    this.#pubsub.faults.hasStoppedPings = true;
  }

  /** Every connection is pinged at once, whatever its turn. */
  ping(): void {
    for (const session of this.#pubsub.sessions()) session.ping();
  }

  /** One message per frame instead of up to 16. */
  batching(isOn: boolean): void {
    this.#pubsub.faults.isBatching = isOn;
  }

  /** Closes are announced inside the connection too. */
  pushDisconnects(isOn: boolean): void {
    this.#pubsub.faults.pushesDisconnects = isOn;
  }

  /** Closes pub/sub connections. @param reason plain words: JSON stops clients whatever the code */
  kick(code: number, reason?: string, person?: PersonRef): void {
    this.#pubsub.kick(code, reason, person === undefined ? undefined : this.#state.people.find(person).id);
  }

  /** Takes the subscriptions to one pub/sub name back. */
  unsubscribe(socketName: string, code: number): void {
    this.#pubsub.unsubscribe(socketName, code);
  }

  /** Pub/sub tokens handed out so far are dead; connections that live on one end. */
  expireSocketTokens(kind: TokenKind): void {
    this.#pubsub.tokens.expireAll(kind);
    if (kind === 'connection') this.#pubsub.kick(3005, undefined, undefined);
  }

  /** VK gives the channel's pub/sub channels other names; who listens on the old ones hears nothing more. */
  renameSocketChannels(slug: string): void {
    this.#state.channels.find(slug).renameSockets();
  }

  /** A page where JSON should be, on every connection. */
  garbage(text: string | Buffer = GARBAGE): void {
    this.#pubsub.sendRaw(text);
  }

  /** One frame of two megabytes, on every connection. */
  oversizedFrame(bytes = OVERSIZED_BYTES): void {
    this.#pubsub.sendRaw(JSON.stringify({ push: { channel: 'nowhere', pub: { data: 'x'.repeat(bytes) } } }));
  }

  /** From now on a pub/sub name remembers so many publications; 0 ends it. */
  keepHistory(socketName: string, size: number, seconds = 300): void {
    this.#pubsub.topic(socketName).remember(size, seconds);
  }

  /** What a pub/sub name remembers is gone, and with it the epoch. */
  loseHistory(socketName: string): void {
    this.#pubsub.topic(socketName).lose();
  }

  /** Only this spelling of `channel_url` finds channels. */
  channelUrls(form: ChannelUrlForm): void {
    this.#state.channels.urlForm = form;
  }

  /** The person's access tokens run out now; refreshing works. */
  expireTokens(person: PersonRef): void {
    this.#state.grants.expire(this.#state.people.find(person).id);
  }

  /** The person withdraws the grant. Pub/sub connections live on their own tokens and stay. */
  revokeGrant(person: PersonRef): void {
    this.#state.grants.disconnect(APPLICATION.id, this.#state.people.find(person).id);
  }

  /** Puts an end to all that is scripted and not yet hit, and lets everybody in again. */
  async clear(): Promise<void> {
    this.#host.faults.clear();
    this.#state.chat.clear();
    this.#pubsub.faults.clear();
    this.channelUrls('both');
    await this.accept();
  }
}
