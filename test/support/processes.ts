/** The product's processes as an operator runs them, started from sources and gone with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { freePort } from '../../src/lib/free-port.ts';

export interface RunningProcess {
  readonly pid: number;
  /** Base URL of what it answers on. */
  readonly url: string;
  /** Everything it wrote. */
  readonly lines: readonly string[];
  /** Resolves with the status of /readyz; 0 while nobody answers. */
  readiness(): Promise<number>;
  /** Resolves when /readyz says so. */
  ready(): Promise<void>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
  readonly isRunning: boolean;
}

type Environment = Readonly<Record<string, string>>;
/** Who ends a process: the running test unless a file shares one (`afterAll`). */
type OnEnd = (end: () => Promise<void>) => void;

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * @param env what it needs besides its health port
 * @param file another one than the source, for example what was built from it
 */
export async function startWorkerProcess(
  env: Environment,
  file = 'src/bots/chatbotRunner.ts',
  onEnd: OnEnd = onTestFinished,
): Promise<RunningProcess> {
  const port = await freePort();
  return start(file, port, { ...env, CHATBOT_HEALTH_PORT: String(port) }, onEnd);
}

export async function startApiProcess(
  env: Environment,
  file = 'src/api/main.ts',
  onEnd: OnEnd = onTestFinished,
): Promise<RunningProcess> {
  const port = await freePort();
  return start(file, port, { ...env, PORT: String(port) }, onEnd);
}

function start(file: string, port: number, env: Environment, onEnd: OnEnd): RunningProcess {
  const child = spawn(process.execPath, [file], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH ?? '',
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => lines.push(...text.split('\n').filter(Boolean)));
  }
  const url = `http://127.0.0.1:${port}`;
  const kill = async (signal: 'SIGTERM' | 'SIGKILL') => {
    if (isOver(child)) return child.exitCode;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  onEnd(async () => {
    await kill('SIGKILL');
  });
  const readiness = async () => {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) }).catch(() => null);
    await answer?.arrayBuffer();
    return answer?.status ?? 0;
  };
  return {
    pid: child.pid ?? 0,
    url,
    lines,
    readiness,
    async ready() {
      const deadline = Date.now() + 30_000;
      while ((await readiness()) !== 200) {
        if (isOver(child)) throw new Error(`${file} ended with ${child.exitCode}:\n${lines.join('\n')}`);
        if (Date.now() > deadline) throw new Error(`${file} is not ready:\n${lines.join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    kill,
    get isRunning() {
      return !isOver(child);
    },
  };
}

function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
