import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { Lately } from './lately.ts';

function memory(max = 100) {
  const clock = new ManualClock();
  return { clock, lately: new Lately<string>({ keepMs: 60_000, max, clock }) };
}

test('a thing is remembered for its time, and forgotten after twice that time although nothing else comes', async () => {
  const { clock, lately } = memory();
  await clock.advance(59_000);
  lately.set('c1', 'm1', 'x');
  await clock.advance(60_000);
  expect(lately.get('c1', 'm1')).toBe('x');
  await clock.advance(60_000);
  expect(lately.get('c1', 'm1')).toBeUndefined();
});

test('a memory that has forgotten everything has no timer', async () => {
  const { clock, lately } = memory();
  lately.set('c1', 'm1', 'x');
  await clock.advance(10 * 60_000);
  expect(clock.pendingTimers).toBe(0);
  lately.set('c1', 'm2', 'x');
  expect(clock.pendingTimers).toBe(1);
  lately.clear();
  expect([lately.get('c1', 'm2'), clock.pendingTimers]).toEqual([undefined, 0]);
});

test('too many things shorten the memory, over all groups together', () => {
  const { lately } = memory(100);
  lately.set('c1', 'first', 'x');
  for (let index = 0; index < 100; index += 1) lately.set(`c${index}`, 'other', 'y');
  expect(lately.get('c1', 'first')).toBe('x');
  for (let index = 0; index < 100; index += 1) lately.set('c2', `more ${index}`, 'z');
  expect(lately.get('c1', 'first')).toBeUndefined();
});

test('the value set last counts, and equal keys of two groups are two things', () => {
  const { lately } = memory();
  lately.set('c1', 'u1', 'old');
  lately.set('c1', 'u1', 'new');
  lately.set('c2', 'u1', 'other');
  expect([lately.get('c1', 'u1'), lately.get('c2', 'u1')]).toEqual(['new', 'other']);
  lately.keep(new Set(['c2']));
  expect([lately.get('c1', 'u1'), lately.get('c2', 'u1')]).toEqual([undefined, 'other']);
});
