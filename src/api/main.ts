/** The API process: `pnpm start`. */
import { startInlineCreditsBot } from '../bots/inlineCreditsBot.ts';
import { loadConfig, readDotEnv } from '../config.ts';
import { systemClock } from '../lib/clock.ts';
import { createLogger } from '../lib/logger.ts';
import { onStopSignal } from '../lib/stop-signals.ts';
import { startApi } from './assemble.ts';

/** A platform that is being asked something may take longer than a stop can wait. */
const LONGEST_STOP_MS = 10_000;

readDotEnv();
await main();

async function main(): Promise<void> {
  const loaded = loadConfig('api', process.env);
  if ('problems' in loaded) {
    const log = createLogger({ level: 'info', clock: systemClock });
    for (const { key, problem } of loaded.problems) log.error('api.missing_env', { key, problem });
    process.exitCode = 1;
    return;
  }
  const { config } = loaded;
  const { LOG_LEVEL, INSTANCE, DOMAIN } = config.values;
  const log = createLogger({ level: LOG_LEVEL ?? (config.isProduction ? 'info' : 'debug'), clock: systemClock });
  for (const warning of config.warnings) log.warn('api.config', { warning });

  try {
    const companion = startInlineCreditsBot;
    const api = await startApi({ config, clock: systemClock, log, random: Math.random, companion });
    log.info('api.started', { port: api.port, domain: DOMAIN, instance: INSTANCE });
    onStopSignal(systemClock, ['SIGINT', 'SIGTERM'], () => {
      systemClock.setTimer(LONGEST_STOP_MS, () => process.exit(1), { unref: true });
      api.close().then(
        () => {
          log.info('api.stopped');
          process.exit(0);
        },
        () => process.exit(1),
      );
    });
    // A promise nobody waited for is a bug of ours; everybody else's requests go on.
    process.on('unhandledRejection', (error) => log.error('api.unhandled_rejection', { error }));
  } catch (error) {
    log.error('api.fatal', { error });
    process.exitCode = 1;
  }
}
