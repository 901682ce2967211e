/**
 * `pnpm mutants [words]`: breaks one guarantee after the other in a copy of the tree, and fails when the test that holds
 * it still passes. Words choose the mutants whose guarantee or file contains one of them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { startEmbeddedPostgres } from '../src/db/embedded.ts';
import { mutants } from './mutants/list.ts';
import type { Mutant } from './mutants/mutant.ts';
import { judge, type Report, type Verdict } from './mutants/verdict.ts';

const ROOT = path.join(import.meta.dirname, '..');
/** Far longer than any test takes that a mutant names. */
const DEADLINE_MS = 120_000;

const words = process.argv.slice(2);
const chosen = mutants.filter(
  ({ guarantee, file }) => words.length === 0 || words.some((word) => guarantee.includes(word) || file.includes(word)),
);
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());

const folder = await mkdtemp(path.join(os.tmpdir(), 'memalerts-mutants-'));
const copy = path.join(folder, 'tree');
const server = await startEmbeddedPostgres({ dataDir: path.join(folder, 'database'), durable: false });
try {
  await copyTree();
  const verdicts = await replayAll();
  const killed = verdicts.filter(({ kind }) => kind === 'killed').length;
  console.log(`${killed} of ${chosen.length} mutants killed`);
  process.exitCode = killed === chosen.length ? 0 : 1;
} finally {
  await server.stop('crash');
  await rm(folder, { recursive: true, force: true });
}

/** What the working tree holds now, with links to the packages and caches of its own. */
async function copyTree(): Promise<void> {
  const git = spawn('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  const files = (await text(git.stdout)).split('\0').filter((file) => file !== '' && existsSync(path.join(ROOT, file)));
  for (const file of files) await cp(path.join(ROOT, file), path.join(copy, file));
  const packages = path.join(ROOT, 'node_modules');
  await mkdir(path.join(copy, 'node_modules'));
  for (const name of await readdir(packages)) {
    if (name !== '.vite') await symlink(path.join(packages, name), path.join(copy, 'node_modules', name));
  }
}

async function replayAll(): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const [test, ofTest] of Map.groupBy(chosen, (mutant) => mutant.test)) {
    const unchanged = await runTest(test, [...new Set(ofTest.map(({ title }) => title))]);
    for (const mutant of ofTest) {
      if (interrupted.signal.aborted) return verdicts;
      const begunAt = performance.now();
      const verdict = judge(mutant.title, unchanged, await replay(mutant));
      const seconds = ((performance.now() - begunAt) / 1000).toFixed(1);
      const why = verdict.kind === 'killed' ? '' : `\n         ${verdict.why}`;
      console.log(`${verdict.kind.padEnd(8)} ${mutant.guarantee} (${mutant.file}, ${seconds} s)${why}`);
      verdicts.push(verdict);
    }
  }
  return verdicts;
}

async function replay({ file, find, replace, test, title }: Mutant): Promise<Report | null> {
  const place = path.join(copy, file);
  const source = await readFile(place, 'utf8');
  if (source.split(find).length !== 2) throw new Error(`${file} does not hold exactly once: ${find}`);
  await writeFile(
    place,
    source.replace(find, () => replace),
  );
  try {
    return await runTest(test, [title]);
  } finally {
    await writeFile(place, source);
  }
}

/** @returns null when the run told nothing: it was stopped, or the file could not be loaded at all */
async function runTest(test: string, titles: readonly string[]): Promise<Report | null> {
  const output = path.join(folder, 'report.json');
  await rm(output, { force: true });
  const pattern = titles.map((title) => title.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('|');
  const vitest = path.join(copy, 'node_modules/.bin/vitest');
  const args = [vitest, 'run', test, '-t', pattern, '--reporter=json', `--outputFile=${output}`];
  const child = spawn(process.execPath, args, {
    cwd: copy,
    env: { ...process.env, TEST_DATABASE_URL: server.url },
    stdio: 'ignore',
    signal: AbortSignal.any([interrupted.signal, AbortSignal.timeout(DEADLINE_MS)]),
  });
  await once(child, 'close').catch(() => {});
  return existsSync(output) ? (JSON.parse(await readFile(output, 'utf8')) as Report) : null;
}
