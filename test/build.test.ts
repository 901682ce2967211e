import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { readMigrations } from '../src/db/migrate.ts';
import { createTestDatabase } from './support/database.ts';

const root = path.join(import.meta.dirname, '..');
// Inside the repository, so that what is built finds its packages.
const outDir = path.join(root, 'node_modules/.cache', `build-test-${process.pid}`);
afterAll(() => rmSync(outDir, { recursive: true, force: true }));

test('what is built migrates an empty database without the sources', async () => {
  execFileSync(process.execPath, ['scripts/build.ts', outDir], { cwd: root, stdio: 'pipe' });
  const { url } = await createTestDatabase({ empty: true });
  const program = `
    const { migrate } = await import(${JSON.stringify(pathToFileURL(path.join(outDir, 'db/migrate.js')).href)});
    console.log(JSON.stringify(await migrate(process.argv[1])));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program, url], { encoding: 'utf8' });
  expect(JSON.parse(output)).toEqual((await readMigrations()).map(({ name }) => name));
}, 60_000);

test('scripts run on the pinned Node, whatever the host has, and a signal reaches it with no shell in between', () => {
  expect(process.version).toMatch(/^v24\./);
  expect(realpathSync(path.join(root, 'node_modules/.bin/node'))).toBe(process.execPath);
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const longRunning = Object.keys(scripts).filter((name) => /^(start|demo)/.test(name));
  expect(longRunning.filter((name) => !scripts[name].startsWith('exec node '))).toEqual([]);
});
