/** The text of a `.env` file: read as Node reads it, changed line by line, and everything else in it kept. */
import { parseEnv } from 'node:util';
import { BadInput } from '../lib/errors.ts';

/** Values by name; what is empty counts as not there, as it does for every process. */
export function valuesIn(text: string): ReadonlyMap<string, string> {
  const entries = Object.entries(parseEnv(text)).map(([name, value]) => [name, value?.trim() ?? ''] as const);
  return new Map(entries.filter(([, value]) => value !== ''));
}

/**
 * The text with these values in it: an assignment that is there is replaced where it stands, others follow at the end.
 *
 * @throws BadInput when a value cannot be written so that it is read back as it is
 */
export function withValues(text: string, values: ReadonlyMap<string, string>): string {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  for (const [name, value] of values) {
    const line = `${name}=${quoted(name, value)}`;
    const at = lines.findLastIndex((each) => nameOf(each) === name);
    if (at >= 0) lines[at] = line;
    else lines.push(line);
  }
  const changed = `${lines.join('\n')}\n`;
  const expected = new Map([...valuesIn(text), ...values]);
  const found = valuesIn(changed);
  for (const [name, value] of expected) {
    if (found.get(name) !== value) throw new BadInput('BAD_REQUEST', `${name} stands on several lines: set it by hand`);
  }
  return changed;
}

function nameOf(line: string): string | null {
  return /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/.exec(line)?.[1] ?? null;
}

const QUOTES = ["'", '"', '`'];

function quoted(name: string, value: string): string {
  const spellings = [value, ...QUOTES.filter((quote) => !value.includes(quote)).map((quote) => quote + value + quote)];
  const readable = spellings.find((spelling) => parseEnv(`${name}=${spelling}\n`)[name] === value);
  if (readable !== undefined && !value.includes('\n')) return readable;
  throw new BadInput('BAD_REQUEST', `The value of ${name} cannot be written into a .env file`);
}
