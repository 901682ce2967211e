/** `pnpm check`: every check at once, and all their findings in one go. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';

const CHECKS = [
  ['biome', 'check', '--colors=off', '.'],
  ['tsc', '-p', 'tsconfig.json'],
  ['tsc', '-p', 'src/overlay'],
  ['knip', '--no-progress', '--no-config-hints'],
  ['node', 'scripts/check-imports.ts'],
  ['node', 'scripts/check-platform-names.ts'],
  ['node', 'scripts/check-length.ts'],
  ['node', 'scripts/check-references.ts'],
  ['node', 'scripts/check-regexps.ts'],
  ['node', 'scripts/check-mutants.ts'],
];

const root = path.join(import.meta.dirname, '..');
const results = await Promise.all(CHECKS.map(run));
const failed = results.filter(({ ok }) => !ok);
for (const { name, output } of failed) console.error(`--- ${name}\n${output}`);
console.log(
  failed.length === 0 ? `${CHECKS.length} checks passed` : `${failed.length} of ${CHECKS.length} checks failed`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

async function run([program = '', ...args]: string[]): Promise<{ name: string; ok: boolean; output: string }> {
  const child = spawn(path.join(root, 'node_modules/.bin', program), args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'close');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await exited;
  return { name: [program, ...args].join(' '), ok: code === 0, output: stdout + stderr };
}
