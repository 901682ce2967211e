/** What people are told, in both languages, and whether anything is called broken that is not. */
import { expect } from 'vitest';
import { allByDoctor } from './doctor.ts';
import type { Expected, Fault, Found, Place, Read } from './fault.ts';
import { IDS, type Stack } from './stack.ts';

const CYRILLIC = /[а-яё]/i;
/** Of the findings that stand where another was expected. */
const SHOWN = 8;

export function overHttp(stack: Stack, { provider, channel }: Place): Read {
  return async (language) => {
    if (channel !== null) return findingsAt(stack, channel, `/streamer/bots/${provider}/diagnostics?lang=${language}`);
    const all = await findingsAt(stack, stack.owner, `/owner/diagnostics?lang=${language}`);
    return all.filter(({ scope }) => scope.provider === provider);
  };
}

/** Resolves once it is found; a platform may need a moment to say what it has to. */
export async function expectFirst({ until }: Stack, read: Read, expected: Expected): Promise<void> {
  await until(async () => expectCause(await read('en'), expected));
  expectWords(await read('en'), await read('ru'), expected);
}

/** In both languages. */
export function expectWords(english: readonly Found[], russian: readonly Found[], expected: Expected): void {
  const { verdict = 'broken', ...rest } = expected;
  const texts = [english, russian].map((findings) => {
    const first = expectCause(findings, expected);
    expect(first).toMatchObject({ ...rest, verdict });
    expect(first.text).not.toMatch(/[{}]| – /);
    return first.text;
  });
  expect(texts[0]).toMatch(/^[A-Z]\w/);
  expect(texts[0]).not.toMatch(CYRILLIC);
  expect(texts[1]).toMatch(CYRILLIC);
}

/** @throws Error with what is found instead */
function expectCause(findings: readonly Found[], { cause }: Expected): Found {
  const [first] = findings;
  if (first?.cause === cause) return first;
  const told = findings.slice(0, SHOWN).map((one) => `${one.verdict} ${one.cause}: ${one.text}`);
  throw new Error(`${cause} is not found first, but:\n${told.join('\n')}`);
}

export interface Seeded {
  readonly fault: Fault;
  readonly place: Place;
}

/** What anybody who looks finds broken, and what asks for anything but the cure of a fault that is there. */
export async function falseFindings(stack: Stack, seeded: readonly Seeded[]): Promise<readonly string[]> {
  const isShared = ({ channel }: Place) => channel === null || IDS.some((id) => channel === stack.well(id));
  const isExplained = ({ action, scope }: Found) =>
    seeded.some(({ fault, place }) => {
      if (fault.expects.action !== action) return false;
      if (!isShared(place)) return place.channel?.slug === scope.slug;
      return place.provider === null || place.provider === scope.provider;
    });
  const channels = seeded.map(({ place }) => place).filter((place) => !isShared(place));
  const places: readonly Place[] = [...channels, ...IDS.map((id) => ({ provider: id, channel: stack.well(id) }))];
  const looks = await Promise.all([
    ...places.map((place) => overHttp(stack, place)('en')),
    findingsAt(stack, stack.owner, '/owner/diagnostics?lang=en'),
    allByDoctor(stack),
  ]);
  return looks
    .flat()
    .filter((finding) => finding.verdict === 'broken' && !isExplained(finding))
    .map(({ scope, cause, text }) => `${scope.provider} ${scope.slug}: ${cause} (${text})`);
}

async function findingsAt(stack: Stack, who: { token: string }, route: string): Promise<readonly Found[]> {
  const { status, json } = await stack.ask(who, 'GET', route);
  expect(status).toBe(200);
  return json.findings;
}
