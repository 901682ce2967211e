import { afterAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { call } from './call.ts';
import { CASES } from './cases/index.ts';
import { HIDDEN, promisedBy, ROUTES, type Route } from './contract.ts';
import { type ApiDocument, readDocument } from './document.ts';
import { guardAnswers, guardsOf } from './guards.ts';
import { play } from './kit.ts';
import { openTheatre } from './stage.ts';

// A server may keep a time of its own: no answer depends on it.
const database = async () => (await createTestDatabase({ timeZone: 'Asia/Tokyo' })).url;
const [usual, lacking, unentitled] = await Promise.all([database(), database(), database()]);
const theatre = await openTheatre({ usual, lacking, unentitled });
afterAll(() => theatre.stop());
const document = await fetchDocument();
const answered = new Set<string>();

for (const route of ROUTES) {
  describe(route, () => {
    for (const one of [...(CASES.get(route) ?? []), ...guardsOf(route)]) {
      test(`${one.expects} when ${one.when}`, async () => {
        await play(route, one, await theatre.at(one.on ?? 'usual'), document);
        answered.add(pairOf(route, one.expects));
      });
    }
  });
}

test('every route of the document is in the contract or beyond it, and the other way round', () => {
  const documented = [...document.operations.keys()];
  expect(ROUTES.filter((route) => !HIDDEN.has(route)).sort()).toEqual(documented.sort());
});

test('no case expects what nobody has promised', () => {
  for (const [route, cases] of CASES) {
    const promised = [...promisedBy(route), ...guardAnswers(route)];
    expect([route, cases.map(({ expects }) => expects).filter((answer) => !promised.includes(answer))]).toEqual([
      route,
      [],
    ]);
  }
});

test('every answer that was promised was given', () => {
  const promised = ROUTES.flatMap((route) => answersOf(route).map((answer) => pairOf(route, answer)));
  const missing = promised.filter((pair) => !answered.has(pair));
  console.log(
    `contract: ${count(promised, answered)} answers (route, status, code), ` +
      `${count(statusesOf(promised), statusesOf(answered))} pairs (route, status) covered`,
  );
  expect(missing).toEqual([]);
});

function answersOf(route: Route): string[] {
  return [...new Set([...promisedBy(route), ...guardAnswers(route)])];
}

function pairOf(route: Route, answer: string): string {
  return `${route} → ${answer}`;
}

/** The same without codes and reasons. */
function statusesOf(pairs: Iterable<string>): Set<string> {
  return new Set([...pairs].map((pair) => pair.replace(/( → \d+).*/, '$1')));
}

function count(promised: Iterable<string>, given: ReadonlySet<string>): string {
  const all = [...promised];
  return `${all.filter((pair) => given.has(pair)).length} of ${all.length}`;
}

async function fetchDocument(): Promise<ApiDocument> {
  const { port } = await theatre.at('usual');
  return readDocument((await call(port, 'GET /openapi.json', {})).json);
}
