/** Fails when a source file grows past 300 lines without saying why in its first line. */
import { pathToFileURL } from 'node:url';
import { isGenerated, readSources, report, type Source } from './sources.ts';

const LINES_MAX = 300;
const REASON = /^\/\/ Long because: \S/;

/** One sentence per file that is too long and gives no reason. */
export function longFiles(sources: readonly Source[]): string[] {
  return sources
    .filter(({ file, text }) => !isGenerated(file) && !REASON.test(text))
    .map(({ file, text }) => ({ file, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > LINES_MAX)
    .map(({ file, lines }) => `${file}: ${lines} lines; split it by idea, or open it with "// Long because: …"`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  report('length', longFiles(readSources(['src', 'simulators', 'web', 'test', 'bench', 'demo', 'scripts'])));
}
