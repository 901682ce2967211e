/** The package runners that a process was started through, and the moment when one of them is gone. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../lib/clock.ts';

const LOOK_MS = 500;
const RUNNERS = new Set(['npm', 'npx', 'pnpm', 'pnpx', 'yarn', 'corepack']);
/** More processes than this between a runner and us do not occur; it ends the walk should /proc show a circle. */
const LONGEST_CHAIN = 16;

/**
 * npx ends at a SIGTERM and passes it on to nobody who matters: the pnpm that it started, and we below it, live on.
 * So a runner that is gone counts as the signal that it kept to itself.
 *
 * Does nothing where no runner started us, or where there is no /proc.
 *
 * @param gone called once
 */
export function watchLaunchers(clock: Pick<Clock, 'setTimer'>, gone: () => void): void {
  const chain = launchersOf(process.ppid);
  if (chain.length === 0) return;
  const look = () => {
    const isWhole = chain.every((pid, index) => {
      const above = chain[index + 1];
      const parent = parentOf(pid);
      return parent !== null && (above === undefined || parent === above);
    });
    if (isWhole && process.ppid === chain[0]) clock.setTimer(LOOK_MS, look, { unref: true });
    else gone();
  };
  look();
}

/** From `pid` up to the topmost package runner; empty where none is among the ancestors. */
function launchersOf(pid: number): readonly number[] {
  const chain: number[] = [];
  let length = 0;
  let current: number | null = pid;
  while (current !== null && current > 1 && chain.length < LONGEST_CHAIN) {
    chain.push(current);
    if (isRunner(current)) length = chain.length;
    current = parentOf(current);
  }
  return chain.slice(0, length);
}

/** Runners are scripts, so that an interpreter comes first in the line, or they rename themselves: `npm exec pnpm`. */
function isRunner(pid: number): boolean {
  const words = (read(`/proc/${pid}/cmdline`) ?? '').split(/[\0 ]/).slice(0, 2);
  return words.some((word) => RUNNERS.has(path.basename(word).replace(/(-cli)?\.[cm]?js$/, '')));
}

/** Null when the process is gone. */
function parentOf(pid: number): number | null {
  // `pid (name) state ppid …`; a name may contain blanks and brackets.
  const [, rest] = (read(`/proc/${pid}/stat`) ?? '').split(/\) (?=[A-Z] )/);
  const parent = Number(rest?.split(' ')[1]);
  return Number.isInteger(parent) && parent > 0 ? parent : null;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
