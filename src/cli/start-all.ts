/** `pnpm start:all`: the API and every worker there is, in one supervised group. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readDotEnv } from '../config.ts';
import { systemClock } from '../lib/clock.ts';
import { createSupervisor } from './supervisor.ts';

/** As in the start scripts: with a larger nursery the garbage of a start stays resident, tens of MiB of it. */
const WORKER_FLAGS = ['--max-semi-space-size=4'];

readDotEnv();
const supervisor = createSupervisor(systemClock, (sentence) => console.error(sentence));
// The same file runs from sources and from dist.
const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

const bots = new URL('../bots/', import.meta.url);
const workers = readdirSync(bots)
  .filter((file) => file.endsWith(`Runner${ending}`))
  .sort();
const firstHealthPort = Number.parseInt(process.env.CHATBOT_HEALTH_PORT ?? '', 10) || 0;
start('api', fileURLToPath(new URL(`../api/main${ending}`, import.meta.url)), [], {});
for (const [index, file] of workers.entries()) {
  const name = file.slice(0, -`Runner${ending}`.length);
  // One environment for all of them: each takes the next port.
  const env = firstHealthPort === 0 ? {} : { CHATBOT_HEALTH_PORT: String(firstHealthPort + index) };
  start(name, fileURLToPath(new URL(file, bots)), WORKER_FLAGS, env);
}

function start(name: string, file: string, flags: readonly string[], env: Readonly<Record<string, string>>): void {
  supervisor.start({ name, args: [...flags, file], env, onLine: (line) => console.log(line) });
}

let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (isStopping) process.exit(1);
    isStopping = true;
    const graceMs = Number.parseInt(process.env.CHATBOT_SHUTDOWN_GRACE_MS ?? '', 10) || 10_000;
    void supervisor.stop(graceMs + 5000).then(() => process.exit(0));
  });
}
