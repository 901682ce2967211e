/** Who calls Trovo's REST interface, and with what: the two headers, the JSON body, the scopes (docs/platforms/trovo.md#hosts-and-headers, docs/platforms/trovo.md#oauth). */
import { z } from 'zod';
import type { Call } from '../../world/host.ts';
import type { Person } from '../../world/people.ts';
import { Refusal } from '../errors.ts';
import type { TrovoState } from '../state.ts';
import type { AccessToken, Application } from '../tokens.ts';

export interface Request {
  readonly state: TrovoState;
  readonly call: Call;
  readonly application: Application;
  /** What stands in the path's placeholders, in order. */
  readonly parts: readonly string[];
}

/** @throws Refusal without the `Client-ID` of an application */
export function applicationOf({ tokens }: TrovoState, { headers }: Call): Application {
  const application = tokens.application(headers['client-id']);
  if (!application) throw new Refusal(11701);
  return application;
}

/** @throws Refusal without a token of this application, by the scheme `OAuth` alone */
export function tokenOf({ state, call, application }: Request): AccessToken {
  const header = call.headers.authorization;
  if (header === undefined) throw new Refusal(11701);
  const [scheme, access = ''] = header.split(' ');
  if (scheme !== 'OAuth') throw new Refusal(11704, 401);
  const token = state.tokens.find(access);
  if (token.clientId !== application.id) throw new Refusal(11704);
  return token;
}

/** @returns the person behind the token @throws Refusal without the scope */
export function personWith(request: Request, scope: string): Person {
  const { personId, scopes } = tokenOf(request);
  const person = request.state.people.byId(personId);
  if (!person) throw new Refusal(11704);
  if (!scopes.includes(scope)) throw new Refusal(11730);
  return person;
}

/** @throws Refusal for a body that is not declared as JSON, is none, or has other members */
export function bodyOf<T>({ headers, body }: Call, schema: z.ZodType<T>): T {
  if (!headers['content-type']?.startsWith('application/json')) throw new Refusal(11701);
  const given = z.preprocess(json, schema).safeParse(body.toString('utf8'));
  if (!given.success) throw new Refusal(1002);
  return given.data;
}

function json(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}

/** Clients send ids as strings and as numbers. */
export const idSchema = z.union([z.string(), z.number().int()]).transform(String);
