/** A sixth platform touches what it may touch and nothing else, and passes the suite of all platforms (docs/design.md#the-map). */
import { execFile } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, onTestFinished, test } from 'vitest';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '../..');
const TREE = path.join(import.meta.dirname, 'tree');
const LIMIT_MS = 240_000;
/** Written by `pnpm generate`. */
const GENERATED = ['.env.example', 'docs/OPERATIONS.md', 'docs/OPERATIONS.ru.md'];

/** The repository as it is, in a folder of its own. */
function copyOfTheRepository(): string {
  const copy = mkdtempSync(path.join(os.tmpdir(), 'memalerts-sixth-'));
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }));
  const skipped = ['node_modules', 'dist', '.git', '.data'].map((name) => path.join(ROOT, name));
  cpSync(ROOT, copy, { recursive: true, filter: (file) => !skipped.includes(file) && file !== import.meta.dirname });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  return copy;
}

/** What a person would do: add the folders, name the platform in the registry, give its worker a script. */
function addPigeon(copy: string): void {
  cpSync(TREE, copy, { recursive: true });
  const line = "register('pigeon', 'Pigeon', pigeonVariables, async () => (await import('./pigeon/index.ts')).pigeon),";
  edit(copy, 'src/platforms/registry.ts', (text) =>
    `import { pigeonVariables } from './pigeon/settings.ts';\n${text}`.replace('\n];', `\n  ${line}\n];`),
  );
  edit(copy, 'package.json', (text) =>
    text.replace(
      '"memalerts":',
      '"start:pigeon-chatbot": "exec node --max-semi-space-size=4 dist/bots/pigeonChatbotRunner.js",\n    "memalerts":',
    ),
  );
}

function edit(folder: string, file: string, change: (text: string) => string): void {
  const text = readFileSync(path.join(folder, file), 'utf8');
  const changed = change(text);
  expect(changed).not.toBe(text);
  writeFileSync(path.join(folder, file), changed);
}

/** Files that are new or have another content. */
function differences(copy: string): string[] {
  const files = globSync('**/*', { cwd: copy, exclude: ['node_modules', 'node_modules/**'], withFileTypes: true });
  return files
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(copy, path.join(entry.parentPath, entry.name)))
    .concat(globSync('.env.example', { cwd: copy }))
    .filter((file) => content(path.join(copy, file)) !== content(path.join(ROOT, file)))
    .sort();
}

function content(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

test(
  'a sixth platform is its folder, its simulator, one entry with its script, the registry and one migration',
  async () => {
    const copy = copyOfTheRepository();
    addPigeon(copy);
    const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
    const TEST_DATABASE_URL = inject('databaseServerUrl');
    const inCopy = (program: string, ...args: string[]) =>
      run(path.join(copy, 'node_modules/.bin', program), args, {
        cwd: copy,
        env: { PATH, HOME, NODE_COMPILE_CACHE, TEST_DATABASE_URL, CI: '', NO_COLOR: '1' },
        timeout: LIMIT_MS,
      }).catch((error: { stdout: string; stderr: string }) => {
        throw new Error(`${program} ${args.join(' ')}\n${error.stdout}\n${error.stderr}`);
      });
    await inCopy('node', 'scripts/generate-env.ts');

    const touched = differences(copy).filter((file) => !GENERATED.includes(file));
    const added = globSync('**/*.*', { cwd: TREE }).sort();
    expect(touched).toEqual([...added, 'package.json', 'src/platforms/registry.ts'].sort());
    expect(new Set(added.map((file) => file.split('/').slice(0, 3).join('/')))).toEqual(
      new Set([
        'simulators/pigeon/pigeon.ts',
        'simulators/pigeon/simulated-platform.ts',
        'src/bots/pigeonChatbotRunner.ts',
        'src/db/migrations',
        'src/platforms/pigeon',
      ]),
    );

    await inCopy('tsc', '-p', 'tsconfig.json');
    for (const check of ['imports', 'platform-names', 'length']) await inCopy('node', `scripts/check-${check}.ts`);
    const { stdout } = await inCopy('vitest', 'run', '--reporter=verbose', 'src/platforms/pigeon');
    expect(stdout).toMatch(/Tests +\d+ passed \(\d+\)/);
    expect(stdout).toContain('a withdrawn grant asks for a new link');
  },
  LIMIT_MS,
);
