/** IRC lines as Twitch sends them: cutting a frame into lines, a line into parts, and reading single tags. */

/** The parts of one line. They are slices of the frame: what is kept for long has to be copied (`detached`). */
export interface IrcLine {
  /** Everything between `@` and the first space, still escaped; empty when there are no tags. */
  readonly tags: string;
  /** The login of a user's prefix, the whole prefix of a server's, empty without one. */
  readonly nick: string;
  readonly command: string;
  /** What stands between the command and the text, separated by one space each: mostly `#login`, in any case. */
  readonly params: string;
  /** The last parameter where there are several or where it is led by a colon; unescaped by definition. */
  readonly text: string;
}

/** The room that a line is about, as rooms are kept. */
export function roomIn({ params }: IrcLine): string {
  return params.toLowerCase();
}

const CARRIAGE_RETURN = 13;
const SPACE = 32;
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
    at = afterSpaces(frame, space, end);
  }
  let nick = '';
  if (frame.charCodeAt(at) === COLON && at < end) {
    const space = frame.indexOf(' ', at);
    if (space === -1 || space >= end) return null;
    nick = nickOf(frame.slice(at + 1, space));
    at = afterSpaces(frame, space, end);
  }
  if (at >= end) return null;

  const space = frame.indexOf(' ', at);
  if (space === -1 || space >= end) return { tags, nick, command: frame.slice(at, end), params: '', text: '' };
  const command = frame.slice(at, space);
  at = afterSpaces(frame, space, end);
  if (at < end && frame.charCodeAt(at) === COLON) {
    return { tags, nick, command, params: '', text: frame.slice(at + 1, end) };
  }
  const colon = frame.indexOf(' :', at);
  if (colon !== -1 && colon < end) {
    return { tags, nick, command, params: singleSpaced(frame.slice(at, colon)), text: frame.slice(colon + 2, end) };
  }
  const params = singleSpaced(frame.slice(at, end));
  // The last of several is the text, with or without a colon in front of it.
  const last = params.lastIndexOf(' ');
  if (last === -1) return { tags, nick, command, params, text: '' };
  return { tags, nick, command, params: params.slice(0, last), text: params.slice(last + 1) };
}

function afterSpaces(frame: string, space: number, end: number): number {
  let at = space + 1;
  while (at < end && frame.charCodeAt(at) === SPACE) at += 1;
  return at;
}

/** A user is `nick!user@host` or `nick@host`; a server has neither sign. */
function nickOf(prefix: string): string {
  const bang = prefix.indexOf('!');
  const stop = bang === -1 ? prefix.indexOf('@') : bang;
  return stop === -1 ? prefix : prefix.slice(0, stop);
}

function singleSpaced(params: string): string {
  if (!params.endsWith(' ') && !params.includes('  ')) return params;
  return params.split(' ').filter(Boolean).join(' ');
}

/** @returns the unescaped value of a tag, of its last one where there are several; null when it is absent; for lines that are rare */
export function tagOf(tags: string, name: string): string | null {
  let found: string | null = null;
  let at = 0;
  while (at < tags.length) {
    const semicolon = tags.indexOf(';', at);
    const end = semicolon === -1 ? tags.length : semicolon;
    if (tags.startsWith(name, at)) {
      const after = at + name.length;
      if (after === end) found = '';
      else if (tags[after] === '=') found = tags.slice(after + 1, end);
    }
    at = end + 1;
  }
  return found === null ? null : unescapeTag(found);
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
