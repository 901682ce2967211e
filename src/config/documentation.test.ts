import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { allVariables } from '../config.ts';
import { renderEnvExample, replaceTable } from './documentation.ts';

test('.env.example says what the code reads: run `pnpm generate` when this fails', async () => {
  expect(await readFile('.env.example', 'utf8')).toBe(renderEnvExample());
});

test("the handbook's table says what the code reads: run `pnpm generate` when this fails", async () => {
  const handbook = await readFile('docs/OPERATIONS.md', 'utf8');
  expect(handbook).toBe(replaceTable(handbook));
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
