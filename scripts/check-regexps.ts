/** Fails on a regular expression whose time grows faster than its text: one long text would stop the whole process. */
import { pathToFileURL } from 'node:url';
import { type Argument, type CallExpression, type NewExpression, parseSync, Visitor } from 'oxc-parser';
import { checkSync } from 'recheck';
import { isTest, readSources, report, type Source } from './sources.ts';

// The checker's own JavaScript, in this process: its native programs are not installed.
process.env.RECHECK_BACKEND = 'pure';

interface Exception {
  /** As it stands in the source. */
  readonly regexp: RegExp;
  /** The worst texts we know of, about `size` characters long. */
  readonly hostile: readonly ((size: number) => string)[];
}

/** The checker needs seconds for each of these, or gives up on it. Each is linear: a test reads its hostile texts. */
export const EXCEPTIONS: readonly Exception[] = [
  {
    regexp:
      /\b(access_token|refresh_token|id_token|client_secret|code_verifier|code|token|password|secret)(["']?\s*[=:]\s*["']?)[^\s"'&,;]+/gi,
    hostile: [
      (size) => `code${' '.repeat(size)}`,
      (size) => `code=${' '.repeat(size)}`,
      (size) => `code"${' '.repeat(size / 2)}:${' '.repeat(size / 2)}"`,
      (size) => 'code = '.repeat(size / 7),
      (size) => 'code_verifier_'.repeat(size / 14),
      (size) => 'code=code:'.repeat(size / 10),
    ],
  },
  {
    regexp: /\b(Bearer|OAuth|Basic)\s+[\w.~+/=-]{8,}/g,
    hostile: [
      (size) => `Bearer${' '.repeat(size)}`,
      (size) => 'Bearer '.repeat(size / 7),
      (size) => 'Bearer\n\n1234567 '.repeat(size / 16),
      (size) => 'Bearer-'.repeat(size / 7),
    ],
  },
];

/** Far more than any expression of ours takes; one that takes longer has to become simpler. */
const DEADLINE_MS = 20_000;

/** One sentence per expression that is not linear, that the checker cannot judge, or that is only made at run time. */
export function slowRegexps(sources: readonly Source[], exceptions: readonly Exception[] = []): string[] {
  const problems: string[] = [];
  const places = new Map<string, { pattern: string; flags: string; at: string[] }>();
  for (const { file, text } of sources.filter((source) => !isTest(source.file))) {
    for (const { start, regexp } of regexpsOf(file, text)) {
      const at = `${file}:${text.slice(0, start).split('\n').length}`;
      if (regexp === null) {
        problems.push(`${at}: a regular expression made at run time cannot be checked; write it as a literal`);
        continue;
      }
      const literal = `/${regexp.pattern}/${regexp.flags}`;
      const known = places.get(literal);
      if (known) known.at.push(at);
      else places.set(literal, { ...regexp, at: [at] });
    }
  }
  for (const { regexp } of exceptions) {
    if (!places.delete(String(regexp))) problems.push(`${regexp}: an exception that no source needs; remove it`);
  }
  for (const [literal, { pattern, flags, at }] of places) {
    const found = checkSync(pattern, flags, { timeout: DEADLINE_MS });
    if (found.status === 'safe') continue;
    const what = found.status === 'vulnerable' ? `takes ${found.complexity.summary} time` : found.error.kind;
    problems.push(`${at.join(', ')}: ${literal}: ${what}`);
  }
  return problems;
}

interface Found {
  readonly start: number;
  /** Null: its text is not in the source. */
  readonly regexp: { readonly pattern: string; readonly flags: string } | null;
}

function regexpsOf(file: string, text: string): Found[] {
  const found: Found[] = [];
  const made = ({ callee, arguments: given, start }: NewExpression | CallExpression) => {
    if (callee.type !== 'Identifier' || callee.name !== 'RegExp') return;
    const [pattern, flags] = given;
    // A literal is found on its own.
    if (pattern?.type === 'Literal' && 'regex' in pattern) return;
    const texts = { pattern: textOf(pattern), flags: flags === undefined ? '' : textOf(flags) };
    const isKnown = texts.pattern !== null && texts.flags !== null;
    found.push({ start, regexp: isKnown ? { pattern: texts.pattern ?? '', flags: texts.flags ?? '' } : null });
  };
  new Visitor({
    Literal(node) {
      if ('regex' in node) found.push({ start: node.start, regexp: node.regex });
    },
    NewExpression: made,
    CallExpression: made,
  }).visit(parseSync(file, text).program);
  return found;
}

function textOf(argument: Argument | undefined): string | null {
  return argument?.type === 'Literal' && typeof argument.value === 'string' ? argument.value : null;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  report('regular expressions', slowRegexps(readSources(['src', 'simulators', 'demo']), EXCEPTIONS));
}
