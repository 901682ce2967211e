/** JSON that a stranger sent: read once, and cleaned only where there is something to clean. */
import { isUtf8 } from 'node:buffer';
import { BadInput } from './errors.ts';

/** Only such a text can hold a dangerous key or half of a surrogate pair: in valid UTF-8 both need an escape. */
const NEEDS_A_LOOK = /__proto__|constructor|\\u/;

/**
 * Reads a body. Keys that could reach an object's prototype are dropped, wherever a handler may merge the body. Halves
 * of surrogate pairs, which no column and no platform takes, become the replacement character.
 *
 * @returns undefined when there is no body at all
 * @throws BadInput `BAD_REQUEST` when it is not UTF-8 or not JSON
 */
export function readJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  const text = readText(bytes);
  const parsed = parse(text);
  return NEEDS_A_LOOK.test(text) ? cleaned(parsed) : parsed;
}

/** @throws BadInput `BAD_REQUEST` when it is not UTF-8 */
export function readText(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new BadInput('BAD_REQUEST', 'The body has to be UTF-8');
  return bytes.toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadInput('BAD_REQUEST', 'The body is not valid JSON');
  }
}

/** Changes the value in place. Without recursion: a body may be nested deeper than a stack is. */
function cleaned(value: unknown): unknown {
  const root = [value];
  const open: object[] = [root];
  const clean = (held: unknown): unknown => {
    if (typeof held === 'string') return held.toWellFormed();
    if (typeof held === 'object' && held !== null) open.push(held);
    return held;
  };
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    if (Array.isArray(part)) cleanItems(part, clean);
    else cleanFields(part as Record<string, unknown>, clean);
  }
  return root[0];
}

type Clean = (held: unknown) => unknown;

/** By number: the names of 60,000 positions would take longer than everything else. */
function cleanItems(items: unknown[], clean: Clean): void {
  for (let at = 0; at < items.length; at += 1) {
    const held = items[at];
    const kept = clean(held);
    if (kept !== held) items[at] = kept;
  }
}

function cleanFields(fields: Record<string, unknown>, clean: Clean): void {
  for (const key of Object.keys(fields)) {
    if (key === '__proto__' || key === 'constructor') {
      delete fields[key];
      continue;
    }
    const held = fields[key];
    const kept = clean(held);
    if (kept !== held) fields[key] = kept;
  }
}
