/** Random requests for any route: valid ones with some parts replaced, and entirely random ones. */
import type { OutgoingHttpHeaders } from 'node:http';
import fc from 'fast-check';
import { type Ask, pathOf } from './call.ts';
import type { Route } from './contract.ts';
import { fromKick, fromTwitch } from './deliveries.ts';
import type { Operation } from './document.ts';
import { sampleOf } from './samples.ts';

export interface RandomRequest {
  readonly route: Route;
  readonly method: string;
  readonly path: string;
  readonly ask: Ask;
}

/** Values that exist in the database of the test, so that requests get past the first check. */
export interface Known {
  readonly callers: readonly (Ask['as'] | { readonly token: string })[];
  readonly values: readonly string[];
  /** Fields of bodies and queries, each with a valid value. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Odd texts: control characters, half of a surrogate pair, a long text, and texts that some parser gives a meaning. */
const ODD = ['', ' ', '\u0000', '\ud800', '-1', 'NaN', '../..', '%00', "'; drop table x; --", '{}', 'x'.repeat(600)];
const HEADER_NAMES = [
  'accept',
  'authorization',
  'content-type',
  'content-encoding',
  'cookie',
  'idempotency-key',
  'if-none-match',
  'origin',
  'range',
  'referer',
  'sec-fetch-site',
  'x-correlation-id',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-memalerts-internal',
  'x-request-id',
];
const HEADER_VALUES = [
  'application/json',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'https://panel.example',
  'https://evil.example',
  'null',
  'same-origin',
  'cross-site',
  '127.0.0.1',
  'Bearer mab_x',
  'Bearer a.b.c',
  'token=a.b.c; oauth_state=x',
  'gzip',
];

export function requestsTo(
  routes: ReadonlyMap<Route, Operation | undefined>,
  known: Known,
): fc.Arbitrary<RandomRequest> {
  const text = texts(known.values);
  const value = values(text);
  const anyRoute = fc.constantFrom(...routes);
  return anyRoute.chain(([route, operation]) => {
    const sample = sampleOf(route);
    const pathNames = [...route.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const queryNames = operation?.parameters?.filter((one) => one.in === 'query').map(({ name }) => name) ?? [];
    return fc
      .record({
        as: fc.constantFrom(...known.callers),
        params: someOf(pathNames, text, sample.params),
        query: someOf([...queryNames, 'unknown'], text, sample.query),
        headers: fc.oneof(
          { weight: 3, arbitrary: fc.constant({}) },
          fc.dictionary(fc.constantFrom(...HEADER_NAMES), headerValue, { maxKeys: 3 }),
        ),
        content: bodies(route, value, known.fields),
      })
      .map(({ as, params, query, headers, content }) => {
        const all: OutgoingHttpHeaders = { ...sample.headers, ...content.headers, ...headers };
        const search = Object.entries(query).map(([name, given]) => `${name}=${encoded(given)}`);
        const path = pathOf(route, { params }, encoded) + (search.length > 0 ? `?${search.join('&')}` : '');
        const { headers: _headers, ...sent } = content;
        return {
          route,
          method: route.slice(0, route.indexOf(' ')),
          path,
          ask: { ...sent, as: as ?? null, headers: all },
        };
      });
  });
}

function texts(meaningful: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...meaningful) },
    fc.constantFrom(...ODD),
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 20 }),
  );
}

function values(text: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const leaf = fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
  return fc.oneof(
    { weight: 3, arbitrary: leaf },
    fc.array(leaf, { maxLength: 4 }),
    fc.dictionary(text, leaf, { maxKeys: 2 }),
    fc.jsonValue({ maxDepth: 6 }),
  );
}

const headerValue = fc
  .oneof(
    fc.constantFrom(...HEADER_VALUES),
    fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 40 }),
  )
  // Node refuses to send a DEL character in a header.
  .map((written) => written.replaceAll('\u007f', ''));

/** Some of the names with any text, the others as they are in the sample. */
function someOf(
  names: readonly string[],
  text: fc.Arbitrary<string>,
  sample: Readonly<Record<string, string>> = {},
): fc.Arbitrary<Record<string, string>> {
  const [first, ...others] = names;
  if (first === undefined) return fc.constant({ ...sample });
  const replaced = fc.dictionary(fc.constantFrom(first, ...others), text, { maxKeys: 3 });
  return replaced.map((some) => ({ ...sample, ...some }));
}

type Content = Pick<Ask, 'body' | 'raw' | 'headers'>;

function bodies(
  route: Route,
  value: fc.Arbitrary<unknown>,
  fields: Readonly<Record<string, unknown>>,
): fc.Arbitrary<Content> {
  if (route.startsWith('GET ')) return fc.constant({});
  const { body } = sampleOf(route);
  const replaced = fc
    .dictionary(fc.constantFrom(...Object.keys(fields), '__proto__', 'constructor'), value, { maxKeys: 2 })
    .chain((wrong) =>
      fc.subarray(Object.keys(fields)).map((kept) => ({
        ...(isRecord(body) ? body : {}),
        ...Object.fromEntries(kept.map((name) => [name, fields[name]])),
        ...wrong,
      })),
    );
  const json = fc.oneof({ weight: 5, arbitrary: replaced }, fc.array(replaced, { maxLength: 3 }), value);
  if (route.startsWith('POST /webhooks/')) return deliveries(route, json);
  const garbage = fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ raw: Buffer.from(bytes) }));
  return fc.oneof({ weight: 8, arbitrary: json.map((given) => ({ body: given })) }, garbage, fc.constant({}));
}

const EVENTS = ['channel.follow', 'stream.online', 'chat.message.sent', 'livestream.status.updated', 'odd'];
const MESSAGE_TYPES = ['notification', 'revocation', 'webhook_callback_verification', 'odd'];

/** Signed deliveries: without a valid signature the code behind the check would never run. */
function deliveries(route: Route, json: fc.Arbitrary<unknown>): fc.Arbitrary<Content> {
  const id = fc.oneof(fc.uuid(), fc.constant('again'));
  const subscribed = fc.record({
    subscription: fc.record({
      id: fc.string(),
      status: fc.constantFrom('enabled', 'authorization_revoked', 'webhook_callback_verification_pending'),
      type: fc.constantFrom(...EVENTS),
      condition: json,
    }),
    event: json,
  });
  const body = fc.oneof(json, subscribed);
  return fc
    .record({ body, id, type: fc.constantFrom(...EVENTS), messageType: fc.constantFrom(...MESSAGE_TYPES) })
    .map(({ body: given, id: messageId, type, messageType }) =>
      route.includes('twitch')
        ? fromTwitch(given ?? null, messageType, { id: messageId })
        : fromKick(given ?? null, type, { id: messageId }),
    );
}

/** Percent-encodes every byte of any text, valid or not. */
function encoded(part: string): string {
  return [...Buffer.from(part, 'utf8')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
