/** Fails when a file imports what the map does not allow its folder (docs/ARCHITECTURE.md#the-map). */
import { pathToFileURL } from 'node:url';
import { type Import, importsOf, isTest, readSources, report, type Source } from './sources.ts';

const EVERYTHING = 'everything';
const CONTRACT_TYPES = 'types of the platform contract';
const ABOVE_ENGINE = ['engine', 'accounts', 'credits', 'config', 'platforms', 'db', 'lib'];

/** What each folder may import besides itself. A test compares it with the table of the page. */
export const MAP: Readonly<Record<string, readonly string[]>> = {
  'src/bots': ABOVE_ENGINE,
  'src/api': [...ABOVE_ENGINE, 'overlay'],
  'src/cli': ABOVE_ENGINE,
  'src/engine': ['accounts', 'credits', 'platforms', 'db', 'lib'],
  'src/accounts': ['platforms', 'db', 'lib'],
  'src/credits': ['platforms', 'db', 'lib'],
  'src/overlay': [],
  'src/config': ['platforms', 'lib'],
  'src/platforms': ['db', 'lib'],
  'src/db': ['lib'],
  'src/lib': [],
  simulators: ['lib', CONTRACT_TYPES],
  demo: [EVERYTHING],
  bench: [EVERYTHING],
  test: [EVERYTHING],
  scripts: [EVERYTHING],
};

const CONTRACT = /^src\/platforms\/(platform|\w+-side)\.ts$/;
/** The entry file of the API starts the inline credits bot (docs/decisions/0005-inline-credits-bot-is-a-companion.md). */
const EXCEPTION = { from: 'src/api/main.ts', to: 'src/bots/inlineCreditsBot.ts' };

/** @returns one sentence per import that the map does not allow; tests may import everything */
export function forbiddenImports(sources: readonly Source[]): string[] {
  return sources
    .filter(({ file }) => !isTest(file))
    .flatMap((source) => {
      const { file } = source;
      if (folderOf(file) === null) return [`${file}: in no folder of the map; docs/ARCHITECTURE.md#the-map lists them`];
      return importsOf(source)
        .filter((imported) => imported.target.endsWith('.test.ts') || !isAllowed(file, imported))
        .map(({ target }) => `${file}: must not import ${target} (docs/ARCHITECTURE.md#the-map)`);
    });
}

function isAllowed(file: string, { target, isTypeOnly }: Import): boolean {
  const folder = folderOf(file);
  const targetFolder = folderOf(target);
  if (targetFolder === folder) return true;
  if (file === EXCEPTION.from && target === EXCEPTION.to) return true;
  return (MAP[folder ?? ''] ?? []).some((allowed) => {
    if (allowed === EVERYTHING) return true;
    if (allowed === CONTRACT_TYPES) return isTypeOnly && CONTRACT.test(target);
    return targetFolder === `src/${allowed}`;
  });
}

/** @returns the folder of the map; null when there is none */
function folderOf(file: string): string | null {
  const [top = '', below = ''] = file.split('/');
  // `src/config.ts` counts as part of the folder `src/config`.
  const folder = top === 'src' ? `src/${below.replace(/\.ts$/, '')}` : top;
  return folder in MAP ? folder : null;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  report('imports', forbiddenImports(readSources(['src', 'simulators', 'demo', 'bench', 'test', 'scripts'])));
}
