/** Twitch's IRC grammar, as the server sees it. */

/** A line to a client: tags only go to those who asked for them. */
export interface Line {
  /** Without `@`; empty when the line has none. */
  readonly tags: string;
  /** From the prefix on, without line end. */
  readonly rest: string;
  /** Capability without which a client is not sent the line. */
  readonly needs?: 'commands' | 'membership';
}

export interface ClientLine {
  readonly tags: ReadonlyMap<string, string>;
  readonly command: string;
  /** The trailing parameter is the last one, without its colon. */
  readonly params: readonly string[];
}

/** @returns null for an empty line */
export function parseClientLine(text: string): ClientLine | null {
  let rest = text.trim();
  const tags = new Map<string, string>();
  if (rest.startsWith('@')) {
    const [words, after] = cut(rest.slice(1));
    for (const tag of words.split(';')) {
      const [key = '', ...value] = tag.split('=');
      tags.set(key, unescapeTag(value.join('=')));
    }
    rest = after;
  }
  if (rest.startsWith(':')) rest = cut(rest)[1];
  const trailingAt = rest.indexOf(' :');
  const head = trailingAt < 0 ? rest : rest.slice(0, trailingAt);
  const [command, ...params] = head.split(' ').filter((word) => word !== '');
  if (!command) return null;
  if (trailingAt >= 0) params.push(rest.slice(trailingAt + 2));
  return { tags, command: command.toUpperCase(), params };
}

/** What somebody does instead of saying, as CTCP or as the one chat command left; null for plain text. */
export function actionText(body: string): string | null {
  const start = ['\u0001ACTION ', '/me ', '.me '].find((each) => body.startsWith(each));
  return start === undefined ? null : body.slice(start.length).replace('\u0001', '');
}

/** Tags in the order given; the values are escaped here. */
export function tagsOf(values: Record<string, string | number>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${escapeTag(String(value))}`)
    .join(';');
}

const ESCAPES: Record<string, string> = { ';': '\\:', ' ': '\\s', '\\': '\\\\', '\r': '\\r', '\n': '\\n' };
const UNESCAPES: Record<string, string> = { ':': ';', s: ' ', '\\': '\\', r: '\r', n: '\n' };

function escapeTag(value: string): string {
  return value.replace(/[; \\\r\n]/g, (character) => ESCAPES[character] ?? '');
}

/** A backslash before any other character, or at the end, is dropped. */
function unescapeTag(value: string): string {
  return value.replace(/\\(.?)/gs, (_, character: string) => UNESCAPES[character] ?? character);
}

function cut(text: string): [string, string] {
  const space = text.indexOf(' ');
  return space < 0 ? [text, ''] : [text.slice(0, space), text.slice(space + 1).trimStart()];
}
