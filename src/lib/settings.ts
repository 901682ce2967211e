/** How an environment variable is declared once and read everywhere: kinds, parsing rules, problems and warnings. */
import { trimEndOf } from './trim-end.ts';

/** Which processes read a variable; platform workers carry their provider's id. */
export type ProcessName = 'api' | 'workers' | 'test' | (string & {});

/** One environment variable: what operators read about it, and how its text becomes a value. */
export interface Variable<T = unknown> {
  readonly name: string;
  readonly help: string;
  /** Shown in the generated table and example file; `–` when there is none. */
  readonly defaultText: string;
  readonly rangeText: string;
  readonly isSecret: boolean;
  /** Names where browsers and platforms reach this installation; outside production it may not be a public host. */
  readonly isOwnAddress: boolean;
  /** Where an operator gets the value; null where the default, or nothing, is what most installations use. */
  readonly source: string | null;
  /** What `memalerts setup` writes by itself; null where only a person knows. */
  readonly fill: string | null;
  /** Processes that refuse to start without it. */
  readonly requiredBy: readonly ProcessName[];
  readonly readBy: readonly ProcessName[];
  /** @param raw trimmed text, `null` when unset or empty */
  read(raw: string | null, isProduction: boolean): Reading<T>;
}

/** A parsed value with an optional start-up warning, or the sentence that refuses to start. */
export type Reading<T> = { value: T; warning?: string } | { problem: string };

/** The values of a list of variables, keyed by their environment names. */
export type SettingsOf<V extends Record<string, Variable>> = {
  readonly [K in keyof V]: V[K] extends Variable<infer T> ? T : never;
};

interface Description {
  help: string;
  readBy: readonly ProcessName[];
  requiredBy?: readonly ProcessName[];
  isSecret?: boolean;
  isOwnAddress?: boolean;
  /** One sentence without its full stop. */
  source?: string;
  /** `{origin}`, `{host}` and `{port}` are those of the installation; `{secret}` and `{key}` 32 random bytes in hex and base64. */
  fill?: string;
  defaultText?: string;
}

/** Intervals above this would overflow the runtime's timers and fire every millisecond. */
const LONGEST_INTERVAL_MS = 24 * 60 * 60 * 1000;

type Named<T> = (name: string) => Variable<T>;

/** Free text; surrounding white space is removed, empty means unset. */
export function text(description: Description): Named<string | null>;
export function text(description: Description & { default: string }): Named<string>;
export function text(description: Description & { default?: string }): Named<string | null> {
  return variable(description, description.default ?? null, 'text', (raw) => ({ value: raw }));
}

/** The base-10 integer a text begins with: `30abc` is 30. Null when it begins with none. */
export function leadingInteger(raw: string): number | null {
  const parsed = Number.parseInt(raw, 10);
  return Number.isNaN(parsed) ? null : parsed;
}

/** A base-10 integer prefix (`30abc` is 30), raised to `min`, capped at `max`; `unitMs` marks an interval capped at 24 h. */
export function integer(
  description: Description & { default: number; min?: number; max?: number; unitMs?: number },
): Named<number> {
  const min = description.min ?? 0;
  const max = Math.min(
    description.max ?? Number.MAX_SAFE_INTEGER,
    description.unitMs ? Math.floor(LONGEST_INTERVAL_MS / description.unitMs) : Number.MAX_SAFE_INTEGER,
  );
  const range = description.max === undefined ? `≥ ${min}` : `${min}…${max}`;
  return (name) =>
    variable(description, description.default, range, (raw) => {
      const parsed = leadingInteger(raw);
      if (parsed === null) return { problem: `${name} must be a number, such as ${description.default}` };
      const value = Math.min(Math.max(parsed, min), max);
      return value === parsed
        ? { value }
        : { value, warning: `${name} is ${parsed}, which is out of range. ${value} is used.` };
    })(name);
}

const ON = ['1', 'true', 'yes', 'on'];
const OFF = ['0', 'false', 'no', 'off'];

/** A switch that is off until one of `1 true yes on` turns it on; a word that is neither on nor off is refused. */
export function switchedOn(description: Description): Named<boolean> {
  return (name) =>
    variable(description, false, '1, true, yes or on', (raw) => {
      const word = raw.toLowerCase();
      if (ON.includes(word) || OFF.includes(word)) return { value: ON.includes(word) };
      return { problem: `${name} must be one of ${[...ON, ...OFF].join(', ')}` };
    })(name);
}

/** A switch that is on until one of `0 false off` turns it off; anything unknown stays on with a warning. */
export function switchedOff(description: Description): Named<boolean> {
  return (name) =>
    variable(description, true, '0, false or off', (raw) => {
      const word = raw.toLowerCase();
      if (['0', 'false', 'off'].includes(word)) return { value: false };
      return ON.includes(word)
        ? { value: true }
        : { value: true, warning: `${name}=${raw} is neither on nor off, so the default (on) is used` };
    })(name);
}

/** Comma-separated text without empty or repeated entries. */
export function list(description: Description): Named<readonly string[]> {
  return variable(description, [] as readonly string[], 'comma-separated list', (raw) => ({ value: splitList(raw) }));
}

/** An absolute URL of one of the given protocols, without trailing slashes. */
export function url(description: Description & { protocols?: readonly string[] }): Named<string | null>;
export function url(description: Description & { protocols?: readonly string[]; default: string }): Named<string>;
export function url(
  description: Description & { protocols?: readonly string[]; default?: string },
): Named<string | null> {
  const protocols = description.protocols ?? ['http', 'https'];
  return (name) =>
    variable(description, description.default ?? null, `${protocols.join('/')} URL`, (raw) =>
      isUrl(raw, protocols)
        ? { value: trimEndOf(raw, /^\/$/) }
        : { problem: `${name} must be an absolute ${protocols.join(' or ')} URL` },
    )(name);
}

/** A variable with its own rule; `parse` gets trimmed, non-empty text. */
export function custom<T>(
  description: Description & { default: T; rangeText: string },
  parse: (raw: string, isProduction: boolean) => Reading<T>,
): Named<T> {
  return variable(description, description.default, description.rangeText, parse);
}

/** Gives every variable of a group its name, so that each is written once. */
export function variables<N extends Record<string, Named<unknown>>>(
  group: N,
): { readonly [K in keyof N]: ReturnType<N[K]> } {
  return Object.fromEntries(Object.entries(group).map(([name, named]) => [name, named(name)])) as {
    readonly [K in keyof N]: ReturnType<N[K]>;
  };
}

/** True for an absolute URL of one of the protocols (given without the colon). */
export function isUrl(raw: string, protocols: readonly string[]): boolean {
  return URL.canParse(raw) && protocols.includes(new URL(raw).protocol.slice(0, -1));
}

/** Splits at commas; drops surrounding white space, empty entries and repeats. */
export function splitList(raw: string): string[] {
  return [...new Set(raw.split(',').map((entry) => entry.trim()))].filter((entry) => entry !== '');
}

function variable<T>(
  description: Description,
  fallback: T,
  rangeText: string,
  parse: (raw: string, isProduction: boolean) => Reading<T>,
): Named<T> {
  return (name) => ({
    name,
    help: description.help,
    defaultText: description.defaultText ?? describeDefault(fallback),
    rangeText,
    isSecret: description.isSecret ?? false,
    isOwnAddress: description.isOwnAddress ?? false,
    source: description.source ?? null,
    fill: description.fill ?? null,
    requiredBy: description.requiredBy ?? [],
    readBy: description.readBy,
    read: (raw, isProduction) => (raw === null ? { value: fallback } : parse(raw, isProduction)),
  });
}

function describeDefault(fallback: unknown): string {
  if (fallback === null || (Array.isArray(fallback) && fallback.length === 0)) return '–';
  return typeof fallback === 'boolean' ? (fallback ? 'on' : 'off') : String(fallback);
}
