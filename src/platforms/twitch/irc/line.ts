/** IRC lines as Twitch sends them: cutting a frame into lines, a line into parts, and reading single tags. */

/** The parts of one line. They are slices of the frame: what is kept for long has to be copied (`detached`). */
export interface IrcLine {
  /** Everything between `@` and the first space, still escaped; empty when there are no tags. */
  readonly tags: string;
  /** The login of a user's prefix, the whole prefix of a server's, empty without one. */
  readonly nick: string;
  readonly command: string;
  /** What stands between the command and the trailing text: mostly `#login`. */
  readonly params: string;
  /** The trailing text, unescaped by definition. */
  readonly text: string;
}

const CARRIAGE_RETURN = 13;
const COLON = 58;
const AT = 64;

/** Calls `handle` for every line of a frame, with or without a closing CRLF; what is no IRC line is passed over. */
export function forEachLine(frame: string, handle: (line: IrcLine) => void): void {
  let start = 0;
  while (start < frame.length) {
    const newline = frame.indexOf('\n', start);
    const stop = newline === -1 ? frame.length : newline;
    const end = stop > start && frame.charCodeAt(stop - 1) === CARRIAGE_RETURN ? stop - 1 : stop;
    const line = parseLine(frame, start, end);
    if (line) handle(line);
    start = stop + 1;
  }
}

function parseLine(frame: string, start: number, end: number): IrcLine | null {
  let at = start;
  let tags = '';
  if (frame.charCodeAt(at) === AT) {
    const space = frame.indexOf(' ', at);
    if (space === -1 || space >= end) return null;
    tags = frame.slice(at + 1, space);
    at = space + 1;
  }
  let nick = '';
  if (frame.charCodeAt(at) === COLON && at < end) {
    const space = frame.indexOf(' ', at);
    if (space === -1 || space >= end) return null;
    const bang = frame.indexOf('!', at);
    nick = frame.slice(at + 1, bang === -1 || bang > space ? space : bang);
    at = space + 1;
  }
  if (at >= end) return null;

  const space = frame.indexOf(' ', at);
  if (space === -1 || space >= end) return { tags, nick, command: frame.slice(at, end), params: '', text: '' };
  const command = frame.slice(at, space);
  if (frame.charCodeAt(space + 1) === COLON && space + 1 < end) {
    return { tags, nick, command, params: '', text: frame.slice(space + 2, end) };
  }
  const colon = frame.indexOf(' :', space);
  const hasText = colon !== -1 && colon < end;
  return {
    tags,
    nick,
    command,
    params: frame.slice(space + 1, hasText ? colon : end),
    text: hasText ? frame.slice(colon + 2, end) : '',
  };
}

/** @returns the unescaped value of a tag, null when it is absent; for lines that are rare */
export function tagOf(tags: string, name: string): string | null {
  let at = 0;
  while (at < tags.length) {
    const semicolon = tags.indexOf(';', at);
    const end = semicolon === -1 ? tags.length : semicolon;
    if (tags.startsWith(name, at)) {
      const after = at + name.length;
      if (after === end) return '';
      if (tags[after] === '=') return unescapeTag(tags.slice(after + 1, end));
    }
    at = end + 1;
  }
  return null;
}

const ESCAPES: Readonly<Record<string, string>> = { ':': ';', s: ' ', r: '\r', n: '\n' };

/** One pass from left to right; the backslash of an unknown or unfinished pair is dropped (docs/platforms/twitch.md#tag-escaping). */
export function unescapeTag(value: string): string {
  if (!value.includes('\\')) return value;
  return value.replace(/\\(.?)/gsu, (_pair, escaped: string) => ESCAPES[escaped] ?? escaped);
}

/** A copy that does not keep the frame it was cut from in memory. */
export function detached(slice: string): string {
  return ` ${slice}`.slice(1);
}
