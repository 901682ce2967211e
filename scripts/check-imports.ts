/** Fails when a source file imports upward: bots, api, cli → engine, accounts, credits → platforms → db → lib. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isTest, readSources, report, type Source } from './sources.ts';

const HEIGHTS: Record<string, number> = {
  lib: 0,
  db: 1,
  platforms: 2,
  engine: 3,
  accounts: 3,
  credits: 3,
  bots: 4,
  api: 4,
  cli: 4,
};
const CONFIG = /^src\/config(\.ts$|\/)/;
// Entry points read the configuration; what they hand it to may know its type.
const CONFIG_VALUE_HEIGHT = 4;
const CONFIG_TYPE_HEIGHT = 3;

interface Import {
  target: string;
  isTypeOnly: boolean;
}

/** One sentence per import that goes the wrong way. */
export function upwardImports(sources: readonly Source[]): string[] {
  return sources.filter(({ file }) => !isTest(file)).flatMap(problemsOf);
}

function problemsOf({ file, text }: Source): string[] {
  const height = heightOf(file);
  if (height === null) return [`${file}: in no known folder of src; scripts/check-imports.ts lists them`];
  return importsOf(file, text)
    .filter((imported) => !isAllowed(file, height, imported))
    .map(({ target }) => `${file}: must not import ${target}`);
}

function isAllowed(file: string, height: number, { target, isTypeOnly }: Import): boolean {
  if (CONFIG.test(target)) {
    return height >= (isTypeOnly ? CONFIG_TYPE_HEIGHT : CONFIG_VALUE_HEIGHT) || CONFIG.test(file);
  }
  const targetHeight = heightOf(target);
  return targetHeight !== null && targetHeight <= height && !isTest(target);
}

/** The configuration sees what platforms declare, and nothing above them. */
function heightOf(file: string): number | null {
  if (CONFIG.test(file)) return HEIGHTS.platforms ?? null;
  const [top, folder = ''] = file.split('/');
  return top === 'src' ? (HEIGHTS[folder] ?? null) : null;
}

function importsOf(file: string, text: string): Import[] {
  const statements = text.matchAll(
    /\b(?:(import|export)\s+(type\s)?[^'";]*?from\s*|import\s*\(?\s*)['"](\.[^'"]+)['"]/g,
  );
  return [...statements].map(([, , type, specifier = '']) => ({
    target: path.posix.join(path.posix.dirname(file), specifier),
    isTypeOnly: type !== undefined,
  }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  report('imports', upwardImports(readSources(['src'])));
}
