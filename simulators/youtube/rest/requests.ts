/** What the Data API's methods have in common: parameters, parts and lists. */
import type { Call } from '../../world/host.ts';
import type { Caller } from '../callers.ts';
import { Refusal } from '../refusal.ts';

export interface ApiRequest {
  readonly caller: Caller;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
}

/** Repeated or joined by commas: both are valid (docs/platforms/youtube.md#api). */
export function listed(query: URLSearchParams, name: string): string[] {
  return query.getAll(name).flatMap((each) => each.split(',').filter((part) => part !== ''));
}

/** @throws Refusal when none is asked for */
export function partsOf(query: URLSearchParams): ReadonlySet<string> {
  const parts = new Set(listed(query, 'part'));
  if (parts.size === 0) throw new Refusal('missingRequiredParameter', 'part');
  return parts;
}

/** @throws Refusal outside of the range */
export function countOf(query: URLSearchParams, range: { min: number; max: number; usual: number }): number {
  const given = query.get('maxResults');
  if (given === null) return range.usual;
  const count = Number(given);
  if (!Number.isInteger(count) || count < range.min || count > range.max) {
    throw new Refusal('invalidParameter', 'maxResults');
  }
  return count;
}

/** Only the parts that were asked for; kind, etag and id are always there. */
export function resource(
  kind: string,
  id: string,
  parts: ReadonlySet<string>,
  all: Record<string, unknown>,
): Record<string, unknown> {
  const shown = Object.entries(all).filter(([name]) => parts.has(name));
  return { kind: `youtube#${kind}`, etag: `etag-${id}`, id, ...Object.fromEntries(shown) };
}

/** Where nothing matches, look-ups leave `items` out altogether (docs/platforms/youtube.md#finding-the-broadcast). */
export function listOf(kind: string, items: readonly unknown[], perPage: number, isLookUp: boolean) {
  return {
    kind: `youtube#${kind}ListResponse`,
    etag: `etag-${kind}-${items.length}`,
    pageInfo: { totalResults: items.length, resultsPerPage: perPage },
    ...(isLookUp && items.length === 0 ? {} : { items }),
  };
}

/** One page of a list, and what leads to the next. */
export function paged<T>(items: readonly T[], query: URLSearchParams, perPage: number) {
  const start = pageStart(query.get('pageToken'));
  const end = start + perPage;
  const next =
    perPage > 0 && end < items.length ? { nextPageToken: Buffer.from(`page ${end}`).toString('base64url') } : {};
  return { page: items.slice(start, end), next };
}

function pageStart(token: string | null): number {
  if (token === null || token === '') return 0;
  const start = /^page (\d+)$/.exec(Buffer.from(token, 'base64url').toString('utf8'))?.[1];
  if (start === undefined) throw new Refusal('invalidPageToken', 'pageToken');
  return Number(start);
}

/** @throws Refusal for a body that is no object */
export function jsonOf({ body }: Call): Record<string, unknown> {
  if (body.length === 0) return {};
  try {
    return objectIn(JSON.parse(body.toString('utf8')));
  } catch {
    throw new Refusal('invalidParameter');
  }
}

export function objectIn(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

export function textIn(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
