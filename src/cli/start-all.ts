/** `pnpm start:all`: the API and every worker there is, in one supervised group. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isSwitchedOff, loadConfig, readDotEnv } from '../config.ts';
import { systemClock } from '../lib/clock.ts';
import { createLogger } from '../lib/logger.ts';
import { onStopSignal } from '../lib/stop-signals.ts';
import { watchLaunchers } from './launchers.ts';
import { createSupervisor } from './supervisor.ts';

/** As in the start scripts: with a larger nursery the garbage of a start stays resident, tens of MiB of it. */
const WORKER_FLAGS = ['--max-semi-space-size=4'];

readDotEnv();
const log = createLogger({ level: 'info', clock: systemClock });
const supervisor = createSupervisor(systemClock, ({ event, ...fields }) => {
  const write = event === 'ended' ? log.info : log.error;
  write(`start_all.${event}`, fields);
});
// The same file runs from sources and from dist.
const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

const bots = new URL('../bots/', import.meta.url);
const workers = readdirSync(bots)
  .filter((file) => file.endsWith(`Runner${ending}`))
  .sort();
const firstHealthPort = Number.parseInt(process.env.CHATBOT_HEALTH_PORT ?? '', 10) || 0;
const started = [start('api', 'api', fileURLToPath(new URL(`../api/main${ending}`, import.meta.url)), [], {})];
for (const [index, file] of workers.entries()) {
  const name = file.slice(0, -`Runner${ending}`.length);
  // Twitch's worker was the first, and is called by no platform.
  const provider = name === 'chatbot' ? 'twitch' : name.slice(0, -'Chatbot'.length);
  // One environment for all of them: each takes the next port.
  const env = firstHealthPort === 0 ? {} : { CHATBOT_HEALTH_PORT: String(firstHealthPort + index) };
  started.push(start(name, provider, fileURLToPath(new URL(file, bots)), WORKER_FLAGS, env));
}
if (started.includes(true)) {
  onStopSignal(systemClock, ['SIGINT', 'SIGTERM', 'SIGHUP'], stop);
  watchLaunchers(systemClock, () => stop('launcher_gone'));
  // Whoever read our lines may be gone before us. What they were told to stop still stops in order.
  process.stdout.on('error', () => {});
} else {
  process.exitCode = 1;
}

/** @returns whether the process was started. With wrong settings it is held back, because it would only stop again. */
function start(
  name: string,
  processName: string,
  file: string,
  flags: readonly string[],
  env: Readonly<Record<string, string>>,
): boolean {
  const loaded = loadConfig(processName, process.env);
  // A worker that is switched off needs nothing else to be right, and says so itself.
  if ('problems' in loaded && !isSwitchedOff(loaded, processName)) {
    const missing = loaded.problems.map(({ key }) => key);
    const problem = loaded.problems.map((each) => each.problem).join(' ');
    const cure = 'Set the variables and start the group again.';
    log.error('start_all.held_back', { process: name, missing, problem, cure });
    return false;
  }
  supervisor.start({ name, args: [...flags, file], env, onLine: (line) => console.log(line) });
  return true;
}

let isStopping = false;
function stop(cause: string): void {
  if (isStopping) return;
  isStopping = true;
  log.info('start_all.stopping', { cause });
  const graceMs = Number.parseInt(process.env.CHATBOT_SHUTDOWN_GRACE_MS ?? '', 10) || 10_000;
  void supervisor.stop(graceMs + 5000).then(() => {
    log.info('start_all.stopped');
    process.exit(0);
  });
}
