/** The demo's processes: supervised, waited for, and quoted when one of them does not come up. */
import { fileURLToPath } from 'node:url';
import { createSupervisor, type SupervisedProgram } from '../src/cli/supervisor.ts';
import { systemClock } from '../src/lib/clock.ts';
import { until } from './until.ts';

export interface Processes {
  /**
   * Resolves when `readyUrl` answers 200.
   *
   * @param file from the root of the repository
   * @throws Error with the last lines of the process when it dies first or takes too long
   */
  start(name: string, file: string, readyUrl: string, env: Readonly<Record<string, string>>): Promise<void>;
  /** Resolves with the first line the process writes. */
  startAndRead(name: string, file: string, env: Readonly<Record<string, string>>): Promise<string>;
}

const START_SECONDS = 45;
const STOP_GRACE_MS = 5000;
const QUOTED_LINES = 15;

export function startProcesses(cleanup: AsyncDisposableStack, showsLogs: boolean): Processes {
  const supervisor = createSupervisor(systemClock, ({ process, event, cause }) =>
    console.error(`demo: ${process} ${event} (${cause})`),
  );
  cleanup.defer(() => supervisor.stop(STOP_GRACE_MS));

  const launch = (name: string, file: string, env: Readonly<Record<string, string>>) => {
    const lines: string[] = [];
    const program = supervisor.start({
      name,
      args: [fileURLToPath(new URL(`../${file}`, import.meta.url))],
      env,
      onLine(line) {
        lines.push(line);
        if (lines.length > 1000) lines.splice(0, 900);
        if (showsLogs) console.error(`[${name}] ${line}`);
      },
    });
    return { name, program, lines };
  };

  return {
    async start(name, file, readyUrl, env) {
      await comesUp(launch(name, file, env), async () => ((await isReady(readyUrl)) ? true : null));
    },
    startAndRead(name, file, env) {
      const launched = launch(name, file, env);
      return comesUp(launched, async () => launched.lines[0] ?? null);
    },
  };
}

async function comesUp<T>(
  { name, program, lines }: { name: string; program: SupervisedProgram; lines: readonly string[] },
  look: () => Promise<T | null>,
): Promise<T> {
  const quote = () => [`Its last lines:`, ...lines.slice(-QUOTED_LINES).map((line) => `  ${line}`)].join('\n');
  const up = await until(START_SECONDS, async () => {
    const found = await look();
    if (found === null && program.restarts() > 0) throw new Error(`${name} dies while it starts. ${quote()}`);
    return found;
  });
  if (up === null) throw new Error(`${name} is not ready after ${START_SECONDS} s. ${quote()}`);
  return up;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const { status } = await fetch(url, { signal: AbortSignal.timeout(2000) });
    return status === 200;
  } catch {
    return false;
  }
}
