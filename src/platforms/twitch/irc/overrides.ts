/** Write-only connections of channels with a bot account of their own: opened on first use, closed when idle. */
import type { Clock, Timer } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { CredentialSource, SenderCredential } from '../../account-side.ts';
import { CREDENTIAL_RETRY_MS, isMissing } from '../../no-credential.ts';
import type { ReadChannel, SendOutcome } from '../../worker-side.ts';
import { deliver } from './delivery.ts';
import { type IrcLine, roomIn, tagOf } from './line.ts';
import { SlidingWindow, shareOf } from './pacing.ts';
import { JOIN_REFUSALS } from './rooms.ts';
import { Session } from './session.ts';
import type { Standings } from './standings.ts';
import type { Utterance } from './wording.ts';

export interface OverridesDeps {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly credentials: Pick<CredentialSource, 'renewed'>;
  readonly standings: Standings;
  readonly joinsPer10s: number;
  readonly limitShare: () => number;
}

interface Link {
  session: Session | null;
  opening: Promise<Session | 'failed' | 'unauthorized'> | null;
  readonly rooms: Map<string, OverrideRoom>;
  readonly joins: SlidingWindow;
  /** Until then a connection or room that failed is not tried again. */
  brokenUntilMs: number;
  usedAtMs: number;
  idleTimer: Timer | null;
}

interface OverrideRoom {
  step: 'asked' | 'joined' | 'refused';
  retryAtMs: number;
  joined: Promise<boolean>;
  answer: (isJoined: boolean) => void;
}

const JOIN_TIMEOUT_MS = 5_000;
const IDLE_MS = 300_000;
const RETRY_MS = 60_000;

export class Overrides {
  readonly #deps: OverridesDeps;
  readonly #links = new Map<string, Link>();
  #isClosed = false;

  constructor(deps: OverridesDeps) {
    this.#deps = deps;
  }

  /** @returns `unusable` when the account cannot speak there now, so that the default sender is to */
  async send(
    channel: ReadChannel,
    room: string,
    utterance: Utterance,
    as: SenderCredential,
    deadlineMs: number,
  ): Promise<SendOutcome | 'unusable'> {
    const { clock, log } = this.#deps;
    const startedMs = clock.monotonicMs();
    const spentMs = () => clock.monotonicMs() - startedMs;
    // The other half is left for the message itself, here or through the default sender.
    const prepareMs = deadlineMs / 2;
    const fields = { channelId: channel.channelId, overrideExternalAccountId: as.accountId };
    const link = this.#linkOf(as.key);
    const session = await this.#within(this.#sessionOf(link, as), prepareMs, 'failed' as const);
    if (session === 'unauthorized') return { kind: 'unauthorized', reason: 'login_refused' };
    if (session === 'failed') {
      log.warn('chatbot.override.connect_failed', fields);
      return 'unusable';
    }
    const isJoined = await this.#within(this.#join(link, session, room), prepareMs - spentMs(), false);
    if (!isJoined) {
      log.warn('chatbot.override.join_failed', { ...fields, login: room.slice(1) });
      return 'unusable';
    }
    log.info('chatbot.say.sender', { ...fields, sender: 'override' });
    const { standings } = this.#deps;
    const text = utterance.wording(standings.isPrivileged(as.platformUserId, room));
    const outcome = await deliver(session, room, text, deadlineMs - spentMs(), clock);
    if (outcome.kind !== 'sent') standings.refused(as.platformUserId, room, outcome.reason);
    return utterance.end(outcome);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const links = [...this.#links.values()];
    for (const link of links) link.idleTimer?.cancel();
    await Promise.all(links.map((link) => link.session?.close()));
  }

  #linkOf(key: string): Link {
    const known = this.#links.get(key);
    if (known) {
      known.usedAtMs = this.#deps.clock.monotonicMs();
      return known;
    }
    const link: Link = {
      session: null,
      opening: null,
      rooms: new Map(),
      joins: new SlidingWindow(10_500),
      brokenUntilMs: 0,
      usedAtMs: this.#deps.clock.monotonicMs(),
      idleTimer: null,
    };
    this.#links.set(key, link);
    this.#watchIdle(key, link, IDLE_MS);
    return link;
  }

  #watchIdle(key: string, link: Link, delayMs: number): void {
    const check = () => {
      const leftMs = link.usedAtMs + IDLE_MS - this.#deps.clock.monotonicMs();
      if (leftMs > 0) return this.#watchIdle(key, link, leftMs);
      this.#links.delete(key);
      void link.session?.close();
    };
    link.idleTimer = this.#deps.clock.setTimer(delayMs, check, { unref: true });
  }

  async #sessionOf(link: Link, as: SenderCredential): Promise<Session | 'failed' | 'unauthorized'> {
    if (link.session?.isRegistered) return link.session;
    if (link.opening) return link.opening;
    if (this.#isClosed || this.#deps.clock.monotonicMs() < link.brokenUntilMs) return 'failed';
    link.opening = this.#open(link, as);
    try {
      const opened = await link.opening;
      if (opened === 'failed') link.brokenUntilMs = this.#deps.clock.monotonicMs() + RETRY_MS;
      return opened;
    } catch (error) {
      this.#deps.log.warn('chatbot.override.connect_failed', { overrideExternalAccountId: as.accountId, error });
      return 'failed';
    } finally {
      link.opening = null;
    }
  }

  /** One login, and one more with a renewed token when the first is refused. */
  async #open(link: Link, as: SenderCredential): Promise<Session | 'failed' | 'unauthorized'> {
    const first = await this.#logIn(link, as);
    if (first !== 'unauthorized') return first;
    const { credentials, clock } = this.#deps;
    const renewed = await credentials.renewed(as, as.accessToken);
    if (!isMissing(renewed)) return this.#logIn(link, renewed);
    // The refused token is not worth a login for every message.
    if (renewed === 'unavailable') link.brokenUntilMs = clock.monotonicMs() + CREDENTIAL_RETRY_MS;
    return 'unauthorized';
  }

  #logIn(link: Link, as: SenderCredential): Promise<Session | 'failed' | 'unauthorized'> {
    const { url, clock, log } = this.#deps;
    const fields = { overrideExternalAccountId: as.accountId };
    const login = as.login?.trim().toLowerCase();
    if (!login || this.#isClosed) return Promise.resolve('failed');
    return new Promise((resolve) => {
      const session = new Session({
        url,
        clock,
        nick: login,
        accessToken: as.accessToken,
        key: as.key,
        userId: as.platformUserId,
        handlers: {
          registered: () => {
            log.info('chatbot.override.connected', fields);
            resolve(session);
          },
          line: (_session, line) => this.#handle(link, session, line),
          reconnectAsked: () => {
            // The next message dials anew.
            if (link.session === session) this.#detach(link);
            session.retire();
          },
          ended: (_session, ending) => {
            if (link.session === session) this.#detach(link);
            resolve(ending.kind === 'login_refused' ? 'unauthorized' : 'failed');
          },
        },
      });
      link.session = session;
    });
  }

  #detach(link: Link): void {
    link.session = null;
    for (const room of link.rooms.values()) room.answer(false);
    link.rooms.clear();
  }

  #join(link: Link, session: Session, name: string): Promise<boolean> {
    const { clock } = this.#deps;
    const now = clock.monotonicMs();
    const known = link.rooms.get(name);
    if (known && (known.step !== 'refused' || now < known.retryAtMs)) return known.joined;

    const max = shareOf(this.#deps.joinsPer10s, this.#deps.limitShare());
    if (link.joins.free(now, max) === 0) return Promise.resolve(false);
    link.joins.take(now, 1, max);
    const { promise: joined, resolve: answer } = Promise.withResolvers<boolean>();
    const room: OverrideRoom = { step: 'asked', retryAtMs: now + RETRY_MS, joined, answer };
    link.rooms.set(name, room);
    if (known) session.write(`PART ${name}`);
    session.write(`JOIN ${name}`);
    return this.#within(joined, JOIN_TIMEOUT_MS, false).then((isJoined) => {
      if (!isJoined && room.step === 'asked') room.step = 'refused';
      if (!isJoined) room.answer(false);
      return isJoined;
    });
  }

  #handle(link: Link, session: Session, line: IrcLine): void {
    // One that retires speaks for rooms its successor has yet to join.
    if (line.command === 'PRIVMSG' || link.session !== session) return;
    const name = roomIn(line);
    const room = link.rooms.get(name);
    if (!room) return;
    if (line.command === 'USERSTATE') this.#deps.standings.shown(session.userId, name, line.tags);
    else if (line.command === 'ROOMSTATE' && room.step === 'asked') {
      room.step = 'joined';
      room.answer(true);
    } else if (line.command === 'PART') link.rooms.delete(name);
    else if (line.command === 'NOTICE' && room.step === 'asked' && JOIN_REFUSALS[tagOf(line.tags, 'msg-id') ?? '']) {
      room.step = 'refused';
      room.answer(false);
    }
  }

  async #within<T>(work: Promise<T>, limitMs: number, otherwise: T): Promise<T> {
    let timer: Timer | null = null;
    const timeout = new Promise<T>((resolve) => {
      timer = this.#deps.clock.setTimer(limitMs, () => resolve(otherwise));
    });
    try {
      return await Promise.race([work, timeout]);
    } finally {
      (timer as Timer | null)?.cancel();
    }
  }
}
