/** Log lines for machines: one JSON object with an event name and fields, free of secrets. */
import { type DestinationStream, multistream, pino } from 'pino';
import type { Clock } from './clock.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Values of one line. An `Error` under any name is written as its message, under `error` as `errorMessage`. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a part of the product tells operators what happened. Events are names of the contract, never sentences. */
export interface Logger {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  /** Writes the stack of `fields.error` too. */
  error(event: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
}

interface LoggerOptions {
  level: LogLevel;
  clock: Clock;
  /** Gets every line below `error`; standard output when absent. */
  output?: DestinationStream;
  /** Gets the lines of level `error`; standard error when absent. */
  errorOutput?: DestinationStream;
}

/** @returns a logger whose lines never carry a token, whatever it is given */
export function createLogger({ level, clock, output, errorOutput }: LoggerOptions): Logger {
  const streams = multistream(
    [
      { level: 'debug', stream: output ?? pino.destination(1) },
      { level: 'error', stream: errorOutput ?? pino.destination(2) },
    ],
    { dedupe: true },
  );
  const sink = pino(
    {
      level,
      base: null,
      timestamp: () => `,"ts":"${clock.now().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    streams,
  );

  const bound = (common: LogFields): Logger => {
    const write = (at: LogLevel) => (event: string, fields?: LogFields) => {
      if (sink.isLevelEnabled(at)) sink[at]({ event, ...presentable({ ...common, ...fields }, at) });
    };
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      with: (fields) => bound({ ...common, ...fields }),
    };
  };
  return bound({});
}

function presentable(fields: LogFields, level: LogLevel): Record<string, unknown> {
  const { error, ...rest } = fields;
  const shown = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, withoutSecrets(name, value)]));
  if (error === undefined) return shown;
  shown.errorMessage = maskSecrets(error instanceof Error ? error.message : String(error));
  if (level === 'error' && error instanceof Error && error.stack) shown.errorStack = maskSecrets(error.stack);
  return shown;
}

const DEEPEST_LEVEL = 5;
const SECRET_NAME = /(^|[-_])(authorization|cookie)$|(token|secret|password|encryptionkey)$/i;

function withoutSecrets(name: string, value: unknown, depth = 0): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string') return SECRET_NAME.test(name) ? '[hidden]' : maskSecrets(value);
  if (value instanceof Error) return maskSecrets(value.message);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth === DEEPEST_LEVEL) return '[deeper]';
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(name, item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSecrets(key, item, depth + 1)]));
}

const NAMED_SECRET =
  /\b(access_token|refresh_token|id_token|client_secret|code_verifier|code|token|password|secret)(["']?\s*[=:]\s*["']?)[^\s"'&,;]+/gi;

/** Replaces what looks like a token, a password or a key inside a text. */
export function maskSecrets(text: string): string {
  return text
    .replace(/\boauth:[^\s"']+/gi, 'oauth:[hidden]')
    .replace(/\b(Bearer|OAuth|Basic)\s+[\w.~+/=-]{8,}/g, '$1 [hidden]')
    .replace(/:\/\/[^\s/:@]*:[^\s/@]+@/g, '://[hidden]@')
    .replace(NAMED_SECRET, '$1$2[hidden]');
}
