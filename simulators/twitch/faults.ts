/** Everything that can go wrong on the simulated Twitch, on request. */
import type { Clock } from '../../src/lib/clock.ts';
import type { HttpFault } from '../world/faults.ts';
import type { Host } from '../world/host.ts';
import type { PersonRef } from '../world/people.ts';
import type { Deliveries, DeliveryFaults } from './eventsub/deliveries.ts';
import type { Subscriptions } from './eventsub/subscriptions.ts';
import type { IrcServer } from './irc/server.ts';
import { APPLICATION, roomOf, type TwitchState } from './state.ts';

const OVERSIZED_BYTES = 2_000_000;

export class TwitchFaults {
  readonly #state: TwitchState;
  readonly #host: Host;
  readonly #irc: IrcServer;
  readonly #subscriptions: Subscriptions;
  readonly #clock: Clock;
  readonly #posts: Deliveries;

  constructor(state: TwitchState, host: Host, irc: IrcServer, subscriptions: Subscriptions, deliveries: Deliveries) {
    this.#state = state;
    this.#host = host;
    this.#irc = irc;
    this.#subscriptions = subscriptions;
    this.#posts = deliveries;
    this.#clock = state.clock;
  }

  /** Chat connections die without a FIN: what clients write is swallowed, and nothing comes back. */
  halfOpen(): void {
    this.#irc.vanish();
  }

  /** Chat forgets that anybody is in this channel, or in any: no PART, PING is answered as before. */
  forgetRooms(channel?: PersonRef): void {
    const rooms = channel === undefined ? [...this.#state.rooms.values()] : [roomOf(this.#state, channel)];
    for (const room of rooms) this.#irc.forget(room);
  }

  /** Event subscriptions vanish without a revocation; of one type, or all. */
  dropSubscriptions(type?: string): void {
    this.#subscriptions.drop(type);
  }

  /** Notifications are not posted any more though their subscriptions are listed as enabled. */
  withholdDeliveries(isWithheld = true): void {
    this.#posts.isWithholding = isWithheld;
  }

  /** Chat connections fall silent and deaf while TCP stays up; with `alsoNew` those made until `unmute` too. */
  mute(alsoNew = false): void {
    this.#irc.mute(alsoNew);
  }

  /** New connections work again; mute ones stay mute, as half-open ones do. */
  unmute(): void {
    this.#irc.unmuteNew();
  }

  /** RECONNECT to everybody, then the close; null never closes. */
  reconnect(closeAfterMs: number | null = 0): void {
    this.#irc.reconnect(closeAfterMs);
  }

  failLogins(times: number, text?: string): void {
    this.#irc.desk.failNext(times, text);
  }

  /** Every connection is reset, chat and HTTP. */
  dropConnections(): void {
    this.#irc.cutAll();
    this.#host.cutConnections();
  }

  /** Nobody gets through until `accept`, or until the time is over. */
  async refuse(forMs?: number): Promise<void> {
    this.#irc.cutAll();
    await this.#host.refuse();
    if (forMs !== undefined) this.#clock.setTimer(forMs, () => void this.accept());
  }

  async accept(): Promise<void> {
    if (!this.#host.isListening) await this.#host.listen();
  }

  /** The next calls of a path (from `/helix/…` or `/oauth2/…`) run into this. */
  http(fault: HttpFault): void {
    this.#host.faults.add(fault);
  }

  /** 429 with the header that says when to come back. */
  tooManyRequests(path: string, resetInSeconds: number, times = 1): void {
    const reset = Math.ceil(this.#clock.now().getTime() / 1000) + resetInSeconds;
    const headers = { 'ratelimit-limit': '800', 'ratelimit-remaining': '0', 'ratelimit-reset': String(reset) };
    const body = { error: 'Too Many Requests', status: 429, message: 'Too Many Requests' };
    this.http({ kind: 'answer', status: 429, headers, body, path, times });
  }

  /** The next messages of accounts are refused with this code; null drops them without a word (on IRC). */
  dropMessages(code: string | null, times = 1, channel?: PersonRef): void {
    this.#state.chat.dropNext(channel === undefined ? null : roomOf(this.#state, channel).id, code, times);
  }

  /** Messages of accounts are taken but their USERSTATE or NOTICE never comes. */
  loseSendAnswers(times = 1): void {
    this.#irc.answers.lose(times);
  }

  /** The USERSTATE or NOTICE for messages of accounts comes late. */
  delaySendAnswers(delayMs: number, times = 1): void {
    this.#irc.answers.delay(delayMs, times);
  }

  /** The next chat lines reach every client twice, with one id. */
  duplicateLines(times = 1): void {
    this.#state.chat.duplicateLines = times;
  }

  /** Bytes that are no IRC at all, on every chat connection. */
  garbage(data: string | Buffer = Buffer.from([0xff, 0xfe, 0x00, 0x0d, 0x0a, 0x3a, 0x40, 0x80])): void {
    this.#irc.sendRaw(data);
  }

  /** One line of two megabytes, on every chat connection. */
  oversizedFrame(bytes = OVERSIZED_BYTES): void {
    this.#irc.sendRaw(`@flags=${'x'.repeat(bytes)} PRIVMSG #nowhere :end\r\n`);
  }

  events(faults: Partial<DeliveryFaults>): void {
    Object.assign(this.#posts.faults, faults);
  }

  /** The person's access tokens run out now; refreshing works. */
  expireTokens(person: PersonRef): void {
    this.#state.grants.expire(this.#state.people.find(person).id);
  }

  /** The person disconnects the application: tokens, grants and subscriptions that need them are gone. */
  revokeGrant(ref: PersonRef, clientId = APPLICATION.id): void {
    const person = this.#state.people.find(ref);
    this.#state.grants.disconnect(clientId, person.id);
    this.#subscriptions.revokeOf(person.id);
    this.#subscriptions.publish(
      'user.authorization.revoke',
      { client_id: clientId },
      {
        client_id: clientId,
        user_id: person.id,
        user_login: person.login,
        user_name: person.displayName,
      },
    );
  }

  /** Puts an end to all that is scripted and not yet hit, and lets everybody in again. */
  async clear(): Promise<void> {
    this.#host.faults.clear();
    this.#state.chat.clearDrops();
    this.loseSendAnswers(0);
    this.delaySendAnswers(0, 0);
    this.duplicateLines(0);
    this.#irc.desk.failNext(0);
    this.#irc.unmuteNew();
    this.events({ duplicates: 0, reordered: 0, wrongSignatures: 0, stale: 0 });
    this.withholdDeliveries(false);
    await this.accept();
  }
}
