/** A simulator's endless stream of accepted messages: how it is written, and how another process reads it. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../src/lib/clock.ts';
import type { AcceptedMessage, MessageLog } from './messages.ts';

const FLUSH_MS = 2;
const HEARTBEAT_MS = 15_000;
/** What the stream says when there is nothing to say. */
const HEARTBEAT = ':\n\n';
/** Counted in checks, so that a process that was stopped for a minute does not take its own silence for the server's. */
const CHECK_MS = 15_000;
const CHECKS_UNTIL_LOST = 3;

/** Server-sent events, several a write: thousands of messages a second must not cost a system call each. */
export function writeMessages(response: ServerResponse, log: MessageLog, clock: Clock): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(HEARTBEAT);
  let pending = '';
  let flush: NodeJS.Timeout | null = null;
  const stop = log.listen((message: AcceptedMessage) => {
    pending += `id: ${message.id}\ndata: ${JSON.stringify(message)}\n\n`;
    flush ??= setTimeout(() => {
      flush = null;
      response.write(pending);
      pending = '';
    }, FLUSH_MS);
  });
  const beatLater = () =>
    clock.setTimer(
      HEARTBEAT_MS,
      () => {
        response.write(HEARTBEAT);
        beat = beatLater();
      },
      { unref: true },
    );
  let beat = beatLater();
  response.on('close', () => {
    stop();
    beat.cancel();
    if (flush) clearTimeout(flush);
  });
}

export interface MessageReader {
  /**
   * Rejects when the stream ends: the reason says whether it was ended, broken off or silent for 45 s. Messages after
   * that are not heard. Never settles once `signal` was aborted.
   */
  readonly lost: Promise<never>;
}

interface ReaderDeps {
  readonly clock: Clock;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Must not throw. */
  readonly each: (message: AcceptedMessage) => void;
}

/**
 * Resolves when the stream is open.
 *
 * @param url `…/messages` of a control interface
 * @throws Error when there is no such stream
 */
export async function readMessages(url: string, { clock, signal, each }: ReaderDeps): Promise<MessageReader> {
  const reading = new AbortController();
  const { body, status } = await fetch(url, { signal: AbortSignal.any([signal, reading.signal]) });
  if (body === null || status !== 200) throw new Error(`${url} answers ${status} instead of a stream of messages`);
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => {}); // whoever waits for it hears of it; nobody has to
  const watchdog = startWatchdog(clock, () =>
    reading.abort(new Error(`it has said nothing for ${(CHECKS_UNTIL_LOST * CHECK_MS) / 1000} s`)),
  );
  const end = (why: string, cause?: unknown) => {
    watchdog.stop();
    if (!signal.aborted) lost.reject(new Error(`The stream of messages from ${url} ended: ${why}`, { cause }));
  };
  read(body.pipeThrough(new TextDecoderStream()), watchdog.heard, each).then(
    () => end('the simulator closed it'),
    (error: unknown) => end(describe(error), error),
  );
  return { lost: lost.promise };
}

function startWatchdog(clock: Clock, silent: () => void): { heard(): void; stop(): void } {
  let silentChecks = 0;
  const checkLater = () =>
    clock.setTimer(
      CHECK_MS,
      () => {
        silentChecks += 1;
        if (silentChecks >= CHECKS_UNTIL_LOST) silent();
        else timer = checkLater();
      },
      { unref: true },
    );
  let timer = checkLater();
  return {
    heard() {
      silentChecks = 0;
    },
    stop: () => timer.cancel(),
  };
}

async function read(
  stream: ReadableStream<string>,
  heard: () => void,
  each: (message: AcceptedMessage) => void,
): Promise<void> {
  let rest = '';
  for await (const chunk of stream) {
    heard();
    const events = (rest + chunk).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const at = event.indexOf('data: ');
      if (at !== -1) each(JSON.parse(event.slice(at + 'data: '.length)) as AcceptedMessage);
    }
  }
}

/** `fetch` says "terminated" and keeps what happened as the cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
