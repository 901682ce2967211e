/** Server-sent events: an answer that stays open and carries one JSON event after the other. */
import type { FastifyReply } from 'fastify';
import type { Clock } from '../../lib/clock.ts';

/** An event as it goes over the wire, made once for all its readers. */
export interface Frame {
  /** A later frame of the same key takes the place of one that was not sent yet: only the last word counts. */
  readonly key: string;
  readonly bytes: Buffer;
}

export interface EventStream {
  send(frame: Frame): void;
  /** Sends what waits, then no more. */
  end(): void;
  onClosed(listener: () => void): void;
}

/** A reader that is this far behind is gone or stuck; its page connects again by itself. */
const LONGEST_BACKLOG_BYTES = 1024 * 1024;
/** So is one that has taken nothing for so long. */
const LONGEST_SILENCE_MS = 45_000;
/** A reader that is told to go and takes nothing is cut off. */
const FAREWELL_MS = 5_000;
const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // Proxies that collect answers would hold events back.
  'x-accel-buffering': 'no',
};
const RECONNECT_MS = 3000;
/**
 * Proxies and networks forget what is silent for a minute, and a page cannot see that its connection went mute. An event
 * and not a comment, because `EventSource` shows no comments to a page.
 */
const HEARTBEAT_MS = 15_000;
const HEARTBEAT = frame('heartbeat', '{}');

const made = new WeakMap<object, Map<string, Frame>>();

export function frame(name: string, json: string, key = name): Frame {
  return { key, bytes: Buffer.from(`event: ${name}\ndata: ${json}\n\n`) };
}

/** @param subject what the frame is made of: the same one gets the same frame, in each of its variants */
export function frameOnce(subject: object, variant: string, make: () => Frame): Frame {
  const variants = made.get(subject) ?? new Map<string, Frame>();
  made.set(subject, variants);
  const known = variants.get(variant) ?? make();
  variants.set(variant, known);
  return known;
}

/** From here on the answer is 200: everything that could be refused has been checked before. */
export function openEventStream(reply: FastifyReply, clock: Clock): EventStream {
  reply.hijack();
  const { raw } = reply;
  for (const [name, value] of Object.entries({ ...reply.getHeaders(), ...STREAM_HEADERS })) {
    if (value !== undefined) raw.setHeader(name, value);
  }
  raw.writeHead(200);
  const waiting = new Map<string, Frame>();
  let waitingBytes = 0;
  let busySinceMs: number | null = null;
  const isOver = () => raw.destroyed || raw.writableEnded;

  /** One write at a time: what comes while the reader takes it waits, the last word of each key alone. */
  const write = (chunks: readonly Buffer[]) => {
    busySinceMs = clock.monotonicMs();
    raw.cork();
    chunks.forEach((chunk, index) => {
      if (index < chunks.length - 1) raw.write(chunk);
      else raw.write(chunk, taken);
    });
    raw.uncork();
  };
  const taken = () => {
    busySinceMs = null;
    if (isOver() || waiting.size === 0) return;
    const chunks = [...waiting.values()].map(({ bytes }) => bytes);
    waiting.clear();
    waitingBytes = 0;
    write(chunks);
  };
  const send = (next: Frame) => {
    if (isOver()) return;
    if (busySinceMs === null) return write([next.bytes]);
    waitingBytes += next.bytes.length - (waiting.get(next.key)?.bytes.length ?? 0);
    // Last again: what was said of something else meanwhile came before this.
    waiting.delete(next.key);
    waiting.set(next.key, next);
    if (waitingBytes > LONGEST_BACKLOG_BYTES) raw.destroy();
  };

  write([Buffer.from(`retry: ${RECONNECT_MS}\n\n`)]);
  const beat = () =>
    clock.setTimer(
      HEARTBEAT_MS,
      () => {
        if (isOver()) return;
        const silentForMs = busySinceMs === null ? 0 : clock.monotonicMs() - busySinceMs;
        if (silentForMs >= LONGEST_SILENCE_MS) raw.destroy();
        send(HEARTBEAT);
        next = beat();
      },
      { unref: true },
    );
  let next = beat();
  raw.on('close', () => next.cancel());
  return {
    send,
    end() {
      if (isOver()) return;
      for (const { bytes } of waiting.values()) raw.write(bytes);
      raw.end();
      next.cancel();
      next = clock.setTimer(FAREWELL_MS, () => raw.destroy(), { unref: true });
    },
    onClosed(listener) {
      if (raw.destroyed) listener();
      else raw.on('close', listener);
    },
  };
}
