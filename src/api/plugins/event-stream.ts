/** Server-sent events: an answer that stays open and carries one JSON event after the other. */
import type { FastifyReply } from 'fastify';
import type { Clock } from '../../lib/clock.ts';

export interface EventStream {
  send(name: string, data: unknown): void;
  end(): void;
  onClosed(listener: () => void): void;
}

/** A reader that is this far behind is gone or stuck; its page connects again by itself. */
const LONGEST_BACKLOG_BYTES = 1024 * 1024;
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
const HEARTBEAT = 'event: heartbeat\ndata: {}\n\n';

/** From here on the answer is 200: everything that could be refused has been checked before. */
export function openEventStream(reply: FastifyReply, clock: Clock): EventStream {
  reply.hijack();
  const { raw } = reply;
  for (const [name, value] of Object.entries({ ...reply.getHeaders(), ...STREAM_HEADERS })) {
    if (value !== undefined) raw.setHeader(name, value);
  }
  raw.writeHead(200);
  raw.write(`retry: ${RECONNECT_MS}\n\n`);
  const beat = () =>
    clock.setTimer(
      HEARTBEAT_MS,
      () => {
        if (raw.destroyed || raw.writableEnded) return;
        raw.write(HEARTBEAT);
        next = beat();
      },
      { unref: true },
    );
  let next = beat();
  raw.on('close', () => next.cancel());
  return {
    send(name, data) {
      if (raw.destroyed || raw.writableEnded) return;
      if (raw.writableLength > LONGEST_BACKLOG_BYTES) raw.destroy();
      else raw.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    end: () => void raw.end(),
    onClosed(listener) {
      if (raw.destroyed) listener();
      else raw.on('close', listener);
    },
  };
}
