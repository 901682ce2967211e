/** Fails when a source file is too long to be one idea, or so short that it belongs in the only file that uses it. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { importsOf, isGenerated, readSources, report, type Source } from './sources.ts';

const LINES_MAX = 400;
/** A file with fewer lines has to have more than one user. */
const SATELLITE_LINES = 30;
/** Short wherever a platform has little to say. */
const HOUSE_PATTERNS = /(?:\.external|-side|\/tables)\.ts$/;

/** @returns one sentence per file that is too long */
export function longFiles(sources: readonly Source[]): string[] {
  return sources
    .filter(({ file }) => !isGenerated(file))
    .map((source) => ({ file: source.file, lines: linesOf(source) }))
    .filter(({ lines }) => lines > LINES_MAX)
    .map(({ file, lines }) => `${file}: ${lines} lines, ${LINES_MAX} are allowed; split it by idea`);
}

/** @returns one sentence per short file that exactly one file imports, a neighbour in its folder with room for it */
export function satellites(sources: readonly Source[]): string[] {
  const importers = new Map<string, Source[]>(sources.map(({ file }) => [file, []]));
  for (const source of sources) {
    for (const target of new Set(importsOf(source).map((imported) => imported.target))) {
      importers.get(target)?.push(source);
    }
  }
  return sources.flatMap((source) => {
    const { file } = source;
    const [user, ...others] = importers.get(file) ?? [];
    const lines = linesOf(source);
    if (user === undefined || others.length > 0 || lines >= SATELLITE_LINES || HOUSE_PATTERNS.test(file)) return [];
    // What is only tested stands for itself: a script, a file that a process starts with.
    if (user.file.endsWith('.test.ts')) return [];
    const isNeighbour = path.posix.dirname(user.file) === path.posix.dirname(file);
    if (!isNeighbour || linesOf(user) + lines > LINES_MAX) return [];
    return [`${file}: ${lines} lines that only ${user.file} uses; move them there`];
  });
}

function linesOf({ text }: Source): number {
  return text.trimEnd().split('\n').length;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const sources = readSources(['src', 'simulators', 'web', 'test', 'bench', 'demo', 'scripts']);
  report('length', [...longFiles(sources), ...satellites(sources)]);
}
