/** Asks for chat where an operator named a place that has it; what it finds goes the webhook's way (docs/contract/workers.md#kick-polling). */
import type { Db } from '../../../db/pool.ts';
import { backoffMs } from '../../../lib/backoff.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import type { Timer } from '../../../lib/clock.ts';
import { PlatformRefused, PlatformUnreachable } from '../../../lib/errors.ts';
import type { HttpAnswer } from '../../../lib/http.ts';
import { Turnstile } from '../../../lib/turnstile.ts';
import type { AccountCredential, CredentialSource, NoOwner } from '../../account-side.ts';
import { CREDENTIAL_RETRY_MS, isMissing } from '../../no-credential.ts';
import type { CommonDeps } from '../../platform.ts';
import type { ReadChannel } from '../../worker-side.ts';
import { storeLine } from '../chat/stored-line.ts';
import { type Page, readPage } from './poll.external.ts';
import { readPosition, writePosition } from './position.ts';

export interface PollerDeps extends Pick<CommonDeps, 'http' | 'clock' | 'random' | 'log'> {
  readonly db: Db;
  readonly credentials: Pick<CredentialSource, 'owner' | 'renewed'>;
  /** With `{channelId}` and perhaps `{cursor}`. */
  readonly template: string;
  readonly periodMs: number;
}

interface Polled {
  readonly channel: ReadChannel;
  /** Undefined until the database was asked. */
  cursor: string | null | undefined;
  /** Of the last page: a server without a cursor gives the same page again and again. */
  seen: ReadonlySet<string> | null;
  owner: { credential: AccountCredential; untilMs: number } | null;
  dueMs: number;
  failures: number;
  isRunning: boolean;
}

const RETRY = { firstMs: 2000, longestMs: 60_000 };
/** Asking the database who owns a channel once a second would be most of the work. */
const OWNER_KEPT_MS = 60_000;
const CALLS_AT_ONCE = 8;

export class Poller {
  readonly #deps: PollerDeps;
  readonly #turnstile = new Turnstile(CALLS_AT_ONCE);
  #polled = new Map<ChannelId, Polled>();
  #timer: Timer | null = null;
  #isClosed = false;

  constructor(deps: PollerDeps) {
    this.#deps = deps;
  }

  setChannels(channels: readonly ReadChannel[]): void {
    const before = this.#polled;
    this.#polled = new Map(
      channels.map((channel) => {
        const known = before.get(channel.channelId);
        return [channel.channelId, known?.channel.target === channel.target ? known : unpolled(channel)];
      }),
    );
    if (this.#timer === null && !this.#isClosed) this.#round();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #round(): void {
    const { clock, periodMs } = this.#deps;
    for (const polled of this.#polled.values()) {
      if (polled.isRunning || clock.monotonicMs() < polled.dueMs) continue;
      polled.isRunning = true;
      void this.#turnstile.run(() => this.#poll(polled));
    }
    this.#timer = clock.setTimer(periodMs, () => this.#round(), { unref: true });
  }

  async #poll(polled: Polled): Promise<void> {
    const { clock, random, log } = this.#deps;
    const { channelId } = polled.channel;
    try {
      if (!this.#isClosed && this.#polled.get(channelId) === polled) await this.#take(polled, await this.#ask(polled));
      polled.failures = 0;
    } catch (error) {
      polled.failures += 1;
      const isTokenLate = error instanceof TokenUnavailable;
      polled.dueMs =
        clock.monotonicMs() + (isTokenLate ? CREDENTIAL_RETRY_MS : backoffMs(polled.failures, RETRY, random));
      const status = error instanceof PlatformRefused ? (error.status ?? null) : null;
      if (polled.failures === 1) log.warn('kick_chatbot.ingest_failed', { channelId, status, error });
    }
    polled.isRunning = false;
  }

  async #ask(polled: Polled): Promise<Page> {
    const { db, clock, credentials } = this.#deps;
    const { channel } = polled;
    if (polled.cursor === undefined) polled.cursor = await readPosition(db, channel);
    if (polled.owner === null || clock.monotonicMs() >= polled.owner.untilMs) {
      const credential = await credentials.owner(channel.channelId);
      if (isMissing(credential)) throw withoutToken(credential);
      polled.owner = { credential, untilMs: clock.monotonicMs() + OWNER_KEPT_MS };
    }
    let answer = await this.#get(polled, polled.owner.credential);
    if (answer.status === 401) {
      const { credential } = polled.owner;
      polled.owner = null;
      const renewed = await credentials.renewed(credential, credential.accessToken);
      if (isMissing(renewed)) throw withoutToken(renewed);
      answer = await this.#get(polled, renewed);
    }
    const page = answer.status < 300 ? readPage(answer.json(), channel.target) : null;
    if (page !== null) return page;
    throw new PlatformRefused(`the chat poll was answered with ${answer.status}`, { status: answer.status });
  }

  #get({ channel, cursor }: Polled, { accessToken }: AccountCredential): Promise<HttpAnswer> {
    const { http, template } = this.#deps;
    const url = template
      .replaceAll('{channelId}', encodeURIComponent(channel.target))
      .replaceAll('{cursor}', encodeURIComponent(cursor ?? ''));
    return http(url, { headers: { accept: 'application/json', authorization: `Bearer ${accessToken}` } });
  }

  /** Of a chat that was never asked for before, the first page only tells where it is. */
  async #take(polled: Polled, { lines, cursor }: Page): Promise<void> {
    const { db, clock } = this.#deps;
    const { channelId } = polled.channel;
    const isFirst = polled.seen === null && polled.cursor === null;
    for (const line of isFirst ? [] : lines) {
      if (polled.seen?.has(line.messageId)) continue;
      await storeLine(db, channelId, `poll:${line.messageId}`, line, clock.now());
    }
    polled.seen = new Set(lines.map(({ messageId }) => messageId));
    if (cursor === null || cursor === polled.cursor) return;
    await writePosition(db, polled.channel, cursor, clock.now());
    polled.cursor = cursor;
  }
}

/** Kick was not asked, or refused the old token: the next try waits for a token alone. */
class TokenUnavailable extends PlatformUnreachable {}

function withoutToken(missing: NoOwner): PlatformRefused | TokenUnavailable {
  switch (missing) {
    case 'none':
    case 'unlinked':
    case 'unreadable':
      return new PlatformRefused('The streamer must link the Kick account again');
    case 'unavailable':
      return new TokenUnavailable('No Kick token is available at the moment');
  }
}

function unpolled(channel: ReadChannel): Polled {
  const dueMs = Number.NEGATIVE_INFINITY;
  return { channel, cursor: undefined, seen: null, owner: null, dueMs, failures: 0, isRunning: false };
}
