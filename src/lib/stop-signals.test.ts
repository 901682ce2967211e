import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';

/** A process that never gets done with its stop; its clock moves by what is written to it. */
async function stubborn() {
  const source = `
    const { onStopSignal } = await import(${JSON.stringify(new URL('./stop-signals.ts', import.meta.url).href)});
    let nowMs = 0;
    onStopSignal({ monotonicMs: () => nowMs }, ['SIGTERM', 'SIGINT'], (signal) => console.log('stop ' + signal));
    process.on('SIGINT', () => console.log('heard SIGINT'));
    process.stdin.on('data', (text) => { nowMs += Number(text); console.log('at ' + nowMs); });
    console.log('up');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => (await lines.next()).value;
  expect(await line()).toBe('up');
  return { child, line };
}

test('signals within 3 s are one wish to stop; a later one ends the process at once with code 1', async () => {
  const { child, line } = await stubborn();
  child.kill('SIGTERM');
  expect(await line()).toBe('stop SIGTERM');
  child.stdin.write('2999');
  expect(await line()).toBe('at 2999');
  child.kill('SIGINT');
  expect(await line()).toBe('heard SIGINT');
  child.stdin.write('1');
  expect(await line()).toBe('at 3000');
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await exited).toEqual([1, null]);
});
