/** Everything that can go wrong on the simulated Trovo, on request. */
import type { Clock } from '../../src/lib/clock.ts';
import type { HttpFault } from '../world/faults.ts';
import type { Host } from '../world/host.ts';
import type { PersonRef } from '../world/people.ts';
import { Refusal, type RefusalCode } from './errors.ts';
import type { ChatServer } from './socket/server.ts';
import { APPLICATION, roomOf, type TrovoState } from './state.ts';

const OVERSIZED_BYTES = 2_000_000;

export class TrovoFaults {
  readonly #state: TrovoState;
  readonly #host: Host;
  readonly #sockets: ChatServer;
  readonly #clock: Clock;

  constructor(state: TrovoState, host: Host, sockets: ChatServer) {
    this.#state = state;
    this.#host = host;
    this.#sockets = sockets;
    this.#clock = state.clock;
  }

  /** Every connection is reset, chat and HTTP. */
  dropConnections(): void {
    this.#sockets.cutAll();
    this.#host.cutConnections();
  }

  /** Chat connections are closed with a goodbye. */
  closeSockets(code?: number, reason?: string): void {
    this.#sockets.closeAll(code, reason);
  }

  /** Chat connections fall silent and deaf while TCP stays up; with `alsoNew` those made until `unmute` too. */
  mute(alsoNew = false): void {
    this.#sockets.mute(alsoNew);
  }

  /** Chat connections whose host is gone without a FIN: what clients send is swallowed. New ones work. */
  halfOpen(): void {
    this.#sockets.halfOpen();
  }

  /** Chat goes to nobody who is connected now; nobody is told, and pings are answered. New connections get it. */
  forgetReaders(): void {
    this.#sockets.forgetReaders();
  }

  /** New connections work again; mute ones stay mute. */
  unmute(): void {
    this.#sockets.unmuteNew();
  }

  /** Nobody gets through until `accept`, or until the time is over. */
  async refuse(forMs?: number): Promise<void> {
    this.#sockets.cutAll();
    await this.#host.refuse();
    if (forMs !== undefined) this.#clock.setTimer(forMs, () => void this.accept());
  }

  async accept(): Promise<void> {
    if (!this.#host.isListening) await this.#host.listen();
  }

  /** The next calls of a path (from `/openplatform/…`) run into this. */
  http(fault: HttpFault): void {
    this.#host.faults.add(fault);
  }

  /** 11706 with the headers that say when to come back. */
  tooManyRequests(path: string, resetInSeconds: number, times = 1): void {
    const headers = this.#state.limits.headers(0, resetInSeconds * 1000);
    this.http({ kind: 'answer', ...new Refusal(11706).answer, headers, path, times });
  }

  /** The next messages of accounts are refused with this number. @param http in the place of its usual status */
  refuseMessages(code: RefusalCode, times = 1, channel?: PersonRef, http?: number): void {
    const roomId = channel === undefined ? null : roomOf(this.#state, channel).id;
    this.#state.chat.refuseNext(roomId, code, times, http);
  }

  /** The account is blocked on the whole platform: 11400. */
  blockAccount(person: PersonRef, blocked = true): void {
    const { id } = this.#state.people.find(person);
    if (blocked) this.#state.chat.blockedAccounts.add(id);
    else this.#state.chat.blockedAccounts.delete(id);
  }

  /** The next clients that authenticate are told no, and closed. */
  refuseAuth(times = 1, error = 'invalid token'): void {
    this.#sockets.script.answerAuth({ kind: 'refused', error }, times);
  }

  /** The next clients that authenticate hear nothing. */
  ignoreAuth(times = 1): void {
    this.#sockets.script.answerAuth({ kind: 'ignored' }, times);
  }

  /** Every chat token handed out so far is too old from now on. */
  expireChatTokens(): void {
    this.#state.chatTokens.expireAll();
  }

  /** The next pings stay unanswered; everything else goes on. */
  ignorePings(times = 1): void {
    this.#sockets.script.unansweredPings = times;
  }

  /** What the next PONGs ask for, in seconds, one after the other; the last one stays. */
  changeGap(...seconds: number[]): void {
    this.#sockets.script.gaps = seconds;
  }

  /** The next clients are shown the history before they are told that they are let in, and after. */
  historyBeforeResponse(times = 1): void {
    this.#sockets.script.earlyHistories = times;
  }

  /** A RESPONSE to a question nobody asked, on every chat connection. */
  strayResponse(nonce = 'never-asked', error?: string): void {
    this.#sockets.sendRaw(JSON.stringify({ type: 'RESPONSE', nonce, error }));
  }

  /** The next viewers' lines arrive twice, with one message id. */
  duplicateLines(times = 1): void {
    this.#state.chat.duplicates = times;
  }

  /** No JSON at all, on every chat connection. */
  garbage(data: string | Buffer = '{"type":"CHAT","data":{"chats":[{'): void {
    this.#sockets.sendRaw(data);
  }

  /** One frame of two megabytes, on every chat connection. */
  oversizedFrame(bytes = OVERSIZED_BYTES): void {
    this.#sockets.sendRaw(JSON.stringify({ type: 'CHAT', data: { eid: 'x'.repeat(bytes), chats: [] } }));
  }

  /** The person's access tokens run out now: 11714; refreshing works. */
  expireTokens(person: PersonRef): void {
    this.#state.tokens.expire(this.#state.people.find(person).id);
  }

  /** The person's refresh tokens run out now: 11712. */
  expireRefreshTokens(person: PersonRef): void {
    this.#state.tokens.expireRefresh(this.#state.people.find(person).id);
  }

  /** The person disconnects the application: tokens and grants are gone (11704, 11713, 11707). */
  revokeGrant(person: PersonRef): void {
    this.#state.tokens.disconnect(APPLICATION.id, this.#state.people.find(person).id);
  }

  /** Puts an end to all that is scripted and not yet hit, and lets everybody in again. */
  async clear(): Promise<void> {
    this.#host.faults.clear();
    this.#state.chat.clearRefusals();
    this.#state.chat.blockedAccounts.clear();
    this.duplicateLines(0);
    this.#sockets.script.clear();
    this.#sockets.unmuteNew();
    await this.accept();
  }
}
