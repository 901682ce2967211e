import { expect, test } from 'vitest';
import { mutants } from './list.ts';
import { type Mutant, staleMutants } from './mutant.ts';
import { judge, type Report } from './verdict.ts';

const mutant: Mutant = {
  guarantee: 'One is one',
  file: 'src/a.ts',
  find: 'one === 1',
  replace: 'one === 2',
  test: 'src/a.test.ts',
  title: 'one is one',
};
const files = new Map([
  ['src/a.ts', 'return one === 1;'],
  ['src/a.test.ts', "test('one is one, always', () => {"],
]);
const read = (file: string) => files.get(file) ?? null;

test('a mutant whose text and test are there fits the sources', () => {
  expect(staleMutants([mutant], read)).toEqual([]);
});

test.each([
  [{ file: 'src/b.ts' }, 'there is no src/b.ts'],
  [{ find: 'two' }, 'its text occurs 0 times in src/a.ts'],
  [{ find: 'n' }, 'its text occurs 2 times in src/a.ts'],
  [{ replace: 'one === 1' }, 'it changes nothing'],
  [{ test: 'src/b.test.ts' }, 'there is no src/b.test.ts'],
  [{ title: 'two is two' }, 'no test of src/a.test.ts is called "two is two"'],
])('a mutant that no longer fits fails: %o', (change, problem) => {
  expect(staleMutants([{ ...mutant, ...change }], read)).toEqual([`mutant "One is one": ${problem}`]);
});

test('each mutant breaks a guarantee of its own', () => {
  const guarantees = mutants.map(({ guarantee }) => guarantee);
  expect(guarantees.filter((guarantee, place) => guarantees.indexOf(guarantee) !== place)).toEqual([]);
  expect(guarantees.length).toBeGreaterThanOrEqual(40);
});

function report(status: string, message = ''): Report {
  const failureMessages = status === 'failed' ? [message] : [];
  const ran = { fullName: 'a group one is one, always', status, failureMessages };
  return { testResults: [{ assertionResults: [ran, { fullName: 'another', status: 'failed', failureMessages: [] }] }] };
}

const PASSED = report('passed');
const ASSERTION = 'AssertionError: expected 1 to be 2';

test.each([
  [PASSED, report('failed', ASSERTION), 'killed'],
  [PASSED, PASSED, 'survived'],
  [report('failed', ASSERTION), report('failed', ASSERTION), 'unclear'],
  [report('skipped'), report('failed', ASSERTION), 'unclear'],
  [PASSED, null, 'unclear'],
  [PASSED, { testResults: [{ message: 'SyntaxError: x', assertionResults: [] }] }, 'unclear'],
  [PASSED, report('failed', 'TypeError: x is not a function'), 'unclear'],
  [PASSED, report('failed', 'Error: Test timed out in 20000ms.'), 'unclear'],
] as const)(
  'a mutant counts as killed only when its test passes without it and finds it: %#, %#',
  (before, after, kind) => {
    expect(judge('one is one', before, after).kind).toBe(kind);
  },
);
