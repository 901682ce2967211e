/** Fails when a comment or a page refers to a page or a heading that does not exist. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { readSources, report, type Source } from './sources.ts';

const ROOT = path.join(import.meta.dirname, '..');
/** `docs/platforms/twitch.md#joined-channels`, as comments write it. */
const IN_CODE = /\bdocs\/[\w./-]+\.md(?:#[\w-]*)?/g;
/** The target of a Markdown link. */
const IN_PAGE = /\]\(([^)\s]+)\)/g;
/** A section number says nothing to somebody who does not have the page open. */
const SECTION_NUMBER = /§/;

/** @returns one sentence per reference of a source file that leads nowhere */
export function brokenReferences(sources: readonly Source[], pages: readonly Source[]): string[] {
  const anchors = anchorsOf(pages);
  return sources.flatMap(({ file, text }) =>
    text.split('\n').flatMap((line, index) => {
      const place = `${file}:${index + 1}`;
      const broken = [...line.matchAll(IN_CODE)].map(([target]) => problemWith(target, anchors));
      const problems = broken.filter((problem) => problem !== null);
      if (SECTION_NUMBER.test(line)) problems.push('refers to a section by number; name a page and a heading in docs/');
      return problems.map((problem) => `${place}: ${problem}`);
    }),
  );
}

/** @returns one sentence per relative link of a page that leads nowhere */
export function brokenLinks(pages: readonly Source[], exists: (file: string) => boolean): string[] {
  const anchors = anchorsOf(pages);
  return pages.flatMap(({ file, text }) =>
    withoutCode(text)
      .split('\n')
      .flatMap((line, index) =>
        [...line.matchAll(IN_PAGE)].flatMap(([, link = '']) => {
          if (/^[a-z]+:/i.test(link)) return [];
          const [target = '', heading] = link.split('#');
          const page = target === '' ? file : path.posix.join(path.posix.dirname(file), target);
          const problem = page.endsWith('.md')
            ? problemWith(heading === undefined ? page : `${page}#${heading}`, anchors)
            : exists(page)
              ? null
              : `there is no ${page}`;
          return problem === null ? [] : [`${file}:${index + 1}: ${problem}`];
        }),
      ),
  );
}

function problemWith(target: string, anchors: ReadonlyMap<string, ReadonlySet<string>>): string | null {
  const [page = '', heading] = target.split('#');
  const known = anchors.get(page);
  if (known === undefined) return `there is no ${page}`;
  return heading === undefined || known.has(heading) ? null : `${page} has no heading #${heading}`;
}

function anchorsOf(pages: readonly Source[]): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(pages.map(({ file, text }) => [file, new Set(headingsOf(text).map(anchor))]));
}

function headingsOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading);
}

/** As GitHub derives it from a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .trim()
    .replaceAll(' ', '-');
}

/** Lines stay, so that numbers of lines stay right. */
function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```/gm, (block) => block.replaceAll(/[^\n]/g, ''));
}

function readPages(): Source[] {
  const files = ['*.md', 'docs/**/*.md'].flatMap((pattern) => globSync(pattern, { cwd: ROOT }));
  return files
    .map((file) => file.replaceAll(path.sep, '/'))
    .map((file) => ({ file, text: readFileSync(path.join(ROOT, file), 'utf8') }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const pages = readPages();
  const sources = readSources(['src', 'simulators', 'test', 'demo', 'bench', 'scripts']).filter(
    ({ file }) => !file.startsWith('scripts/check'),
  );
  report('references', [
    ...brokenReferences(sources, pages),
    ...brokenLinks(pages, (file) => existsSync(path.join(ROOT, file))),
  ]);
}
