/** A whole worker of any platform in this process, as its entry file would start it. */
import { Writable } from 'node:stream';
import { onTestFailed, onTestFinished } from 'vitest';
import { type Config, loadConfig, relayBaseUrls } from '../../src/config.ts';
import { Worker, type WorkerOptions } from '../../src/engine/worker/worker.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { createLogger } from '../../src/lib/logger.ts';
import { createTokenSeal } from '../../src/lib/token-seal.ts';
import type { Platform } from '../../src/platforms/platform.ts';

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

export interface RunningWorker {
  readonly worker: Worker;
  readonly log: LogLine[];
  stop(): Promise<void>;
}

export interface WorkerChoice extends Partial<Pick<WorkerOptions, 'clock' | 'relay' | 'seal'>> {
  readonly env?: Readonly<Record<string, string>>;
}

type Environment = Readonly<Record<string, string>>;

/** @throws Error with everything that is wrong with the environment */
export function workerConfig(platform: Platform, env: Environment): Config {
  const loaded = loadConfig(platform.id, env);
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
}

/** Stopped with the test; its log is printed when the test fails. */
export function startTestWorker(platform: Platform, env: Environment, choice: WorkerChoice = {}): RunningWorker {
  const config = workerConfig(platform, { ...env, ...choice.env });
  const { values } = config;
  const log: LogLine[] = [];
  const clock = choice.clock ?? systemClock;
  const worker = new Worker({
    platform,
    settings: config.platform(platform.id),
    databaseUrl: values.DATABASE_URL ?? '',
    slowMs: 60_000,
    seal: choice.seal ?? createTokenSeal([]),
    relay: choice.relay ?? { baseUrls: relayBaseUrls(values), secret: null },
    outboxTtlMs: values.OUTBOX_TTL_MINUTES * 60_000,
    commandMaxAgeMs: values.COMMAND_MAX_AGE_SECONDS * 1000,
    httpTimeoutMs: values.CHATBOT_HTTP_TIMEOUT_MS,
    clock,
    random: Math.random,
    log: recordingLog(log, clock),
  });
  let stopped: Promise<void> | null = null;
  const stop = () => {
    stopped ??= worker.stop(10_000);
    return stopped;
  };
  onTestFinished(stop);
  onTestFailed(() => console.error(log.map((line) => JSON.stringify(line)).join('\n')));
  return { worker, log, stop };
}

function recordingLog(lines: LogLine[], clock: Clock) {
  const output = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  return createLogger({ level: 'debug', clock, output, errorOutput: output });
}
