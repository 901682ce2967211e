/** What a DevAPI method is: who may call it, what it is given, how it refuses (docs/platforms/vkvideo.md#common-rules, docs/platforms/vkvideo.md#method-table). */
import type { z } from 'zod';
import type { Answer, Call } from '../../world/host.ts';
import type { Person } from '../../world/people.ts';
import type { Channel } from '../channel.ts';
import type { VkVideoState } from '../state.ts';

export interface Method<C extends Context = Context> {
  /** `any`: the application too. */
  readonly by: 'any' | 'user';
  readonly scope?: string;
  /** Whose channel it must be. */
  readonly only?: 'owner' | 'moderator';
  /** Whether the query names a channel. */
  readonly inChannel: boolean;
  run(state: VkVideoState, context: C): Answer | Promise<Answer>;
}

/** Of any call. */
export interface Context {
  readonly call: Call;
  /** Null for the application itself. */
  readonly person: Person | null;
}

/** Of a call about a channel. */
export interface ChannelContext extends Context {
  readonly channel: Channel;
}

/** Of a person's call. */
export interface PersonContext extends Context {
  readonly person: Person;
}

export type Methods = Readonly<Record<string, AnyMethod>>;
export type AnyMethod =
  | (Method & { inChannel: false; by: 'any' })
  | (Method<PersonContext> & { inChannel: false; by: 'user' })
  | (Method<ChannelContext> & { inChannel: true; by: 'any' })
  | (Method<ChannelContext & PersonContext> & { inChannel: true; by: 'user' });

/** A refusal of the API: the router makes the answer of it. */
export class Refused extends Error {
  readonly answer: Answer;

  constructor(status: number, error: string, description = error) {
    super(error);
    this.answer = { status, body: { error, error_description: description } };
  }
}

export function data(body: unknown, extra?: unknown): Answer {
  return { status: 200, body: extra === undefined ? { data: body } : { data: body, extra } };
}

export const done: Answer = { status: 200, body: {} };

/** @throws Refused for a body that is not what the method takes */
export function bodyOf<T>({ body }: Call, schema: z.ZodType<T>): T {
  const given = jsonOf(body.toString('utf8'));
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw new Refused(400, 'invalid_request', 'The body is not what the method takes');
  return parsed.data;
}

/** @throws Refused when it is missing */
export function queryOf({ query }: Call, name: string): string {
  const value = query.get(name);
  if (value === null || value === '') throw new Refused(400, 'invalid_request', `${name} is required`);
  return value;
}

const LIMIT_MAX = 200;

/** @throws Refused when it is missing or more than the API allows */
export function limitOf(call: Call): number {
  const limit = Number(queryOf(call, 'limit'));
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw new Refused(400, 'invalid_request', `limit is 1 to ${LIMIT_MAX}`);
  return limit;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    return undefined;
  }
}
