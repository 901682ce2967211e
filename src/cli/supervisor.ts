/** Keeps a group of processes running: restarts what dies, stops all of them together. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock, Timer } from '../lib/clock.ts';

/** One process of the group. */
export interface Program {
  readonly name: string;
  /** Arguments for this very Node. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Gets every line the program writes, without its line end. */
  onLine(line: string): void;
}

export interface SupervisedProgram {
  readonly name: string;
  /** Process id while it runs. */
  pid(): number | null;
  /** How often it has been started again. */
  restarts(): number;
}

/** What happened to a program that nobody asked to end. */
export interface ProgramReport {
  /** `died`: it is started again after `restartMs`; `ended`: exit code 0, it stays away; `start_failed`: no process. */
  readonly event: 'died' | 'ended' | 'start_failed';
  /** Name of the program. */
  readonly process: string;
  /** Exit code, signal or error. */
  readonly cause: string;
  readonly restartMs?: number;
}

export interface Supervisor {
  start(program: Program): SupervisedProgram;
  /** Ends every program with SIGTERM, after `graceMs` with SIGKILL, and resolves when all are gone. */
  stop(graceMs: number): Promise<void>;
}

const FIRST_RESTART_MS = 500;
const LONGEST_RESTART_MS = 15_000;
/** A program that ran this long counts as healthy: its next end is the first of a new row. */
const HEALTHY_MS = 60_000;

/**
 * Exit code 0 is a decision of the program (a switched-off worker) and is respected.
 *
 * No program outlives this process, unless it is killed without a chance to act.
 */
export function createSupervisor(clock: Clock, report: (what: ProgramReport) => void): Supervisor {
  const runs: Run[] = [];
  process.once('exit', () => {
    for (const { child } of runs) child?.kill('SIGKILL');
  });
  return {
    start(program) {
      const run = new Run(program, clock, report);
      runs.push(run);
      run.launch();
      return { name: program.name, pid: () => run.child?.pid ?? null, restarts: () => run.restarts };
    },
    async stop(graceMs) {
      await Promise.all(runs.map((run) => run.stop(graceMs)));
    },
  };
}

class Run {
  child: ChildProcess | null = null;
  restarts = 0;
  readonly #program: Program;
  readonly #clock: Clock;
  readonly #report: (what: ProgramReport) => void;
  #isStopping = false;
  #failures = 0;
  #restart: Timer | null = null;

  constructor(program: Program, clock: Clock, report: (what: ProgramReport) => void) {
    this.#program = program;
    this.#clock = clock;
    this.#report = report;
  }

  launch(): void {
    const startedAtMs = this.#clock.monotonicMs();
    const child = spawn(process.execPath, this.#program.args, {
      env: { ...process.env, ...this.#program.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A Ctrl-C in the terminal is for us alone: the programs hear of it once, by `stop`.
      detached: process.platform !== 'win32',
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) forEachLine(stream, (line) => this.#program.onLine(line));
    child.on('error', (error) =>
      this.#report({ event: 'start_failed', process: this.#program.name, cause: error.message }),
    );
    child.on('close', (code, signal) => {
      this.child = null;
      if (this.#isStopping) return;
      if (code === 0) return this.#report({ event: 'ended', process: this.#program.name, cause: 'exit code 0' });
      this.#scheduleRestart(`${signal ?? `exit code ${code}`}`, this.#clock.monotonicMs() - startedAtMs);
    });
  }

  #scheduleRestart(cause: string, ranMs: number): void {
    const failuresBefore = ranMs >= HEALTHY_MS ? 0 : this.#failures;
    this.#failures = failuresBefore + 1;
    const restartMs = Math.min(FIRST_RESTART_MS * 2 ** failuresBefore, LONGEST_RESTART_MS);
    this.#report({ event: 'died', process: this.#program.name, cause, restartMs });
    this.#restart = this.#clock.setTimer(restartMs, () => {
      this.restarts += 1;
      this.launch();
    });
  }

  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.#restart?.cancel();
    const { child } = this;
    if (child === null) return;
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGTERM');
    const force = this.#clock.setTimer(graceMs, () => child.kill('SIGKILL'));
    await closed;
    force.cancel();
  }
}

/** Calls `each` for every line of a stream; the last one needs no line end. */
function forEachLine(stream: NodeJS.ReadableStream, each: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) each(line);
  });
  stream.on('end', () => {
    if (rest !== '') each(rest);
  });
}
