/** One request of a case, spelled by its documented route, and the first of whatever comes back. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Answer, Person } from '../support/api-world.ts';
import type { Route } from './contract.ts';

export interface Ask {
  readonly as?: Pick<Person, 'token'> | null;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: OutgoingHttpHeaders;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is. */
  readonly raw?: string | Buffer;
}

/** What never answers is a failure of its own. */
const PATIENCE_MS = 15_000;

/** Path parts are encoded unless the caller has done so: what they are made of is theirs. */
export function pathOf(
  route: Route,
  { params = {}, query }: Ask,
  encode: (part: string) => string = encodeURIComponent,
): string {
  const path = route
    .slice(route.indexOf(' ') + 1)
    .replaceAll(/\{(\w+)\}/g, (_whole, name: string) => encode(params[name] ?? 'x'));
  return query === undefined ? path : `${path}?${new URLSearchParams(query)}`;
}

export function call(port: number, route: Route, ask: Ask): Promise<Answer> {
  const method = route.slice(0, route.indexOf(' '));
  return request(port, method, pathOf(route, ask), ask);
}

export async function request(
  port: number,
  method: string,
  path: string,
  { as, body, raw = body === undefined ? undefined : JSON.stringify(body), headers }: Ask,
): Promise<Answer> {
  const outgoing = httpRequest({
    host: '127.0.0.1',
    port,
    method,
    path,
    headers: {
      ...(as ? { cookie: `token=${as.token}` } : {}),
      ...(raw === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(raw) }),
      ...headers,
    },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  // A body nobody waits for may be cut off after the answer.
  outgoing.on('error', () => {});
  outgoing.end(raw);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const text = await textOf(response);
  return { status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) };
}

/** An answer without end is read up to its first event. */
async function textOf(response: IncomingMessage): Promise<string> {
  if (!isStream(response)) return (await buffer(response)).toString('utf8');
  let text = '';
  for await (const chunk of response) {
    text += chunk;
    if (/^data: /m.test(text)) break;
  }
  return text;
}

function isStream({ headers }: IncomingMessage): boolean {
  return headers['content-type']?.startsWith('text/event-stream') ?? false;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
