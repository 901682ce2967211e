import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { createSupervisor, type ProgramReport } from './supervisor.ts';

const PATIENCE = { timeout: 15_000, interval: 5 };

/** A supervisor with one program made of source text; its restarts happen when the test moves the clock. */
function supervise(source: string) {
  const clock = new ManualClock();
  const reports: ProgramReport[] = [];
  const lines: string[] = [];
  const supervisor = createSupervisor(clock, (report) => reports.push(report));
  onTestFinished(() => supervisor.stop(0));
  const program = supervisor.start({
    name: 'parrot',
    args: ['-e', source],
    env: { GREETING: 'squawk' },
    onLine: (line) => lines.push(line),
  });
  const wrote = (line: string, times = 1) =>
    vi.waitFor(() => expect(lines.filter((each) => each === line)).toHaveLength(times), PATIENCE);
  const reported = (count: number) => vi.waitFor(() => expect(reports).toHaveLength(count), PATIENCE);
  return { clock, reports, lines, supervisor, program, wrote, reported };
}

const FOREVER = 'setInterval(() => {}, 1000);';

test('what a program writes arrives line by line, also what lacks a line end', async () => {
  const { lines, reported } = supervise(
    `process.stdout.write('one\\ntwo ' + process.env.GREETING + '\\nlast'); console.error('trouble')`,
  );
  await reported(1);
  expect(lines.filter((line) => line !== 'trouble')).toEqual(['one', 'two squawk', 'last']);
  expect(lines).toContain('trouble');
});

test('a program that dies is started again, each time after a longer pause', async () => {
  const { clock, reports, program, wrote, reported } = supervise(`console.log('up'); process.exit(3)`);
  await reported(1);
  await clock.advance(499);
  expect(program).toMatchObject({ name: 'parrot' });
  expect([program.pid(), program.restarts()]).toEqual([null, 0]);
  await clock.advance(1);
  await wrote('up', 2);
  await reported(2);
  await clock.advance(1000);
  await reported(3);
  expect(program.restarts()).toBe(2);
  const died = { event: 'died', process: 'parrot', cause: 'exit code 3' };
  expect(reports).toEqual([500, 1000, 2000].map((restartMs) => ({ ...died, restartMs })));
});

test('a killed program that had run for a minute is started again after the shortest pause', async () => {
  const { clock, reports, program, wrote, reported } = supervise(`console.log('up'); ${FOREVER}`);
  for (const lives of [1, 2, 3]) {
    await wrote('up', lives);
    await clock.advance(60_000);
    process.kill(program.pid() ?? 0, 'SIGKILL');
    await reported(lives);
    await clock.advance(500);
  }
  await wrote('up', 4);
  const died = { event: 'died', process: 'parrot', cause: 'SIGKILL', restartMs: 500 };
  expect(reports).toEqual([died, died, died]);
});

test('exit code 0 is the program’s decision: it is not started again', async () => {
  const { clock, reports, program, reported } = supervise('');
  await reported(1);
  await clock.advance(60_000);
  expect(reports).toEqual([{ event: 'ended', process: 'parrot', cause: 'exit code 0' }]);
  expect([program.pid(), program.restarts(), clock.pendingTimers]).toEqual([null, 0, 0]);
});

test('stop asks with SIGTERM and waits for the program to finish what it does', async () => {
  const { lines, reports, supervisor, program, wrote } = supervise(
    `process.on('SIGTERM', () => { console.log('finished'); process.exit(0) }); console.log('up'); ${FOREVER}`,
  );
  await wrote('up');
  await supervisor.stop(5000);
  expect([lines, reports, program.pid()]).toEqual([['up', 'finished'], [], null]);
});

test('a program that ignores SIGTERM is killed after the grace, and not before', async () => {
  const { clock, supervisor, program, wrote } = supervise(
    `process.on('SIGTERM', () => console.log('no')); console.log('up'); ${FOREVER}`,
  );
  await wrote('up');
  const stopped = supervisor.stop(5000);
  await wrote('no');
  await clock.advance(4999);
  expect(program.pid()).not.toBeNull();
  await clock.advance(1);
  await stopped;
  expect(program.pid()).toBeNull();
});

test('a program that waits for its restart is not started once the group stops', async () => {
  const { clock, supervisor, program, reported } = supervise('process.exit(1)');
  await reported(1);
  await supervisor.stop(5000);
  await clock.advance(60_000);
  expect([program.pid(), program.restarts()]).toEqual([null, 0]);
});

test('programs end with the process that started them when that one crashes', async () => {
  const urlOf = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  const inner = `console.log('up'); ${FOREVER}`;
  const outer = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `const { createSupervisor } = await import(${urlOf('./supervisor.ts')});
    const { systemClock } = await import(${urlOf('../lib/clock.ts')});
    const program = createSupervisor(systemClock, () => {}).start({
      name: 'inner', args: ['-e', ${JSON.stringify(inner)}], env: {},
      onLine() { process.stdout.write(String(program.pid()), () => { throw new Error('a bug'); }); },
    });`,
  ]);
  const [written, [exitCode]] = await Promise.all([text(outer.stdout), once(outer, 'exit')]);
  expect(exitCode).toBe(1);
  const pid = Number(written);
  expect(pid).toBeGreaterThan(0);
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), PATIENCE);
});
