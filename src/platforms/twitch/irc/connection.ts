/** The connection that reads every channel: always one, renewed for ever, with a fresh token each time. */
import { type BackoffLimits, backoffMs } from '../../../lib/backoff.ts';
import type { Clock, Timer } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { CredentialSource, NoCredential, SenderCredential } from '../../account-side.ts';
import { CREDENTIAL_RETRY_MS, CREDENTIALS_UNAVAILABLE, isMissing, stateWithout } from '../../no-credential.ts';
import type { ReaderState } from '../../worker-side.ts';
import type { IrcLine } from './line.ts';
import { SlidingWindow, shareOf } from './pacing.ts';
import { type Ending, Session } from './session.ts';

export interface ConnectionDeps {
  readonly url: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly credentials: CredentialSource;
  readonly limitShare: () => number;
  readonly listener: ConnectionListener;
}

export interface ConnectionListener {
  /** A session is ready to join rooms; the one before, if any, stays open until `retireOld`. */
  up(session: Session): void;
  /** A session that had been up is gone. */
  down(session: Session): void;
  /** Why there is none at the moment. */
  missing(state: ReaderState): void;
  line(session: Session, line: IrcLine): void;
}

type Farewell = Ending | { kind: 'replaced' };

const RECONNECT: BackoffLimits = { firstMs: 1_000, longestMs: 30_000 };
const NO_SENDER_RETRY_MS = 30_000;
/** A session that lasted this long starts the next backoff from the beginning. */
const STABLE_AFTER_MS = 10_000;
const LOGINS_PER_10S = 20;

export class Connection {
  readonly #deps: ConnectionDeps;
  readonly #logins = new SlidingWindow(10_500);
  #session: Session | null = null;
  /** Still reading while its successor joins. */
  #old: Session | null = null;
  /** Ends the wait for the current session when another is to take its place. */
  #replace: (() => void) | null = null;
  #wake: (() => void) | null = null;
  #failures = 0;
  /** Cleared by a login that works and by a changed sender: a refused account is refreshed once, not for ever. */
  #hasRenewed = false;
  #renewed: SenderCredential | null = null;
  /** Whether the missing credential has been logged. */
  #isTold = false;
  /** A change that came while nobody waited for it. */
  #isSenderChanged = false;
  #isStarted = false;
  #isClosed = false;

  constructor(deps: ConnectionDeps) {
    this.#deps = deps;
    deps.credentials.onDefaultSenderChanged(() => void this.#onSenderChanged());
  }

  /** Key of the account that is logged in; null while none is. */
  get key(): string | null {
    const session = this.#session?.isRegistered ? this.#session : this.#old;
    return session?.key ?? null;
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    void this.#keepUp();
  }

  /** The newest session reads everything by itself now. */
  retireOld(): void {
    this.#old?.retire();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake?.();
    await Promise.all([this.#session?.close(), this.#old?.close()]);
  }

  async #keepUp(): Promise<void> {
    while (!this.#isClosed) {
      this.#isSenderChanged = false;
      const credential = await this.#nextCredential();
      if (isMissing(credential)) {
        await this.#pause(credential === 'none' ? NO_SENDER_RETRY_MS : CREDENTIAL_RETRY_MS);
        continue;
      }
      this.#isTold = false;
      await this.#loginAllowed();
      if (this.#isClosed) return;
      const startedMs = this.#deps.clock.monotonicMs();
      const farewell = await this.#live(credential);
      if (this.#isClosed) return;
      await this.#recover(farewell, credential, this.#deps.clock.monotonicMs() - startedMs);
    }
  }

  async #nextCredential(): Promise<(SenderCredential & { login: string }) | NoCredential> {
    const { credentials, log, listener } = this.#deps;
    const renewed = this.#renewed;
    this.#renewed = null;
    const credential = renewed ?? (await credentials.defaultSender().catch((error) => this.#unavailable(error)));
    const login = isMissing(credential) ? '' : (credential.login?.trim().toLowerCase() ?? '');
    if (!isMissing(credential) && login !== '') return { ...credential, login };
    const missing = isMissing(credential) ? credential : 'none';
    if (missing === 'none') log.warn('chatbot.no_bot_user');
    listener.missing(stateWithout(missing, 'no_default_client'));
    return missing;
  }

  /** What the database does not tell now, it tells later. Said once, however often it is asked. */
  #unavailable(error: unknown): NoCredential {
    if (!this.#isTold) this.#deps.log.warn('chatbot.no_access_token', { error });
    this.#isTold = true;
    return 'unavailable';
  }

  async #loginAllowed(): Promise<void> {
    const { clock, limitShare } = this.#deps;
    for (;;) {
      const now = clock.monotonicMs();
      const max = shareOf(LOGINS_PER_10S, limitShare());
      const waitMs = this.#logins.nextFreeMs(now, max) - now;
      if (waitMs <= 0) return this.#logins.take(now, 1, max);
      await clock.sleep(waitMs);
    }
  }

  /** Resolves when the session has ended, or when it is time for its successor while it still reads. */
  #live(credential: SenderCredential & { login: string }): Promise<Farewell> {
    const { url, clock, listener, log } = this.#deps;
    return new Promise((resolve) => {
      let wasUp = false;
      const session = new Session({
        url,
        clock,
        nick: credential.login,
        accessToken: credential.accessToken,
        key: credential.key,
        userId: credential.platformUserId,
        handlers: {
          registered: () => {
            wasUp = true;
            this.#hasRenewed = false;
            log.info('chatbot.connected', { login: session.nick });
            listener.up(session);
          },
          line: listener.line,
          reconnectAsked: () => this.#replaceBy(session, resolve),
          ended: (_session, ending) => {
            if (this.#session === session) this.#session = null;
            if (this.#old === session) this.#old = null;
            const reason = ending.kind === 'lost' ? ending.reason : ending.kind;
            const level = reason === 'closed_by_us' ? 'info' : 'warn';
            log[level](wasUp ? 'chatbot.disconnected' : 'chatbot.connect_failed', { login: session.nick, reason });
            if (wasUp) listener.down(session);
            resolve(ending);
          },
        },
      });
      this.#session = session;
      this.#replace = () => this.#replaceBy(session, resolve);
    });
  }

  #replaceBy(session: Session, leave: (farewell: Farewell) => void): void {
    if (this.#session !== session) return;
    this.#session = null;
    if (session.isRegistered) {
      void this.#old?.close();
      this.#old = session;
    }
    // Reads nothing yet; let in late, it would take the rooms back from its successor.
    else void session.close();
    leave({ kind: 'replaced' });
  }

  async #recover(farewell: Farewell, credential: SenderCredential, lastedMs: number): Promise<void> {
    if (farewell.kind === 'login_refused') return this.#recoverLogin(credential);
    this.#failures = lastedMs >= STABLE_AFTER_MS ? 1 : this.#failures + 1;
    // A session without successor yet keeps reading its rooms; only the others learn that there is none.
    if (farewell.kind === 'lost') this.#deps.listener.missing({ kind: 'degraded', reason: 'disconnected' });
    await this.#pause(backoffMs(this.#failures, RECONNECT, this.#deps.random));
  }

  /** The refused token is not used again: another one is asked for until there is one, or none can be had. */
  async #recoverLogin(credential: SenderCredential): Promise<void> {
    const { credentials, listener } = this.#deps;
    while (!this.#hasRenewed) {
      const renewed = await credentials
        .renewed(credential, credential.accessToken)
        .catch((error) => this.#unavailable(error));
      if (renewed !== 'unavailable') {
        this.#hasRenewed = true;
        if (renewed === 'none') break;
        this.#renewed = renewed;
        return;
      }
      listener.missing(CREDENTIALS_UNAVAILABLE);
      await this.#pause(CREDENTIAL_RETRY_MS);
      if (this.#isClosed || this.#isSenderChanged) return;
    }
    this.#deps.log.warn('chatbot.no_access_token', { login: credential.login });
    this.#deps.listener.missing({ kind: 'needs_user_action', reason: 'login_refused' });
    await this.#pause(NO_SENDER_RETRY_MS);
  }

  /** Another account takes over at once; a connection of an account that may not be used any more is closed. */
  async #onSenderChanged(): Promise<void> {
    this.#hasRenewed = false;
    this.#renewed = null;
    this.#failures = 0;
    this.#isSenderChanged = true;
    this.#wake?.();
    const current = this.#session;
    if (!current) return;
    const sender = await this.#deps.credentials.defaultSender().catch(() => 'unavailable' as const);
    // What has no token now has not ended: the connection reads on.
    if (sender === 'unavailable' || this.#session !== current) return;
    if (sender === 'none') void current.close();
    else if (sender.key !== current.key) this.#replace?.();
  }

  #pause(delayMs: number): Promise<void> {
    if (this.#isClosed || this.#isSenderChanged) return Promise.resolve();
    return new Promise((resolve) => {
      const timer: Timer = this.#deps.clock.setTimer(delayMs, () => this.#wake?.());
      this.#wake = () => {
        this.#wake = null;
        timer.cancel();
        resolve();
      };
    });
  }
}
