/** `pnpm demo`: the whole product on this machine against simulated platforms; `--once` ends after the conversation. */
import { parseArgs } from 'node:util';
import { talkOn } from './chat.ts';
import { enter } from './entrance.ts';
import { type Outcome, play } from './play.ts';
import { printRoom, printSetting, printUrls, summarise } from './print.ts';
import { cast, scenesOf } from './script.ts';
import { type Stack, startStack } from './stack.ts';
import { roomsOf, setStage } from './stage.ts';

const { values: options } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    /** Shows what the processes log. */
    logs: { type: 'boolean', default: false },
  },
});

const cleanup = new AsyncDisposableStack();
const interruption = Promise.withResolvers<number>();
/** Until the conversation is over, being ended is a failure, but for Ctrl-C: whoever presses it knows. */
let codeWhenEnded = 1;
let isEnding = false;
let firstSignalMs: number | null = null;
/** One Ctrl-C comes more than once: from the terminal, and from each package runner that passes it on. */
const SAME_SIGNAL_MS = 1000;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    firstSignalMs ??= performance.now();
    // The second time it is not waited for: what still runs is killed.
    if (isEnding && performance.now() - firstSignalMs > SAME_SIGNAL_MS) process.exit(signal === 'SIGINT' ? 0 : 1);
    interruption.resolve(signal === 'SIGINT' ? 0 : codeWhenEnded);
  });
}

const exitCode = await Promise.race([run().catch(failure), interruption.promise]);
isEnding = true;
await cleanup.disposeAsync();
process.exit(exitCode);

async function run(): Promise<number> {
  const startedAtMs = performance.now();
  const stack = await startStack(cleanup, { showsLogs: options.logs });
  return Promise.race([perform(stack, startedAtMs), ...[...stack.chats.values()].map(({ lost }) => lost)]);
}

async function perform(stack: Stack, startedAtMs: number): Promise<number> {
  const stage = await setStage(stack, cast);
  printSetting(stage, performance.now() - startedAtMs);
  const outcomes = new Map<string, Outcome>();
  for (const room of roomsOf(stage)) {
    printRoom(room);
    await enter(room);
    outcomes.set(room.platform.title, await play(room, scenesOf(room.platform)));
  }
  const isComplete = summarise(outcomes);
  if (options.once || !isComplete) return isComplete ? 0 : 1;
  codeWhenEnded = 0;
  printUrls(stage, process.stdin.isTTY);
  return talkOn(stage);
}

/** What fails because everything is being taken down is no news. */
function failure(error: unknown): number {
  if (!isEnding) console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
}
