/** One process of the product or of the simulator, started from sources, with its output in a file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { allVariables } from '../../src/config.ts';
import { Metrics } from './metrics.ts';
import { until } from './until.ts';

export interface Child {
  readonly pid: number;
  /** What it answers health questions on. */
  readonly url: string;
  readonly isRunning: boolean;
  /** Resolves when `/readyz` says so. */
  ready(): Promise<void>;
  metrics(): Promise<Metrics>;
  /** Resolves when the process is gone. */
  kill(): Promise<void>;
  /** The end of a scenario: no more figures are wanted. */
  end(): Promise<void>;
  /** The end of its output. */
  tail(): string;
}

interface ChildOptions {
  /** From the root of the repository, or absolute. */
  readonly file: string;
  readonly args?: readonly string[];
  /** For Node itself. */
  readonly flags?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  readonly outputFile: string;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const START_SECONDS = 60;
const QUOTED_CHARS = 2000;
/** Variables of the product that a shell or a `.env` might have set. */
const BLANK = Object.fromEntries(allVariables().flatMap(({ variables }) => variables.map(({ name }) => [name, ''])));

let profileFolder: string | null = null;

/** From now on every process leaves a CPU profile in this folder when it ends in an orderly way. */
export function profileInto(folder: string): void {
  profileFolder = folder;
}

export function startChild({ file, args = [], flags = [], env, url, outputFile }: ChildOptions): Child {
  // A file costs the bench nothing: whoever reads a pipe takes time from those who are measured.
  const output = openSync(outputFile, 'a');
  const profiled = profileFolder === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const child = spawn(process.execPath, [...flags, ...profiled, file, ...args], {
    cwd: ROOT,
    // What was built is production by itself, and wants keys that a measurement on this machine does not need.
    env: { PATH: process.env.PATH, ...BLANK, NODE_ENV: 'development', ...env },
    stdio: ['ignore', output, output],
    detached: true, // a Ctrl-C is for the bench, which ends its children itself
  });
  closeSync(output);
  const tail = () => readFileSync(outputFile, 'utf8').slice(-QUOTED_CHARS);
  const ask = async (path: string) => {
    const answer = await fetch(url + path, { signal: AbortSignal.timeout(5000) }).catch(() => null);
    return { status: answer?.status ?? 0, text: (await answer?.text()) ?? '' };
  };
  const endBy = async (signal: NodeJS.Signals) => {
    if (isOver(child)) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  return {
    pid: child.pid ?? 0,
    url,
    get isRunning() {
      return !isOver(child);
    },
    async ready() {
      await until(START_SECONDS, `${file} is ready`, async () => {
        if (isOver(child)) throw new Error(`${file} ended:\n${tail()}`);
        return (await ask('/readyz')).status === 200;
      });
    },
    metrics: async () => new Metrics((await ask('/metrics')).text),
    kill: () => endBy('SIGKILL'),
    end: () => endBy(profileFolder === null ? 'SIGKILL' : 'SIGTERM'),
    tail,
  };
}

function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
