import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { CASES } from './cases/index.ts';
import { CONTRACT, type Route } from './contract.ts';
import { guardsOf } from './guards.ts';
import { NUMBERS, type Proof, WEAKNESSES } from './weaknesses.ts';

const root = path.join(import.meta.dirname, '../..');

test('every weakness of the contract’s list has its tests', () => {
  const numbers = WEAKNESSES.map(({ id }) => (id === 'W4b' || id === 'W7b' ? id : id.replace(/\D+$/, '')));
  expect([...new Set(numbers)].sort()).toEqual([...NUMBERS].sort());
  for (const { id, proofs } of WEAKNESSES) expect([id, proofs.length > 0]).toEqual([id, true]);
});

test('every route names a heading of the contract’s page', () => {
  const page = readFileSync(path.join(root, 'docs/contract/http-api.md'), 'utf8');
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading.toLowerCase().replaceAll(' ', '-'),
  );
  for (const [route, { section }] of Object.entries(CONTRACT))
    expect([route, headings]).toEqual([route, expect.arrayContaining([section])]);
});

test.for(WEAKNESSES.map((weakness) => [weakness.id, weakness.what, weakness.proofs] as const))(
  '%s (%s): the tests that would fail are there',
  ([, , proofs]) => {
    expect(proofs.filter((proof) => !isThere(proof))).toEqual([]);
  },
);

function isThere([place, title]: Proof): boolean {
  if (!place.includes(' ')) return readFileSync(path.join(root, place), 'utf8').includes(title);
  const route = place as Route;
  return [...(CASES.get(route) ?? []), ...guardsOf(route)].some(({ when }) => when === title);
}
