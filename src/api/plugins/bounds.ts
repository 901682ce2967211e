/**
 * How long a string of a request may be before anything is done with it. The limits are read off the schemas, so that
 * what the OpenAPI document says is what is enforced, and a new route is bounded without a word about it.
 */
import type { FastifySchemaCompiler } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { BadInput } from '../../lib/errors.ts';
import { fieldError } from './field-errors.ts';

/** Limits of the contract count what is left after trimming: so much more may come. */
export const ROOM_TO_TRIM = 4;
/** Where a schema names no limit: characters of a string, entries of a list. */
export const UNNAMED_LIMIT = 2048;
/** Callers may invent names of fields too. */
const LONGEST_FIELD_NAME = 200;

/**
 * For text that is cut or dropped and must never refuse what it comes with: names in relayed lines. Only the size of
 * the body bounds it.
 */
export const CUT = { 'x-cut': true } as const;

interface Bound {
  readonly characters: Limit;
  readonly entries: Limit;
  readonly entry: Bound | undefined;
  readonly fields: ReadonlyMap<string, Bound>;
  /** Bound of fields that the schema does not name; absent where the schema drops them unread. */
  readonly otherFields: Bound | undefined;
}

interface Limit {
  /** What the caller is told. */
  readonly named: number;
  /** What is let through, to be trimmed and counted. */
  readonly raw: number;
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The validator of the schemas, behind the limits: no check, transform or pattern sees more than they allow. */
export const boundedValidatorCompiler: FastifySchemaCompiler<z.ZodType> = (route) => {
  const validate = validatorCompiler(route);
  const bound = boundOf(z.toJSONSchema(route.schema, { io: 'input', unrepresentable: 'any' }));
  return (data: unknown) => {
    const excess = findExcess(data, bound);
    return excess === null ? validate(data) : { error: excess };
  };
};

/** Whatever a schema lets through unread may be read by hand later. */
const ANYTHING: Bound = {
  characters: limitOf(undefined),
  entries: limitOf(undefined),
  get entry() {
    return ANYTHING;
  },
  fields: new Map(),
  get otherFields() {
    return ANYTHING;
  },
};

const UNLIMITED: Limit = { named: Number.POSITIVE_INFINITY, raw: Number.POSITIVE_INFINITY };
const UNBOUNDED: Bound = {
  characters: UNLIMITED,
  entries: UNLIMITED,
  entry: undefined,
  fields: new Map(),
  otherFields: undefined,
};

function limitOf(named: number | undefined): Limit {
  return named === undefined ? { named: UNNAMED_LIMIT, raw: UNNAMED_LIMIT } : { named, raw: named * ROOM_TO_TRIM };
}

function boundOf(schema: JsonSchema | boolean | undefined): Bound {
  if (typeof schema !== 'object') return ANYTHING;
  if ('x-cut' in schema) return UNBOUNDED;
  const choices = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  if (choices.length > 0) return choices.map(boundOf).reduce(widest);
  const { type, maxLength, maxItems, items, properties = {}, additionalProperties } = schema;
  if (type === undefined) return ANYTHING;
  return {
    characters: limitOf(maxLength),
    entries: limitOf(maxItems),
    // What is no list has no entries that could widen those of a list that may stand in its place.
    entry: type !== 'array' ? undefined : Array.isArray(items) ? ANYTHING : boundOf(items),
    fields: new Map(Object.entries(properties).map(([name, field]) => [name, boundOf(field)])),
    otherFields: additionalProperties ? boundOf(additionalProperties) : undefined,
  };
}

/** A value may be what any of the alternatives is. */
function widest(one: Bound, other: Bound): Bound {
  if (one === ANYTHING || other === ANYTHING) return ANYTHING;
  const both = (a: Bound | undefined, b: Bound | undefined) => (a && b ? widest(a, b) : (a ?? b));
  const names = [...one.fields.keys(), ...other.fields.keys()];
  return {
    characters: wider(one.characters, other.characters),
    entries: wider(one.entries, other.entries),
    entry: both(one.entry, other.entry),
    fields: new Map(names.map((name) => [name, both(one.fields.get(name), other.fields.get(name)) ?? ANYTHING])),
    otherFields: both(one.otherFields, other.otherFields),
  };
}

function wider(one: Limit, other: Limit): Limit {
  return one.raw > other.raw ? one : other;
}

interface Part {
  readonly value: unknown;
  readonly bound: Bound;
  readonly path: Path | null;
}

interface Path {
  readonly name: string;
  readonly within: Path | null;
}

/** Without recursion: what a schema does not describe may be nested deeper than a stack is. */
function findExcess(data: unknown, bound: Bound): BadInput | null {
  const open: Part[] = [{ value: data, bound, path: null }];
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const { value, bound: limits, path } = part;
    if (typeof value === 'string') {
      if (value.length > limits.characters.raw) return tooMuch(path, limits.characters, 'characters');
    } else if (Array.isArray(value)) {
      if (value.length > limits.entries.raw) return tooMuch(path, limits.entries, 'entries');
      open.push(...entriesOf(value, limits, path));
    } else if (typeof value === 'object' && value !== null) {
      open.push(...fieldsOf(value, limits, path));
    }
  }
  return null;
}

function* entriesOf(values: readonly unknown[], { entry: bound }: Bound, within: Path | null): Generator<Part> {
  if (bound === undefined) return;
  for (const [at, value] of values.entries()) {
    if (mayHoldText(value)) yield { value, bound, path: { name: String(at), within } };
  }
}

function* fieldsOf(values: object, { fields, otherFields }: Bound, within: Path | null): Generator<Part> {
  for (const [name, value] of Object.entries(values)) {
    const bound = fields.get(name) ?? otherFields;
    if (bound !== undefined && mayHoldText(value)) yield { value, bound, path: { name, within } };
  }
}

function mayHoldText(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null);
}

function tooMuch(path: Path | null, { named }: Limit, what: 'characters' | 'entries'): BadInput {
  const verb = what === 'characters' ? 'be' : 'have';
  const predicate = `must ${verb} at most ${named} ${what}`;
  if (path === null) return new BadInput('BAD_REQUEST', fieldError('The request body', predicate));
  const names: string[] = [];
  for (let at: Path | null = path; at !== null; at = at.within) names.unshift(at.name);
  const field = names.join('.').slice(0, LONGEST_FIELD_NAME);
  return new BadInput('BAD_REQUEST', fieldError(field, predicate), { details: { field } });
}
