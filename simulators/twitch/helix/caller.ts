/** Who calls Helix, and how Helix says no. */
import type { Token } from '../../world/grants.ts';
import type { Answer, Call } from '../../world/host.ts';
import type { Person } from '../../world/people.ts';
import type { TwitchState } from '../state.ts';

export interface Caller {
  readonly token: Token;
  /** Null for an application's own token. */
  readonly person: Person | null;
}

/** Ends a request with this answer. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(status: number, message: string, more: Record<string, unknown> = {}) {
    super(message);
    this.answer = { status, body: { error: NAMES[status] ?? 'Error', status, message, ...more } };
  }
}

const NAMES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
};

/** @throws Refusal for a token or client id that Helix does not accept */
export function callerOf({ grants, people }: TwitchState, { headers }: Call): Caller {
  const [scheme = '', access = null] = (headers.authorization ?? '').split(' ');
  if (headers.authorization === undefined) throw new Refusal(401, 'OAuth token is missing');
  const token = scheme.toLowerCase() === 'bearer' ? grants.find(access) : undefined;
  if (!token) throw new Refusal(401, 'Invalid OAuth token');
  if (headers['client-id'] !== token.clientId) throw new Refusal(401, 'Client ID and OAuth token do not match');
  return { token, person: people.byId(token.personId) ?? null };
}

/** @returns the person behind a user token that has one of the scopes */
export function personWith({ token, person }: Caller, ...scopes: string[]): Person {
  if (!person) throw new Refusal(401, 'This endpoint needs a user access token');
  if (!scopes.some((scope) => token.scopes.includes(scope)))
    throw new Refusal(401, `Missing scope: ${scopes.join(' or ')}`);
  return person;
}

/** Splits a list into pages behind an opaque cursor. */
export function page<T>(items: readonly T[], query: URLSearchParams): { items: T[]; pagination: { cursor?: string } } {
  const size = Math.min(Math.max(Number(query.get('first') ?? 20) || 20, 1), 100);
  const after = query.get('after');
  const start = after === null ? 0 : Number(Buffer.from(after, 'base64url').toString().replace('from:', '')) || 0;
  const end = start + size;
  const pagination = end < items.length ? { cursor: Buffer.from(`from:${end}`).toString('base64url') } : {};
  return { items: items.slice(start, end), pagination };
}
