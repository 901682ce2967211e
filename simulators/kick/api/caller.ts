/** Who calls the API, and how it says no (docs/platforms/kick.md#rest-conventions). */
import type { z } from 'zod';
import type { Token } from '../../world/grants.ts';
import type { Answer, Call } from '../../world/host.ts';
import type { Person } from '../../world/people.ts';
import type { KickState } from '../state.ts';

export interface Caller {
  readonly token: Token;
  /** Null for an application's own token. */
  readonly person: Person | null;
}

/** Ends a request with this answer. */
export class Refusal extends Error {
  readonly answer: Answer;

  constructor(status: number, message: string, data: unknown = {}) {
    super(message);
    this.answer = { status, body: { data, message } };
  }
}

export const unauthorized = () => new Refusal(401, 'Unauthorized');
export const forbidden = () => new Refusal(403, 'Forbidden');
export const badRequest = (why: string) => new Refusal(400, 'Bad request', why);

export function ok(data: unknown, status = 200): Answer {
  return { status, body: { data, message: 'OK' } };
}

/** @throws Refusal for a token that is missing, unknown or run out */
export function callerOf({ grants, people }: KickState, { headers }: Call): Caller {
  const [scheme = '', access = null] = (headers.authorization ?? '').split(' ');
  const token = scheme.toLowerCase() === 'bearer' ? grants.find(access) : undefined;
  if (!token) throw unauthorized();
  return { token, person: people.byId(token.personId) ?? null };
}

/** An application's own token carries no scopes and passes; who needs a person asks for one. */
export function requireScope({ token, person }: Caller, scope: string): void {
  if (person && !token.scopes.includes(scope)) throw forbidden();
}

/** @throws Refusal 401 for an application's own token, 403 without the scope */
export function personWith(caller: Caller, scope: string): Person {
  if (!caller.person) throw unauthorized();
  requireScope(caller, scope);
  return caller.person;
}

/** @throws Refusal 400 for what is not JSON of this shape */
export function bodyOf<T>(schema: z.ZodType<T>, { body }: Call): T {
  try {
    return schema.parse(JSON.parse(body.toString('utf8')));
  } catch {
    throw badRequest('Invalid request body');
  }
}
