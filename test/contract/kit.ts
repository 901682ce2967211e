/** A case of the contract: who asks what of which API, and the status and code that have to come back. */
import { expect } from 'vitest';
import type { Answer } from '../support/api-world.ts';
import { type Ask, call } from './call.ts';
import type { Promised, Route } from './contract.ts';
import { type ApiDocument, envelopeFindings } from './document.ts';
import type { Instance, Stage } from './stage.ts';

/** Looks closer at an answer that was as expected. */
export type Look = (answer: Answer, stage: Stage) => unknown;

export interface Case {
  /** Completes the sentence "this is the answer when …". */
  readonly when: string;
  readonly expects: Promised;
  /** The usual one when absent. */
  readonly on?: Instance;
  /** Sets up what is needed and says what is asked. */
  readonly ask: (stage: Stage) => Promise<Ask> | Ask;
  /** What the body has to hold besides, or a look at the whole answer. */
  readonly shows?: object | Look;
  /** Tables a refusal may write to all the same, each with its reason beside the case. */
  readonly mayWrite?: readonly string[];
}

export type CasesOf = Partial<Record<Route, readonly Case[]>>;

/** Several cases of one route that differ in one thing. */
export function each<T>(values: readonly T[], make: (value: T) => Case): Case[] {
  return values.map(make);
}

/** Sets up, asks, and holds the answer against the contract, the document and the tables. */
export async function play(route: Route, given: Case, stage: Stage, document: ApiDocument): Promise<void> {
  const ask = await given.ask(stage);
  const isRefusal = given.expects >= '400';
  const before = isRefusal ? await stage.rows.read() : null;
  const answer = await call(stage.port, route, ask);
  expect(nameOf(answer), answer.text.slice(0, 500)).toBe(given.expects);
  expect(envelopeFindings(answer)).toEqual([]);
  if (/ \/(streamer|owner|auth)\//.test(route)) expect(answer.headers['cache-control']).toBe('no-store');
  if (document.operations.has(route)) expect(document.findingsOn(route, answer)).toEqual([]);
  if (before !== null) {
    const written = await stage.rows.changedSince(before);
    expect(written.filter((table) => !given.mayWrite?.includes(table))).toEqual([]);
  }
  const { shows = {} } = given;
  if (isLook(shows)) await shows(answer, stage);
  else expect(answer.json ?? {}).toMatchObject(shows);
}

/** The answer in the words of the contract's list; a redirect by the reason in its address. */
function nameOf({ status, headers, json }: Answer): Promised {
  if (json?.errorCode !== undefined) return `${status} ${json.errorCode}`;
  if (status !== 302) return String(status);
  const reason = new URL(headers.location ?? '').searchParams.get('reason');
  return reason === null ? '302' : `302 ?${reason}`;
}

function isLook(shows: object | Look): shows is Look {
  return typeof shows === 'function';
}
