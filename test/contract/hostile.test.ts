import { afterAll, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { type Ask, call, pathOf, request } from './call.ts';
import type { Route } from './contract.ts';
import { type Operation, readDocument } from './document.ts';
import { sampleOf } from './samples.ts';
import { settle } from './settled.ts';
import { takeSnapshot } from './snapshot.ts';
import { openTheatre } from './stage.ts';

/** What patterns that look for an end, white space or a word stumble over. */
const ENDLESS = ['/'.repeat(100_000), ' '.repeat(100_000), 'a'.repeat(100_000), '\u200b'.repeat(40_000)];
/** The same as far as the head of a request can carry them at all. */
const LONG = ['/'.repeat(4000), ' '.repeat(4000), 'a'.repeat(4000)];
/** What the contract lets come before the trimming. */
const ROOM_TO_TRIM = 4;
/** 413 where a text can only be too long in a body that is. */
const REFUSED = [400, 413, 414, 431];
/** Of the one thread that serves everybody; the clock on the wall would measure the machine's other work. */
const MOST_CPU_MS = 100;

/** Fields of the bodies that platforms read by hand. */
const OF_PLATFORMS = {
  vkvideoChannelUrl: 'vkvideo',
  vkvideoChannelId: 'vkvideo',
  trovoChannelId: 'trovo',
  kickChannelId: 'kick',
};

const { url } = await createTestDatabase();
const theatre = await openTheatre({ usual: url, lacking: url, unentitled: url });
afterAll(() => theatre.stop());
const stage = await theatre.at('usual');
const document = readDocument((await call(stage.port, 'GET /openapi.json' as Route, {})).json);
const [owner] = (await settle(stage)).callers;
const snapshot = await takeSnapshot(stage.pg, stage.rows);

interface Input {
  readonly route: Route;
  readonly where: 'body' | 'path' | 'query' | 'header';
  readonly name: string;
  /** The longest text that may be meant. */
  readonly maxLength: number;
  /** The request with this text in that place. */
  ask(text: string): Ask;
}

const inputs = [...document.operations].flatMap(([route, operation]) => inputsOf(route, operation));

test('the document names inputs of every kind, those that are read by hand included', () => {
  const counts = Object.groupBy(inputs, ({ where }) => where);
  expect(counts.body?.length).toBeGreaterThan(20);
  expect(counts.path?.length).toBeGreaterThan(15);
  expect(counts.query?.length).toBeGreaterThan(15);
  expect(counts.header?.map(({ name }) => name)).toEqual(['idempotency-key']);
  expect(inputs.map(({ name }) => name)).toContain('vkvideoChannelUrl');
});

test.each(inputs.map((input) => [`${input.route}: ${input.name} (${input.where})`, input] as const))(
  '%s: text without end is refused at once and changes nothing',
  async (_, input) => {
    const isInHead = input.where !== 'body';
    const endless = ENDLESS.map((text) => text.padEnd(input.maxLength * ROOM_TO_TRIM + 1, text));
    for (const text of isInHead ? [...endless, ...LONG] : endless) {
      // White space around a header is no part of it.
      if (input.where === 'header' && text.trim() === '' && LONG.includes(text)) continue;
      const sent = `${text.length} × ${JSON.stringify(text[0])}`;
      const before = process.threadCpuUsage();
      const { status, json } = await send(input, text);
      const { user, system } = process.threadCpuUsage(before);
      expect(REFUSED, `${sent}: ${JSON.stringify(json)}`).toContain(status);
      expect((user + system) / 1000, `${sent}: milliseconds of CPU`).toBeLessThan(MOST_CPU_MS);
      const isNamed = status === 400 && (input.where === 'body' || (input.where === 'query' && LONG.includes(text)));
      if (isNamed) expect(json.details?.field, sent).toMatch(new RegExp(`^${input.name}(\\.0)?$`));
    }
    expect(await snapshot.changed()).toEqual([]);
  },
);

function send({ route, ask }: Input, text: string) {
  const asked = { as: owner ?? null, ...ask(text) };
  return request(stage.port, route.slice(0, route.indexOf(' ')), pathOf(route, asked), asked);
}

function inputsOf(route: Route, { parameters = [], requestBody }: Operation): Input[] {
  const sample = sampleOf(route);
  const maxLength = 0;
  const inHead = parameters.map(({ in: where, name }): Input => {
    switch (where) {
      case 'path':
        return {
          route,
          where,
          name,
          maxLength,
          ask: (text) => ({ ...sample, params: { ...sample.params, [name]: text } }),
        };
      case 'query':
        return {
          route,
          where,
          name,
          maxLength,
          ask: (text) => ({ ...sample, query: { ...sample.query, [name]: text } }),
        };
      default: {
        const bytes = (text: string) => Buffer.from(text).toString('latin1');
        return {
          route,
          where: 'header',
          name,
          maxLength,
          ask: (text) => ({ ...sample, headers: { [name]: bytes(text) } }),
        };
      }
    }
  });
  const schema = requestBody?.content['application/json']?.schema;
  return [...inHead, ...(typeof schema === 'object' ? inBody(route, schema as Schema) : [])];
}

interface Schema {
  readonly type?: string | readonly string[];
  readonly maxLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

function inBody(route: Route, schema: Schema): Input[] {
  const sample = sampleOf(route);
  const named = Object.entries(schema.properties ?? {}).flatMap(([name, field]): Input[] => {
    const wrap = wrapOf(field);
    if (wrap === null) return [];
    const ask = (text: string) => ({ ...sample, body: { ...(sample.body as object), [name]: wrap(text) } });
    const maxLength = Math.max(...[field, ...(field.anyOf ?? [])].map((one) => one.maxLength ?? 0));
    return [{ route, where: 'body', name, maxLength, ask }];
  });
  if (typeof schema.additionalProperties !== 'object') return named;
  const byHand = Object.entries(OF_PLATFORMS).map(([name, provider]): Input => {
    const ask = (text: string) => ({ params: { provider }, body: { enabled: true, [name]: text } });
    return { route, where: 'body', name, maxLength: 0, ask };
  });
  return [...named, ...byHand];
}

/** How a text gets into the field; null where none belongs. */
function wrapOf(field: Schema): ((text: string) => unknown) | null {
  const types = [field.type, ...(field.anyOf ?? []).map(({ type }) => type)].flat();
  if (types.includes('string')) return (text) => text;
  return field.items !== undefined && wrapOf(field.items) !== null ? (text) => [text] : null;
}
