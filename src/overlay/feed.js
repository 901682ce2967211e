/** The page's event stream: opens again by itself whatever ended it, until its address was taken back (docs/contract/http-api.md#overlay-page). */

/** A connection can go mute without an error. The server sends a heartbeat every 15 s: three are missed. */
const SILENT_MS = 45_000;
/** A refusal ends an `EventSource` for good; the server may only be restarting. */
const RETRY_MS = 5_000;
/** What `EventSource.readyState` is when the browser does not try again. */
const CLOSED = 2;
const FORBIDDEN = 403;

/** @typedef {'connecting' | 'live' | 'lost' | 'revoked'} FeedState */

/**
 * @typedef {object} EventStream
 * @property {number} readyState
 * @property {() => void} close
 * @property {(name: string, listener: (event: any) => void) => void} addEventListener
 */

/**
 * @template [T=unknown] what a timer is to the browser
 * @typedef {object} FeedDeps
 * @property {string} address of the events
 * @property {new (address: string) => EventStream} EventSource
 * @property {(address: string, options: { signal: AbortSignal, cache: 'no-store' }) => Promise<{ status: number }>} fetch
 * @property {(fire: () => void, delayMs: number) => T} setTimeout
 * @property {(timer: T) => void} clearTimeout
 * @property {() => number} nowMs
 * @property {(state: FeedState) => void} onState
 * @property {Readonly<Record<string, (data: string) => void>>} onEvent by the name of the event
 */

/** @template [T=unknown] */
export class Feed {
  /** @type {FeedDeps<T>} */
  #deps;
  /** @type {EventStream | null} */
  #stream = null;
  /** @type {{ timer: T } | null} */
  #next = null;
  #heardAtMs = 0;

  /** @param {FeedDeps<T>} deps */
  constructor(deps) {
    this.#deps = deps;
    this.#open();
  }

  /** Timers rest in a page that is not shown, and in a computer that sleeps: call it when somebody looks again. */
  lookAgain() {
    if (this.#next === null || this.#deps.nowMs() - this.#heardAtMs > SILENT_MS) this.#open();
  }

  #open() {
    const { address, EventSource, nowMs, onEvent, onState } = this.#deps;
    this.#stream?.close();
    const stream = new EventSource(address);
    this.#stream = stream;
    this.#heardAtMs = nowMs();
    this.#openIn(SILENT_MS);
    onState('connecting');
    for (const [name, listener] of Object.entries(onEvent)) {
      stream.addEventListener(name, ({ data }) => {
        if (stream !== this.#stream) return;
        this.#heardAtMs = nowMs();
        this.#openIn(SILENT_MS);
        onState('live');
        listener(data);
      });
    }
    stream.addEventListener('error', () => {
      if (stream !== this.#stream) return;
      onState('lost');
      if (stream.readyState !== CLOSED) return;
      this.#openIn(RETRY_MS);
      void this.#askWhy(stream);
    });
  }

  /** @param {number} delayMs */
  #openIn(delayMs) {
    this.#rest();
    this.#next = { timer: this.#deps.setTimeout(() => this.#open(), delayMs) };
  }

  #rest() {
    if (this.#next !== null) this.#deps.clearTimeout(this.#next.timer);
    this.#next = null;
  }

  /**
   * An `EventSource` does not tell what it was refused with.
   *
   * @param {EventStream} stream that the browser gave up
   */
  async #askWhy(stream) {
    const { address, fetch, onState } = this.#deps;
    const question = new AbortController();
    const status = await fetch(address, { signal: question.signal, cache: 'no-store' }).then(
      (answer) => answer.status,
      () => null,
    );
    // An answer that is no refusal has no end.
    question.abort();
    if (status !== FORBIDDEN || stream !== this.#stream) return;
    this.#rest();
    onState('revoked');
  }
}
