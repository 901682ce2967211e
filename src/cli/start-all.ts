/** `pnpm start:all`: the API and every worker there is, in one supervised group. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readDotEnv } from '../config.ts';
import { systemClock } from '../lib/clock.ts';
import { createSupervisor } from './supervisor.ts';

const PROGRAMS: Readonly<Record<string, string>> = {
  api: 'api/main',
  twitch: 'bots/chatbotRunner',
  youtube: 'bots/youtubeChatbotRunner',
  vkvideo: 'bots/vkvideoChatbotRunner',
  trovo: 'bots/trovoChatbotRunner',
  kick: 'bots/kickChatbotRunner',
};

/** As in the start scripts: with a larger nursery the garbage of a start stays resident, tens of MiB of it. */
const WORKER_FLAGS = ['--max-semi-space-size=4'];

readDotEnv();
const supervisor = createSupervisor(systemClock, (sentence) => console.error(sentence));
// The same file runs from sources and from dist.
const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

for (const [name, file] of Object.entries(PROGRAMS)) {
  const path = fileURLToPath(new URL(`../${file}${ending}`, import.meta.url));
  if (!existsSync(path)) continue;
  supervisor.start({
    name,
    args: [...(name === 'api' ? [] : WORKER_FLAGS), path],
    env: {},
    onLine: (line) => console.log(line),
  });
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
