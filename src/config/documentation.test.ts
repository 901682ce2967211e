import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { renderEnvExample, replaceTable } from './documentation.ts';

test('.env.example says what the code reads: run `pnpm generate` when this fails', async () => {
  expect(await readFile('.env.example', 'utf8')).toBe(renderEnvExample());
});

test("the handbook's table says what the code reads: run `pnpm generate` when this fails", async () => {
  const handbook = await readFile('docs/OPERATIONS.md', 'utf8');
  expect(handbook).toBe(replaceTable(handbook));
});
