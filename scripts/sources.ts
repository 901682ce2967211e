/** What the house checks read, and how they report. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '..');

export interface Source {
  /** From the root of the repository, with forward slashes. */
  file: string;
  text: string;
}

export interface Import {
  /** From the root of the repository, as `Source.file` is written. */
  readonly target: string;
  readonly isTypeOnly: boolean;
}

/** What a file imports or re-exports by a relative path; packages are left out. */
export function importsOf({ file, text }: Source): Import[] {
  const statements = text.matchAll(
    /\b(?:(?:import|export)\s+(type\s)?[^'";]*?from\s*|import\s*\(?\s*)['"](\.[^'"]+)['"]/g,
  );
  return [...statements].map(([, type, specifier = '']) => ({
    target: path.posix.join(path.posix.dirname(file), specifier),
    isTypeOnly: type !== undefined,
  }));
}

export function isTest(file: string): boolean {
  return file.endsWith('.test.ts') || file.endsWith('.test.tsx') || file.startsWith('test/');
}

export function isGenerated(file: string): boolean {
  return file.includes('generated');
}

/** Every source file of ours under the given folders, tests included. */
export function readSources(folders: readonly string[]): Source[] {
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx,js}`, { cwd: ROOT }));
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
