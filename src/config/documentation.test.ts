import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { allVariables } from '../config.ts';
import { replaceCauseTables } from './cause-tables.ts';
import { renderEnvExample, replaceTable } from './documentation.ts';

test('.env.example says what the code reads: run `pnpm generate` when this fails', async () => {
  expect(await readFile('.env.example', 'utf8')).toBe(renderEnvExample());
});

test("the handbook's table says what the code reads: run `pnpm generate` when this fails", async () => {
  const handbook = await readFile('docs/OPERATIONS.md', 'utf8');
  expect(handbook).toBe(replaceTable(handbook));
});

test('what a process refuses to start without, and what a platform is served by, says where to get it', () => {
  for (const { variables, isOptional } of allVariables()) {
    const needed = variables.filter(
      ({ requiredBy, name }) => requiredBy.length > 0 || /_CLIENT_(ID|SECRET)$/.test(name),
    );
    for (const { name, source } of needed) expect([name, source]).toEqual([name, expect.any(String)]);
    if (isOptional) expect(needed.length).toBe(variables.some(({ source }) => source !== null) ? 2 : 0);
  }
  const [required = ''] = renderEnvExample().split('# ==== Platforms');
  expect([...required.matchAll(/^([A-Z_]+)=$/gm)].map(([, name]) => name)).toEqual([
    'DATABASE_URL',
    'CREDENTIALS_ENCRYPTION_KEY',
    'CHATBOT_BACKEND_BASE_URLS',
    'DOMAIN',
    'WEB_URL',
    'JWT_SECRET',
    'TWITCH_CLIENT_ID',
    'TWITCH_CLIENT_SECRET',
    'TWITCH_CALLBACK_URL',
    'TWITCH_EVENTSUB_SECRET',
  ]);
});

test('what setup writes by itself is accepted', () => {
  const example = { origin: 'https://bots.example', host: 'bots.example', port: '3001', secret: 'x'.repeat(64) };
  const parts = { ...example, key: Buffer.alloc(32).toString('base64') };
  for (const { name, fill, read } of allVariables().flatMap(({ variables }) => variables)) {
    const value = fill?.replace(/\{(\w+)\}/g, (_, part: keyof typeof parts) => parts[part]) ?? null;
    expect([name, Object.keys(read(value, true))]).toEqual([name, expect.arrayContaining(['value'])]);
  }
});

test('every line of the example file is accepted when its comment mark is removed', () => {
  const variables = new Map(allVariables().flatMap((group) => group.variables.map((one) => [one.name, one])));
  const assignments = [...renderEnvExample().matchAll(/^(?:# )?([A-Z][A-Z\d_]*)=(.*)$/gm)];
  expect(assignments.length).toBe(variables.size);
  for (const [, name = '', text = ''] of assignments) {
    const reading = variables.get(name)?.read(text || null, true);
    expect([name, Object.keys(reading ?? {})]).toEqual([name, ['value']]);
  }
});

test.each([
  ['docs/OPERATIONS.md', 'en'],
  ['docs/OPERATIONS.ru.md', 'ru'],
] as const)('%s lists every cause as the code says it: run `pnpm generate` when this fails', async (file, language) => {
  const handbook = await readFile(file, 'utf8');
  expect(handbook).toContain('`worker_gone`');
  expect(handbook).toBe(replaceCauseTables(handbook, language));
});
