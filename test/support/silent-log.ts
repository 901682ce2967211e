/** A log that nobody reads. */
import { Writable } from 'node:stream';
import { systemClock } from '../../src/lib/clock.ts';
import { createLogger, type Logger } from '../../src/lib/logger.ts';

export function silentLog(): Logger {
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  return createLogger({ level: 'error', clock: systemClock, output, errorOutput: output });
}
