/** What the house checks read, and how they report. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '..');

export interface Source {
  /** From the root of the repository, with forward slashes. */
  file: string;
  text: string;
}

export function isTest(file: string): boolean {
  return file.endsWith('.test.ts') || file.endsWith('.test.tsx') || file.startsWith('test/');
}

export function isGenerated(file: string): boolean {
  return file.includes('generated');
}

/** Every source file of ours under the given folders, tests included. */
export function readSources(folders: readonly string[]): Source[] {
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx}`, { cwd: ROOT }));
  return files
    .map((file) => file.replaceAll(path.sep, '/'))
    .filter((file) => !file.includes('node_modules/') && !file.endsWith('.d.ts'))
    .sort()
    .map((file) => ({ file, text: readFileSync(path.join(ROOT, file), 'utf8') }));
}

/** Prints what is wrong and makes the process fail if anything is. */
export function report(check: string, problems: readonly string[]): void {
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  console.log(`${check}: ${problems.length} problems`);
}
