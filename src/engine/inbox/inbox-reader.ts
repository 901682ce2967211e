/** Reads what webhooks stored for the channels this worker holds, and hands it to the pipeline like any chat. */
import type pg from 'pg';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ChatMessage, ReadChannel, WaitingDelivery, WebhookInbox } from '../../platforms/worker-side.ts';
import { Refresher } from '../refresher.ts';
import { Marks } from './marks.ts';
import type { Receipt } from './receipt.ts';

export interface InboxReaderDeps {
  readonly pg: pg.Pool;
  readonly provider: ProviderId;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly logPrefix: string;
  readonly inbox: WebhookInbox;
  readonly channels: {
    /** Active, and leased by this copy. */
    held(): ReadonlyMap<ChannelId, ReadChannel>;
    onChange(listener: () => void): void;
  };
  readonly startNumber: () => number | null;
  readonly isListening: () => boolean;
  /** Whether our own accounts are known: until then nobody can tell our lines from a viewer's. */
  readonly knowsOwnAccounts: () => boolean;
  /** How often to look while no hints arrive. */
  readonly pollMs: number;
  readonly message: (message: ChatMessage, receipt: Receipt) => void;
}

interface WaitingRow extends WaitingDelivery {
  readonly seq: number;
  readonly channelId: ChannelId;
}

const ACCOUNTS_AWAITED_MS = 100;
/** While hints arrive this only heals what was missed. */
const LISTENING_POLL_MS = 30_000;
/** A channel's next lines wait until these are done; other channels do not. */
const LINES_AT_ONCE = 100;
/** What waited while no worker ran may be more than fits into memory. */
const LINES_IN_HAND = 10_000;

export class InboxReader {
  readonly #deps: InboxReaderDeps;
  readonly #refresher: Refresher;
  readonly #marks: Marks;
  /** Channels whose lines are being handled, and whether more have come meanwhile. */
  readonly #busy = new Map<ChannelId, boolean>();
  #linesInHand = 0;
  /** More may wait than could be taken. */
  #isFull = false;
  #timer: Timer | null = null;
  #accountsTimer: Timer | null = null;
  #lastLookMs: number;
  #isStopped = false;

  constructor(deps: InboxReaderDeps) {
    this.#deps = deps;
    this.#marks = new Marks(deps);
    this.#refresher = new Refresher({
      clock: deps.clock,
      random: deps.random,
      refresh: (channelIds) => this.#read(channelIds),
      failed: (error, isFirst) => {
        if (isFirst) deps.log.warn(`${deps.logPrefix}inbox_read_failed`, { error });
      },
    });
    this.#lastLookMs = deps.clock.monotonicMs();
    deps.channels.onChange(() => this.wake(null));
    this.#schedule();
  }

  /** Something was stored: for one channel, or for any (null). */
  wake(channelId: ChannelId | null): void {
    if (channelId === null) this.#lastLookMs = this.#deps.clock.monotonicMs();
    if (channelId === null || this.#deps.channels.held().has(channelId)) this.#refresher.want(channelId);
  }

  /** Reads nothing more; what was handed over goes its way. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#accountsTimer?.cancel();
    this.#refresher.stop();
    this.#marks.stop();
  }

  #schedule(): void {
    const { clock, pollMs, isListening } = this.#deps;
    this.#timer = clock.setTimer(
      pollMs,
      () => {
        const isDue = clock.monotonicMs() - this.#lastLookMs >= (isListening() ? LISTENING_POLL_MS : pollMs);
        if (isDue) this.wake(null);
        this.#schedule();
      },
      { unref: true },
    );
  }

  async #read(channelIds: ReadonlySet<ChannelId> | null): Promise<void> {
    const { pg, provider, channels, startNumber, clock, knowsOwnAccounts } = this.#deps;
    if (!knowsOwnAccounts()) {
      // What is wanted now is part of everything.
      this.#accountsTimer?.cancel();
      this.#accountsTimer = clock.setTimer(ACCOUNTS_AWAITED_MS, () => this.wake(null), { unref: true });
      return;
    }
    const ours = startNumber();
    const free = [...(channelIds ?? channels.held().keys())].filter((channelId) => this.#isFree(channelId));
    if (ours === null || free.length === 0) return;
    const room = LINES_IN_HAND - this.#linesInHand;
    const { rows } =
      room > 0
        ? await pg.query<WaitingRow>({ name: 'inbox', text: READ, values: [provider, free, ours, room] })
        : { rows: [] };
    if (rows.length >= room) this.#isFull = true;
    for (const [channelId, lines] of Map.groupBy(rows, (row) => row.channelId)) {
      const channel = channels.held().get(channelId);
      if (channel === undefined || this.#isStopped) continue;
      this.#busy.set(channelId, lines.length === LINES_AT_ONCE);
      this.#linesInHand += lines.length;
      void this.#handle(channel, lines);
    }
  }

  #isFree(channelId: ChannelId): boolean {
    if (!this.#busy.has(channelId)) return true;
    this.#busy.set(channelId, true);
    return false;
  }

  async #handle(channel: ReadChannel, lines: readonly WaitingRow[]): Promise<void> {
    const unmarked: number[] = [];
    const handed = lines.map(
      (line) =>
        new Promise<void>((resolve) => {
          const done = (isMarked: boolean) => {
            if (!isMarked) unmarked.push(line.seq);
            resolve();
          };
          const message = this.#understand(channel, line);
          if (message === null) done(false);
          else this.#deps.message(message, { seq: line.seq, done });
        }),
    );
    await Promise.all(handed);
    await this.#marks.write(unmarked);
    const isMore = this.#busy.get(channel.channelId);
    this.#busy.delete(channel.channelId);
    this.#linesInHand -= lines.length;
    if (this.#isFull && this.#linesInHand <= LINES_IN_HAND / 2) {
      this.#isFull = false;
      this.wake(null);
    } else if (isMore) this.wake(channel.channelId);
  }

  /** A line nobody understands must not hold up the ones behind it. */
  #understand(channel: ReadChannel, line: WaitingRow): ChatMessage | null {
    const { inbox, log, logPrefix } = this.#deps;
    const { channelId } = channel;
    try {
      const message = inbox.read(channel, line);
      if (message === null) log.warn(`${logPrefix}inbox_unreadable`, { channelId, eventType: line.eventType });
      return message;
    } catch (error) {
      log.error(`${logPrefix}inbox_unreadable`, { channelId, eventType: line.eventType, error });
      return null;
    }
  }
}

// $1 provider, $2 channels, $3 our start number, $4 lines at most. Of a channel that is another's by now there is nothing to read.
const READ = `
  select line.seq, line."channelId", line."eventType", line.payload, line."receivedAt"
  from unnest($2::text[]) as wanted (channel_id)
  join "BotChannelLease" lease
    on lease.provider = $1 and lease."channelId" = wanted.channel_id and lease."startNumber" = $3
  cross join lateral (
    select * from "WebhookInbox" i
    where i.provider = $1 and i."channelId" = wanted.channel_id and i.status = 'pending'
    order by i.seq limit ${LINES_AT_ONCE}
  ) line
  order by line.seq limit $4`;
