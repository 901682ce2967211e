/** What is wrong with one field of a request, as a sentence that a client can show without the field beside it. */
import { z } from 'zod';

type Issue = Parameters<NonNullable<z.core.$ZodConfig['customError']>>[0];

/** Fields by the names people know; other kinds of input cannot be sent in JSON. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'a boolean',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

const COUNTED: Readonly<Record<string, string>> = { string: ' characters', array: ' entries' };

/** Applies to every schema that says nothing itself: its sentence goes on where the name of the field ends. */
export function nameFieldErrors(): void {
  z.config({ customError: predicateOf });
}

/** @param subject the field, or what the sentence is about where no single field is wrong */
export function fieldError(subject: string, predicate: string): string {
  return `${subject} ${predicate}`;
}

function predicateOf(issue: Issue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is required' : `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return isText(issue.origin) && Number(issue.minimum) === 1
        ? 'must not be empty'
        : bounded(issue.origin, 'at least', issue.minimum);
    case 'too_big':
      return bounded(issue.origin, 'at most', issue.maximum);
    case 'custom':
      return undefined;
    default:
      return 'has an invalid format';
  }
}

function isText(origin: string): boolean {
  return origin === 'string' || origin === 'array';
}

function bounded(origin: string, bound: string, limit: number | bigint): string {
  return `must ${origin === 'array' ? 'have' : 'be'} ${bound} ${limit}${COUNTED[origin] ?? ''}`;
}
