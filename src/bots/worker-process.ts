/** What every worker's process does around its worker: configuration, log, signals, exit codes (docs/contract/workers.md#start-up-checks-and-exit-codes). */
import { type Config, loadConfig, readDotEnv, relayBaseUrls } from '../config.ts';
import { type HealthServer, startHealthServer } from '../engine/worker/health-server.ts';
import { createWorkerMetrics } from '../engine/worker/metrics.ts';
import { readinessOf } from '../engine/worker/readiness.ts';
import { Worker } from '../engine/worker/worker.ts';
import { systemClock } from '../lib/clock.ts';
import { createLogger, type Logger } from '../lib/logger.ts';
import { onStopSignal } from '../lib/stop-signals.ts';
import { createTokenSeal } from '../lib/token-seal.ts';
import type { Platform } from '../platforms/platform.ts';

/** Runs until a signal; only a configuration that cannot work ends it earlier. */
export async function runWorkerProcess(platform: Platform): Promise<void> {
  readDotEnv();
  const { logPrefix } = platform;
  const loaded = loadConfig(platform.id, process.env);
  const bootLog = createLogger({ level: 'info', clock: systemClock });
  // The switch comes first: a worker that is off needs nothing else to be right.
  const off = platform.killSwitch?.(loaded.platform(platform.id));
  if (off?.isOff) return bootLog.info(`${logPrefix}${off.event}`);
  if ('problems' in loaded) {
    for (const { key, problem } of loaded.problems) bootLog.error(`${logPrefix}missing_env`, { key, problem });
    process.exitCode = 1;
    return;
  }
  const { config } = loaded;
  const level = config.values.LOG_LEVEL ?? (config.isProduction ? 'info' : 'debug');
  const log = createLogger({ level, clock: systemClock });
  for (const warning of config.warnings) log.warn(`${logPrefix}config`, { warning });
  const die = (error: unknown) => {
    log.error(`${logPrefix}fatal`, { error });
    process.exit(1);
  };
  process.on('unhandledRejection', (error) => log.error(`${logPrefix}unhandled`, { error }));
  process.on('uncaughtException', die);
  await run(platform, config, log).catch(die);
}

async function run(platform: Platform, config: Config, log: Logger): Promise<void> {
  const { values } = config;
  const worker = new Worker({
    platform,
    settings: config.platform(platform.id),
    databaseUrl: values.DATABASE_URL ?? '',
    slowMs: values.DB_SLOW_MS ?? (config.isProduction ? 200 : 100),
    seal: createTokenSeal(values.CREDENTIALS_ENCRYPTION_KEY),
    relay: { baseUrls: relayBaseUrls(values), secret: values.INTERNAL_RELAY_SECRET },
    outboxTtlMs: values.OUTBOX_TTL_MINUTES * 60_000,
    commandMaxAgeMs: values.COMMAND_MAX_AGE_SECONDS * 1000,
    httpTimeoutMs: values.CHATBOT_HTTP_TIMEOUT_MS,
    clock: systemClock,
    random: Math.random,
    log,
  });
  const server =
    values.CHATBOT_HEALTH_PORT > 0
      ? await startHealthServer(
          values.CHATBOT_HEALTH_PORT,
          () => readinessOf(worker, systemClock),
          createWorkerMetrics(worker, platform.id, systemClock),
        )
      : null;
  stopOnSignal(worker, server, values.CHATBOT_SHUTDOWN_GRACE_MS, log, platform.logPrefix);
}

function stopOnSignal(worker: Worker, server: HealthServer | null, graceMs: number, log: Logger, logPrefix: string) {
  onStopSignal(systemClock, ['SIGINT', 'SIGTERM'], (signal) => {
    log.info(`${logPrefix}stopping`, { signal });
    Promise.all([worker.stop(graceMs), server?.close()]).then(
      () => process.exit(0),
      (error: unknown) => {
        log.error(`${logPrefix}fatal`, { error });
        process.exit(1);
      },
    );
  });
}
