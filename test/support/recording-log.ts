/** A log whose lines a test reads. */
import { Writable } from 'node:stream';
import { systemClock } from '../../src/lib/clock.ts';
import { createLogger, type Logger } from '../../src/lib/logger.ts';

export type LogLine = Readonly<Record<string, unknown>>;

export function recordingLog(): { readonly log: Logger; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = [];
  const output = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  return { log: createLogger({ level: 'debug', clock: systemClock, output, errorOutput: output }), lines };
}
