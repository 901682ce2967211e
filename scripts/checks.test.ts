import { expect, test } from 'vitest';
import { upwardImports } from './check-imports.ts';
import { longFiles } from './check-length.ts';
import { namedPlatforms } from './check-platform-names.ts';
import { brokenLinks, brokenReferences } from './check-references.ts';
import { EXCEPTIONS, slowRegexps } from './check-regexps.ts';

const file = (name: string, ...lines: string[]) => ({ file: name, text: `${lines.join('\n')}\n` });

test('an import that goes down or sideways passes', () => {
  const sources = [
    file('src/api/main.ts', `import { a } from '../engine/a.ts';`, `import { config } from '../config.ts';`),
    file('src/engine/a.ts', `import { b } from '../credits/b.ts';`, `import type { Config } from '../config.ts';`),
    file('src/config.ts', `import { registry } from './platforms/registry.ts';`),
    file('src/lib/a.test.ts', `import { main } from '../api/main.ts';`),
  ];
  expect(upwardImports(sources)).toEqual([]);
});

test.each([
  ['src/lib/a.ts', `import { b } from '../db/b.ts';`],
  ['src/db/a.ts', `export { b } from '../platforms/b.ts';`],
  ['src/platforms/one/a.ts', `import type { b } from '../../engine/b.ts';`],
  ['src/platforms/one/a.ts', `import type { Config } from '../../config.ts';`],
  ['src/engine/a.ts', `import {\n  b,\n  c,\n} from '../api/b.ts';`],
  ['src/engine/a.ts', `import { config } from '../config.ts';`],
  ['src/engine/a.ts', `const b = await import('../bots/b.ts');`],
  ['src/api/a.ts', `import '../../simulators/b.ts';`],
  ['src/api/a.ts', `import { b } from '../engine/b.test.ts';`],
  ['src/elsewhere/a.ts', ''],
])('an upward import fails: %s with %s', (name, line) => {
  expect(upwardImports([file(name, line)])).toHaveLength(1);
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

test('a file of more than 300 lines has to say why', () => {
  const lines = Array.from({ length: 301 }, () => '//');
  expect(longFiles([file('src/a.ts', ...lines), file('src/b.ts', ...lines.slice(1))])).toEqual([
    'src/a.ts: 301 lines; split it by idea, or open it with "// Long because: …"',
  ]);
  expect(longFiles([file('src/a.ts', '// Long because: one table', ...lines)])).toEqual([]);
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
