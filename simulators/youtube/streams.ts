/** Streams that push a chat to whoever opened them, over gRPC or as one long HTTP answer. */
import type { Timer } from '../../src/lib/clock.ts';
import type { Caller } from './callers.ts';
import type { Chat } from './chat.ts';
import { type ChatResponse, openChat, type ReadRequest, responseOf, startOf } from './reading.ts';
import { Refusal } from './refusal.ts';
import type { YouTubeState } from './state.ts';

/** How responses leave: one for each transport. */
export interface StreamExit {
  /** @returns false when it wants no more before `OpenStream.resume` */
  write(response: ChatResponse): boolean;
  /** Status OK, or the end of the array. */
  end(): void;
  fail(refusal: Refusal): void;
  /** The end comes without the words that belong to it. */
  breakOff(): void;
  /** Bytes that are no response at all. */
  garble(bytes: Buffer): void;
}

const ITEMS_PER_RESPONSE = 100;
const MINUTE_MS = 60_000;

export class Streams {
  readonly #state: YouTubeState;
  readonly #open = new Set<OpenStream>();
  readonly #opened = new Map<string, number[]>();

  constructor(state: YouTubeState) {
    this.#state = state;
  }

  /** @throws Refusal when the stream may not be opened */
  open(caller: Caller, request: ReadRequest, exit: StreamExit): OpenStream {
    const chat = openChat(this.#state, caller, request);
    this.#pace(caller, chat);
    const position = startOf(this.#state, chat, request.pageToken, 'stream');
    const stream = new OpenStream(this.#state, { caller, chat, position, parts: request.parts, exit }, () =>
      this.#open.delete(stream),
    );
    this.#open.add(stream);
    stream.begin();
    return stream;
  }

  /** The streams that are open now and not mute. */
  of(chat: Chat): OpenStream[] {
    return [...this.#open].filter((stream) => stream.chat === chat && !stream.isMute);
  }

  all(): OpenStream[] {
    return [...this.#open];
  }

  /** One that reopens all the time is refused (docs/platforms/youtube.md#stream-messages). */
  #pace({ project }: Caller, chat: Chat): void {
    const { streamOpensPerMin } = this.#state.limits;
    if (streamOpensPerMin === 0) return;
    const now = this.#state.clock.monotonicMs();
    const key = `${project} ${chat.id}`;
    const recent = (this.#opened.get(key) ?? []).filter((at) => now - at < MINUTE_MS);
    if (recent.length >= streamOpensPerMin) throw new Refusal('rateLimitExceeded');
    this.#opened.set(key, [...recent, now]);
  }
}

interface StreamParts {
  readonly caller: Caller;
  readonly chat: Chat;
  readonly position: number;
  readonly parts: ReadonlySet<string>;
  readonly exit: StreamExit;
}

export class OpenStream {
  readonly caller: Caller;
  readonly chat: Chat;
  /** Half-open: nothing leaves any more, not even the end. */
  isMute = false;
  readonly #state: YouTubeState;
  readonly #parts: ReadonlySet<string>;
  readonly #exit: StreamExit;
  readonly #onClosed: () => void;
  readonly #timers: Timer[] = [];
  readonly #stopListening: () => void;
  #position: number;
  #responses = 0;
  #isWaiting = false;
  #isScheduled = false;
  #isClosed = false;
  #toldOffline = false;

  constructor(state: YouTubeState, { caller, chat, position, parts, exit }: StreamParts, onClosed: () => void) {
    this.#state = state;
    this.caller = caller;
    this.chat = chat;
    this.#position = position;
    this.#parts = parts;
    this.#exit = exit;
    this.#onClosed = onClosed;
    this.#stopListening = chat.listen(() => this.#schedule());
  }

  /** History first, then whatever comes. */
  begin(): void {
    const { behaviour, clock } = this.#state;
    if (behaviour.greetsStreams && this.#position >= this.chat.end) this.#write();
    this.#schedule();
    if (behaviour.streamSeconds > 0) this.#after(behaviour.streamSeconds * 1000, () => this.end());
    const { token } = this.caller;
    if (behaviour.endsStreamsOfExpiredTokens && token) {
      this.#after(token.expiresAtMs - clock.now().getTime(), () => this.fail(new Refusal('authError')));
    }
  }

  /** The other side has room again. */
  resume(): void {
    this.#isWaiting = false;
    this.#schedule();
  }

  end(): void {
    if (this.#close()) this.#exit.end();
  }

  fail(refusal: Refusal): void {
    if (this.#close()) this.#exit.fail(refusal);
  }

  breakOff(): void {
    if (this.#close()) this.#exit.breakOff();
  }

  garble(bytes: Buffer): void {
    if (!this.#isClosed && !this.isMute) this.#exit.garble(bytes);
  }

  /** The other side has left. */
  left(): void {
    this.isMute = true;
    this.#close();
  }

  #after(ms: number, run: () => void): void {
    this.#timers.push(this.#state.clock.setTimer(ms, run, { unref: true }));
  }

  /** @returns whether anything may still be said */
  #close(): boolean {
    if (this.#isClosed) return false;
    this.#isClosed = true;
    this.#stopListening();
    for (const timer of this.#timers) timer.cancel();
    this.#onClosed();
    return !this.isMute;
  }

  /** Items that come together leave together. */
  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (!this.#isClosed && !this.isMute && !this.#isWaiting) {
      const hasNews = this.#position < this.chat.end || (this.chat.offlineAt !== null && !this.#toldOffline);
      if (!hasNews) break;
      this.#write();
    }
    if (this.#isWaiting || this.#isClosed || this.chat.state === 'open') return;
    if (this.chat.state === 'ended') this.end();
    else this.fail(new Refusal(this.chat.state === 'disabled' ? 'liveChatDisabled' : 'liveChatNotFound'));
  }

  #write(): void {
    const page = this.chat.page(this.#position, ITEMS_PER_RESPONSE);
    this.#position = page.next;
    this.#toldOffline = this.chat.offlineAt !== null;
    this.#isWaiting = !this.#exit.write(responseOf(this.#state, this.chat, page, this.#parts, 'stream'));
    this.#responses += 1;
    const { streamResponses } = this.#state.behaviour;
    if (streamResponses > 0 && this.#responses >= streamResponses) this.end();
  }
}
