import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { call, request } from './call.ts';
import { HIDDEN, type Route } from './contract.ts';
import { envelopeFindings, readDocument } from './document.ts';
import { type RandomRequest, requestsTo } from './random-requests.ts';
import { settle } from './settled.ts';
import { takeSnapshot } from './snapshot.ts';
import { openTheatre } from './stage.ts';

/** Of each family; `pnpm exec node test/contract/random.ts --requests 10000` asks for more. */
const REQUESTS = Number(process.env.RANDOM_REQUESTS ?? 200);
const SLOWEST_MS = 100;
/** An owner may name any channel, and Kick says no to one it does not know (docs/contract/http-api.md#enabling-kick, row 7). */
const NO_OF_A_PLATFORM = 'KICK_SUBSCRIPTION_CREATE_FAILED';

const FAMILIES: readonly [name: string, routes: RegExp][] = [
  ['bots', / \/streamer\/(bots|entitlements)/],
  ['commands', / \/streamer\/bot\/commands/],
  ['say', / \/streamer\/bot\/(say|outbox)/],
  ['settings', / \/streamer\/bot\/(follow-greetings|stream-duration|enable|disable|subscription)/],
  ['credits', / \/streamer\/credits/],
  ['tools', / \/streamer\/(api-tokens|audit|events)/],
  ['owner', / \/owner\//],
  ['auth', / \/auth\//],
  ['relay', / \/internal\//],
  ['webhooks', / \/webhooks\//],
  ['overlay', / \/overlay\//],
  ['pages', / \/($|dashboard$|settings\/)/],
  ['operations', / \/(health|healthz|ready|readyz|metrics|capabilities)$/],
];

const { url } = await createTestDatabase();
const theatre = await openTheatre({ usual: url, lacking: url, unentitled: url });
afterAll(() => theatre.stop());
const stage = await theatre.at('usual');
const document = readDocument((await call(stage.port, 'GET /openapi.json' as Route, {})).json);
const routes = new Map([...document.operations, ...[...HIDDEN].map((route) => [route, undefined] as const)]);
const known = await settle(stage);
const snapshot = await takeSnapshot(stage.pg, stage.rows);

test('every route belongs to a family', () => {
  const strays = [...routes.keys()].filter((route) => !FAMILIES.some(([, pattern]) => pattern.test(route)));
  expect(strays).toEqual([]);
});

test.for(FAMILIES)(
  '%s: no request is our failure, and no refused one changes a row',
  {
    timeout: REQUESTS * SLOWEST_MS,
  },
  async ([name, pattern]) => {
    const family = new Map([...routes].filter(([route]) => pattern.test(route)));
    const statuses = new Map<number, number>();
    let written = 0;
    const property = fc.asyncProperty(requestsTo(family, known), async (random) => {
      const { status, isWritten } = await judge(random);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      written += isWritten ? 1 : 0;
    });
    await fc.assert(property, { numRuns: REQUESTS, interruptAfterTimeLimit: REQUESTS * SLOWEST_MS });
    const told = [...statuses].sort(([one], [other]) => one - other).map(([status, times]) => `${status} × ${times}`);
    console.log(`random: ${name}: ${REQUESTS} requests to ${family.size} routes: ${told.join(', ')}; ${written} wrote`);
    expect([...statuses.values()].reduce((sum, times) => sum + times, 0)).toBeGreaterThanOrEqual(REQUESTS);
  },
);

async function judge({ route, method, path, ask }: RandomRequest): Promise<{ status: number; isWritten: boolean }> {
  const answer = await request(stage.port, method, path, ask);
  const changed = await snapshot.changed();
  if (changed.length > 0) await snapshot.restore(changed);
  const { status, text, json } = answer;
  const findings = [
    ...(status < 500 || json?.errorCode === NO_OF_A_PLATFORM ? [] : ['our failure']),
    ...envelopeFindings(answer),
    ...(HIDDEN.has(route) ? [] : document.findingsOn(route, answer)),
    ...(status >= 400 ? changed.map((table) => `refused, and ${table} has changed`) : []),
  ];
  expect(findings, `${status} ${text.slice(0, 300)}`).toEqual([]);
  return { status, isWritten: changed.length > 0 };
}
