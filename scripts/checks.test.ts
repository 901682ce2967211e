import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { forbiddenImports, MAP } from './check-imports.ts';
import { longFiles, satellites } from './check-length.ts';
import { namedPlatforms } from './check-platform-names.ts';
import { brokenLinks, brokenReferences } from './check-references.ts';
import { EXCEPTIONS, slowRegexps } from './check-regexps.ts';

const file = (name: string, ...lines: string[]) => ({ file: name, text: `${lines.join('\n')}\n` });

test('the map that is enforced is the table of the page', () => {
  const page = readFileSync(path.join(import.meta.dirname, '../docs/ARCHITECTURE.md'), 'utf8');
  const rows = page.slice(page.indexOf('## The map'), page.indexOf('## Inside a worker')).matchAll(/^\| (`.*) \|$/gm);
  const table = [...rows].flatMap(([, row = '']) => {
    const [folders = '', , allowed = ''] = row.split(' | ');
    return [...folders.matchAll(/`([^`]+)`/g)].map(([, folder]) => [
      folder,
      allowed === '–' ? [] : allowed.split(', '),
    ]);
  });
  expect(table).toEqual(Object.entries(MAP));
});

test('an import that the map allows passes', () => {
  const sources = [
    file('src/api/main.ts', `import { a } from '../engine/a.ts';`, `import { config } from '../config.ts';`),
    file('src/api/main.ts', `import { startInlineCreditsBot } from '../bots/inlineCreditsBot.ts';`),
    file('src/engine/a.ts', `import { b } from '../credits/b.ts';`, `import { b } from './b.ts';`),
    file('src/config.ts', `import { registry } from './platforms/registry.ts';`, `import { a } from './config/a.ts';`),
    file('src/lib/a.test.ts', `import { main } from '../api/main.ts';`),
    file('simulators/one/a.ts', `import type { Role } from '../../src/platforms/platform.ts';`),
    file('simulators/one/a.ts', `import type { ChatMessage } from '../../src/platforms/worker-side.ts';`),
    file('bench/a.ts', `import { a } from '../test/conformance/a.ts';`, `import manifest from '../package.json';`),
  ];
  expect(forbiddenImports(sources)).toEqual([]);
});

test.each([
  ['src/lib/a.ts', `import { b } from '../db/b.ts';`],
  ['src/db/a.ts', `export { b } from '../platforms/b.ts';`],
  ['src/platforms/one/a.ts', `import type { b } from '../../engine/b.ts';`],
  ['src/platforms/one/a.ts', `import type { Config } from '../../config.ts';`],
  ['src/platforms/one/a.ts', `import { b } from '../../../test/conformance/b.ts';`],
  ['src/accounts/a.ts', `import type { b } from '../engine/b.ts';`],
  ['src/accounts/a.ts', `import { b } from '../credits/b.ts';`],
  ['src/credits/a.ts', `import type { b } from '../engine/b.ts';`],
  ['src/credits/a.ts', `import { b } from '../accounts/b.ts';`],
  ['src/engine/a.ts', `import {\n  b,\n  c,\n} from '../api/b.ts';`],
  ['src/engine/a.ts', `import type { Config } from '../config.ts';`],
  ['src/engine/a.ts', `const b = await import('../bots/b.ts');`],
  ['src/config/a.ts', `import { b } from '../db/b.ts';`],
  ['src/api/a.ts', `import { b } from '../cli/b.ts';`],
  ['src/api/a.ts', `import { startInlineCreditsBot } from '../bots/inlineCreditsBot.ts';`],
  ['src/api/main.ts', `import { b } from '../bots/b.ts';`],
  ['src/bots/a.ts', `import type { b } from '../api/b.ts';`],
  ['src/cli/a.ts', `import { b } from '../api/b.ts';`],
  ['src/api/a.ts', `import '../../simulators/b.ts';`],
  ['src/api/a.ts', `import { b } from './b.test.ts';`],
  ['src/elsewhere/a.ts', ''],
  ['simulators/one/a.ts', `import { b } from '../../src/platforms/platform.ts';`],
  ['simulators/one/a.ts', `import type { b } from '../../src/platforms/one/b.ts';`],
  ['simulators/one/a.ts', `import type { b } from '../../src/engine/b.ts';`],
  ['simulators/one/a.ts', `import { b } from '../../test/support/b.ts';`],
])('an import that the map does not allow fails: %s with %s', (name, line) => {
  expect(forbiddenImports([file(name, line)])).toHaveLength(1);
});

test('a platform is named by nobody but those who may', () => {
  const line = '// Twitch and vkvideoRoleIds';
  expect(
    namedPlatforms(['engine', 'accounts', 'credits', 'api', 'lib'].map((at) => file(`src/${at}/a.ts`, line))),
  ).toEqual(['engine', 'accounts', 'credits', 'api', 'lib'].map((at) => `src/${at}/a.ts:1: names a platform (Twitch)`));
  const allowed = ['platforms/one/a', 'bots/a', 'cli/a', 'db/tables', 'config', 'engine/a.test', 'api/generated/a'];
  expect(namedPlatforms(allowed.map((name) => file(`src/${name}.ts`, line)))).toEqual([]);
  expect(namedPlatforms([file('src/api/a.ts', 'body.vkvideoAllowedRoleIds')])).toEqual([]);
});

test('a file of 401 lines fails, one of 400 passes', () => {
  const lines = Array.from({ length: 401 }, () => '//');
  expect(longFiles([file('src/a.ts', ...lines), file('src/b.ts', ...lines.slice(1))])).toEqual([
    'src/a.ts: 401 lines, 400 are allowed; split it by idea',
  ]);
  expect(longFiles([file('src/a.ts', '// Long because: one table', ...lines)])).toHaveLength(1);
});

test('a file under 30 lines that one neighbour alone imports fails', () => {
  const user = file('src/one/user.ts', `import { a } from './a.ts';`);
  const lines = (count: number) => Array.from({ length: count }, () => '//');
  expect(satellites([user, file('src/one/a.ts', ...lines(29))])).toEqual([
    'src/one/a.ts: 29 lines that only src/one/user.ts uses; move them there',
  ]);
  expect(satellites([user, file('src/one/a.ts', ...lines(30))])).toEqual([]);
});

test('a short file stays where it has other users, a house pattern or no room with its neighbour', () => {
  const user = file('src/one/user.ts', `import { a } from './a.ts';`);
  const short = file('src/one/a.ts', '//');
  expect(satellites([short])).toEqual([]);
  expect(satellites([user, short, file('src/two/user.ts', `import { a } from '../one/a.ts';`)])).toEqual([]);
  expect(satellites([file('src/two/user.ts', `import { a } from '../one/a.ts';`), short])).toEqual([]);
  expect(satellites([file('src/one/a.test.ts', `import { a } from './a.ts';`), short])).toEqual([]);
  for (const pattern of ['tables', 'api-side', 'one.external']) {
    const using = file('src/one/user.ts', `import { a } from './${pattern}.ts';`);
    expect(satellites([using, file(`src/one/${pattern}.ts`, '//')])).toEqual([]);
  }
  const full = file('src/one/user.ts', `import { a } from './a.ts';`, ...Array.from({ length: 399 }, () => '//'));
  expect(satellites([full, short])).toEqual([]);
});

test.each([
  ['return text.replace(/\\/+$/, "");', 'takes 2nd degree polynomial time'],
  ['const one = /^(a|a)*$/u;', 'takes exponential time'],
  ['const one = new RegExp("x+$", "g");', 'takes 2nd degree polynomial time'],
  ['const one = RegExp("^" + name);', 'made at run time'],
])('a regular expression that may take long fails: %s', (line, problem) => {
  expect(slowRegexps([file('src/a.ts', '', line)])).toEqual([
    expect.stringMatching(new RegExp(`^src/a\\.ts:2: .*${problem}`)),
  ]);
});

test('a linear regular expression passes, and so does one that only looks like one', () => {
  const lines = ['/^\\/$/.test(text);', 'const one = /[?#].*/gs;', "const half = '/x+$/' + a / b / c; // /x+$/"];
  expect(slowRegexps([file('src/a.ts', ...lines), file('src/a.test.ts', '/x+$/')])).toEqual([]);
});

test('an expression is excepted by its exact text, and an exception that no source needs fails', () => {
  const exceptions = [{ regexp: /x+$/g, hostile: [] }];
  expect(slowRegexps([file('src/a.ts', '/x+$/g')], exceptions)).toEqual([]);
  expect(slowRegexps([file('src/a.ts', '/x/g')], exceptions)).toEqual([
    '/x+$/g: an exception that no source needs; remove it',
  ]);
});

test.each(
  EXCEPTIONS.flatMap(({ regexp, hostile }) => hostile.map((make) => ({ regexp, make, start: make(60).slice(0, 20) }))),
)('$regexp reads 200,000 hostile characters in little time: $start', ({ regexp, make }) => {
  const text = make(200_000);
  const before = process.cpuUsage();
  text.replace(regexp, '');
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(250);
});

const page = (name: string, ...lines: string[]) => ({ file: name, text: `${lines.join('\n')}\n` });
const pages = [
  page('docs/a.md', '# Page', '## Joined channels', '```', '## no heading', '```', '[b](b.md#the-b)'),
  page('docs/b.md', '# The `b`'),
];

test('a comment that names a page and a heading which are there passes', () => {
  const comments = file('src/a.ts', '/** Why (docs/a.md#joined-channels, docs/b.md). */');
  expect(brokenReferences([comments], pages)).toEqual([]);
  expect(brokenLinks(pages, () => false)).toEqual([]);
});

test.each([
  ['docs/c.md', 'there is no docs/c.md'],
  ['docs/a.md#parted-channels', 'docs/a.md has no heading #parted-channels'],
  ['docs/a.md#no-heading', 'docs/a.md has no heading #no-heading'],
  ['sheet §2.1', 'refers to a section by number; name a page and a heading in docs/'],
])('a comment that refers to %s fails', (reference, problem) => {
  expect(brokenReferences([file('src/a.ts', '', `// Why (${reference}).`)], pages)).toEqual([`src/a.ts:2: ${problem}`]);
});

test.each([
  ['b.md#else', 'docs/b.md has no heading #else'],
  ['#else', 'docs/c.md has no heading #else'],
  ['../src/gone.ts', 'there is no src/gone.ts'],
])('a link of a page to %s fails when it leads nowhere', (link, problem) => {
  const linking = page('docs/c.md', '# C', `see [it](${link})`);
  expect(brokenLinks([...pages, linking], () => false)).toEqual([`docs/c.md:2: ${problem}`]);
});
