/** One channel as it is read: what arrives on its subscriptions becomes lines, each once, in order. */
import { Quiet, type QuietLimits } from '../../quiet.ts';
import type { ReadChannel, ReaderEvents, ReaderState, WorkerDeps } from '../../worker-side.ts';
import type { SocketChannels } from '../api.external.ts';
import { envelope } from '../chat.external.ts';
import { type ReadLine, readLine } from '../chat-message.ts';
import { SeenMessages } from '../seen-messages.ts';
import { type Backfill, HISTORY_MAX } from './backfill.ts';
import type { EventCounts } from './event-counts.ts';
import type { Wanted } from './shard-listener.ts';

export interface ChatDeps extends Pick<WorkerDeps, 'clock' | 'log' | 'isOwnAccount'> {
  readonly events: Pick<ReaderEvents, 'message' | 'state'>;
  readonly backfill: Backfill;
  readonly counts: EventCounts;
  readonly carriedRoles: (line: ReadLine) => void;
  /** Lines do not arrive that VK shows to whoever asks. */
  readonly withheld: (chat: Chat) => void;
  /** The platform spoke of a stream that begins or ends. */
  readonly streamHint: (chat: Chat) => void;
}

export type Part = keyof SocketChannels;

/** In the contract's order (docs/contract/workers.md#preparing-a-vk-video-live-channel). */
const PARTS: readonly Part[] = ['chat', 'limited_chat', 'info', 'channel_points'];
const LIVE: ReaderState = { kind: 'live', reason: null };
const SECOND_MS = 1000;
const LOOKS: QuietLimits = { firstMs: 120_000, longestMs: 600_000 };
/** What was written later may still be on its way. */
const ON_THE_WAY_MS = 10_000;
const STREAM_HINT = /^(channel_)?stream_(start|stop|end|pause|resume|online_status)$/;

export class Chat {
  channel: ReadChannel;
  /** Preparations and subscriptions that failed in a row. */
  failures = 0;
  nextTryMs = 0;
  /** Troubles that are in the log, until they are over. */
  readonly #said = new Set<string>();
  readonly #deps: ChatDeps;
  #names = new Map<string, Part>();
  /** Connections a name is read on: two for a moment while one replaces the other. */
  readonly #hearers = new Map<string, Set<object>>();
  /** Parts that have been read before: when they are again, something may have been missed. */
  readonly #heardBefore = new Set<Part>();
  /** Made with the first message: most chats are quiet. */
  #seen: SeenMessages | null = null;
  #readSinceMs = Number.POSITIVE_INFINITY;
  /** When a subscription began after nobody had read: what was written earlier was sent again. */
  #heardSinceMs = 0;
  #state: ReaderState | null = null;
  #filling: 'no' | 'once' | 'and_again' = 'no';
  readonly #quiet: Quiet;
  #isLooking = false;
  /** Looks in a row that found lines nobody had delivered. */
  #withheldLooks = 0;
  #isClosed = false;

  constructor(channel: ReadChannel, deps: ChatDeps) {
    this.channel = channel;
    this.#deps = deps;
    this.#quiet = new Quiet(deps.clock, LOOKS);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get names(): readonly string[] {
    return [...this.#names.keys()];
  }

  get isHeard(): boolean {
    return this.#main !== null && this.#hearers.has(this.#main);
  }

  /** Not prepared yet, or refused since. */
  get isWaiting(): boolean {
    return !this.isHeard && (this.#names.size === 0 || this.failures > 0);
  }

  /** The public chat; where there is none, the restricted one. */
  get #main(): string | null {
    const chats = [...this.#names].filter(([, part]) => isChat(part));
    const [main = null] = chats.find(([, part]) => part === 'chat') ?? chats[0] ?? [];
    return main;
  }

  /** Whether it is this one that makes the chat read. */
  isMain(name: string): boolean {
    return name === this.#main;
  }

  partOf(name: string): Part | undefined {
    return this.#names.get(name);
  }

  get wanted(): readonly Wanted[] {
    return [...this.#names].map(([name, part]) => ({
      name,
      isLimited: part === 'limited_chat',
      isChecked: isChat(part),
    }));
  }

  /** @returns the names that are no longer its own */
  setNames(channels: SocketChannels): readonly string[] {
    const names = new Map<string, Part>();
    for (const part of PARTS) {
      const name = channels[part];
      if (name !== null && !names.has(name)) names.set(name, part);
    }
    const gone = this.names.filter((name) => !names.has(name));
    for (const name of gone) this.#hearers.delete(name);
    this.#names = names;
    return gone;
  }

  subscribed(name: string, connection: object, isRecovered: boolean): void {
    const part = this.#names.get(name);
    if (part === undefined) return;
    this.isOver(refusalOf(part));
    const hearers = this.#hearers.get(name);
    if (hearers) hearers.add(connection);
    else this.#hearers.set(name, new Set([connection]));
    if (!isChat(part)) return;
    const wasDeaf = hearers === undefined && this.#heardBefore.has(part);
    this.#heardBefore.add(part);
    this.#readSinceMs = Math.min(this.#readSinceMs, this.#deps.clock.now().getTime());
    if (this.isHeard) {
      this.failures = 0;
      if (hearers === undefined) this.#deliversAnew();
      if (this.#withheldLooks === 0) this.tell(LIVE);
    }
    if (wasDeaf) this.#heardSinceMs = this.#deps.clock.now().getTime();
    if (wasDeaf && !isRecovered) this.#fillGap();
  }

  gone(name: string, connection: object): void {
    const hearers = this.#hearers.get(name);
    if (!hearers?.delete(connection) || hearers.size > 0) return;
    this.#hearers.delete(name);
    this.missing({ kind: 'degraded', reason: 'disconnected' });
  }

  /** Why it is not read, while it is not. */
  missing(state: ReaderState): void {
    if (!this.isHeard) this.tell(state);
  }

  /** @returns whether anything changed */
  tell(state: ReaderState): boolean {
    if (this.#isClosed || (this.#state?.kind === state.kind && this.#state.reason === state.reason)) return false;
    this.#state = state;
    this.#deps.events.state(this.channel.channelId, state);
    return true;
  }

  /** @returns whether the trouble is news: what lasts for days is one line, not one for each try */
  isNews(trouble: string): boolean {
    if (this.#said.has(trouble)) return false;
    this.#said.add(trouble);
    return true;
  }

  isOver(trouble: string): void {
    this.#said.delete(trouble);
  }

  publication(raw: unknown): void {
    const { data: event } = envelope.safeParse(raw);
    const { counts } = this.#deps;
    counts.add(event?.type ?? '');
    if (event === undefined) return;
    if ('chat_message' in event.data) this.#delivered();
    if (STREAM_HINT.test(event.type)) this.#deps.streamHint(this);
    else if ('chat_message' in event.data && event.type !== 'channel_chat_message_delete') {
      const line = this.#read(event.data.chat_message, false);
      if (line === null) counts.add('unread_chat_message');
      else if (this.#isNew(line)) this.#hand(this.#marked(line));
    }
  }

  close(): void {
    this.#isClosed = true;
  }

  /** The stream runs. When nothing has come for long, VK is asked what was written; that costs nothing. */
  whileLive(): void {
    if (this.#mayLook && this.#quiet.isDue()) void this.#look();
  }

  /** Somebody wants to know now. */
  look(): void {
    if (this.#mayLook) void this.#look();
  }

  get #mayLook(): boolean {
    return this.isHeard && !this.#isLooking && this.#filling === 'no';
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    const { clock, log, backfill, withheld } = this.#deps;
    const sinceMs = Math.max(this.#readSinceMs, this.#heardSinceMs) + SECOND_MS;
    const untilMs = clock.now().getTime() - ON_THE_WAY_MS;
    const raw = await backfill.fetch(this.channel, () => !this.#isClosed);
    this.#isLooking = false;
    if (raw === null || this.#isClosed || !this.isHeard) return;
    const missed = this.#handMissed(raw, sinceMs, untilMs);
    if (missed === 0) return this.#deliversAll();
    this.#withheldLooks += 1;
    this.tell({ kind: 'degraded', reason: 'deliveries_withheld' });
    if (this.isNews('deliveries_withheld')) {
      log.warn('vkvideo_chatbot.deliveries_withheld', { channelId: this.channel.channelId, messages: missed });
    }
    // Where another connection has not helped, the next will not either.
    if (this.#withheldLooks === 1) withheld(this);
  }

  #delivered(): void {
    this.#quiet.isOver();
    this.#deliversAll();
  }

  /** A subscription that is new is not answerable for what was withheld before. */
  #deliversAnew(): void {
    this.#quiet.isOver();
    this.#withheldLooks = 0;
    this.isOver('deliveries_withheld');
  }

  /** Nothing is withheld, as far as can be seen. */
  #deliversAll(): void {
    if (this.#withheldLooks === 0) return;
    this.#withheldLooks = 0;
    this.isOver('deliveries_withheld');
    if (this.isHeard) this.tell(LIVE);
  }

  #read(raw: unknown, isBacklog: boolean): ReadLine | null {
    const { clock, isOwnAccount } = this.#deps;
    return readLine(raw, { channelId: this.channel.channelId, isBacklog, isOwnAccount, now: () => clock.now() });
  }

  #isNew({ message }: ReadLine): boolean {
    if (message.messageId === null) return true;
    this.#seen ??= new SeenMessages(this.#deps.clock);
    return this.#seen.isNew(message.messageId, message.isBacklog ? 'backlog' : 'live');
  }

  #marked(line: ReadLine): ReadLine {
    if (line.message.sentAtMs >= this.#heardSinceMs) return line;
    return { ...line, message: { ...line.message, isFetched: true } };
  }

  #hand(line: ReadLine): void {
    this.#deps.carriedRoles(line);
    this.#deps.events.message(line.message);
  }

  /** One question at a time; a gap that opens meanwhile is asked about afterwards. */
  #fillGap(): void {
    if (this.#filling !== 'no') {
      this.#filling = 'and_again';
      return;
    }
    void this.#fill();
  }

  async #fill(): Promise<void> {
    do {
      this.#filling = 'once';
      const raw = await this.#deps.backfill.fetch(this.channel, () => !this.#isClosed);
      if (raw !== null && !this.#isClosed) this.#takeHistory(raw);
    } while (this.#isAskedAgain());
    this.#filling = 'no';
  }

  #isAskedAgain(): boolean {
    return this.#filling === 'and_again';
  }

  #takeHistory(raw: readonly unknown[]): void {
    // Moments are whole seconds; VK's order is not promised (docs/platforms/vkvideo.md#chat-reads).
    const missed = this.#handMissed(raw, Math.floor(this.#readSinceMs / SECOND_MS) * SECOND_MS);
    const { channelId } = this.channel;
    if (missed > 0) this.#deps.log.info('vkvideo_chatbot.gap_filled', { channelId, messages: missed });
    // Not one that is known: the gap may have been longer than what VK remembers.
    if (missed >= HISTORY_MAX) this.#deps.log.warn('vkvideo_chatbot.gap_too_long', { channelId });
  }

  /** @returns how many lines of that time had not come */
  #handMissed(raw: readonly unknown[], sinceMs: number, untilMs = Number.POSITIVE_INFINITY): number {
    const missed = raw
      .flatMap((each) => this.#read(each, true) ?? [])
      .filter(({ message: { messageId, sentAtMs } }) => messageId !== null && sentAtMs >= sinceMs && sentAtMs < untilMs)
      .sort(({ message: a }, { message: b }) => a.sentAtMs - b.sentAtMs || byId(a.messageId, b.messageId))
      .filter((line) => this.#isNew(line));
    for (const line of missed) this.#hand(line);
    return missed.length;
  }
}

/** @returns the trouble of a part that is not granted */
export function refusalOf(part: Part): string {
  return `subscription_refused ${part}`;
}

function isChat(part: Part): boolean {
  return part === 'chat' || part === 'limited_chat';
}

/** Ids are numbers that grow. */
function byId(one: string | null, other: string | null): number {
  const [a, b] = [one ?? '', other ?? ''];
  return a.length - b.length || (a < b ? -1 : 1);
}
