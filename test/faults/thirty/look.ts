/** What people are told: over HTTP, in both languages, and whether anything is called broken that is not. */
import { expect } from 'vitest';
import type { Language } from '../../../src/platforms/causes/cause.ts';
import type { Expected, Fault, FaultyChannel, Found, Place, PlatformId } from './fault.ts';
import { IDS, type Stack } from './stack.ts';

/** All findings that belong to a place, in the order in which they are shown. */
export type Read = (language: Language) => Promise<readonly Found[]>;

const CYRILLIC = /[а-яё]/i;

export function overHttp(stack: Stack, { provider, channel }: Place): Read {
  return async (language) => {
    if (channel !== null) return findingsAt(stack, channel, `/streamer/bots/${provider}/diagnostics?lang=${language}`);
    const all = await findingsAt(stack, stack.owner, `/owner/diagnostics?lang=${language}`);
    return all.filter(({ scope }) => scope.provider === provider);
  };
}

/** Resolves once it is found; a platform may need a moment to say what it has to. */
export async function expectFirst({ until }: Stack, read: Read, expected: Expected): Promise<void> {
  const { verdict = 'broken', ...rest } = expected;
  const first = await until(async () => {
    const found = await read('en');
    if (found[0]?.cause !== expected.cause) {
      const told = found.map((one) => `${one.verdict} ${one.cause}: ${one.text}`);
      throw new Error(`${expected.cause} is not found first, but:\n${told.join('\n')}`);
    }
    return found[0];
  });
  expect(first).toMatchObject({ ...rest, verdict });
  const [translated] = await read('ru');
  expect(translated).toMatchObject({ ...rest, verdict });
  expect(first.text).toMatch(/^[A-Z]\w/);
  expect(first.text).not.toMatch(CYRILLIC);
  expect(translated?.text).toMatch(CYRILLIC);
  for (const text of [first.text, translated?.text]) expect(text).not.toMatch(/[{}]| – /);
}

export interface Seeded {
  readonly fault: Fault;
  readonly place: Place;
}

/** What is called broken and asks for anything but the cure of a fault that is there. */
export async function falseFindings(stack: Stack, seeded: readonly Seeded[]): Promise<readonly string[]> {
  const ofPlatform = (id: PlatformId | null) => seeded.filter(({ place }) => place.provider === id);
  const isShared = ({ place }: Seeded) => !place.channel || IDS.some((id) => place.channel === stack.well(id));
  const shared = (id: PlatformId | null) => [...ofPlatform(id), ...ofPlatform(null)].filter(isShared);
  const found: string[] = [];
  const note = (where: string, findings: readonly Found[], cures: (provider: string | null) => readonly Seeded[]) => {
    for (const { verdict, cause, action, scope, text } of findings) {
      if (verdict !== 'broken') continue;
      if (cures(scope.provider).some(({ fault }) => fault.expects.action === action)) continue;
      found.push(`${where}: ${cause} (${text})`);
    }
  };
  const owner = await findingsAt(stack, stack.owner, '/owner/diagnostics?lang=en');
  note('installation', owner, (provider) => shared(provider as PlatformId | null));
  for (const id of IDS) {
    note(`a channel of ${id} that is well`, await ofChannel(stack, id, stack.well(id)), () => shared(id));
  }
  for (const one of seeded) {
    const { provider, channel } = one.place;
    if (isShared(one) || provider === null || channel === null) continue;
    const findings = await ofChannel(stack, provider, channel);
    note(`while ${one.fault.name}`, findings, () => [one, ...shared(provider)]);
  }
  return found;
}

function ofChannel(stack: Stack, provider: PlatformId, channel: FaultyChannel): Promise<readonly Found[]> {
  return findingsAt(stack, channel, `/streamer/bots/${provider}/diagnostics?lang=en`);
}

async function findingsAt(stack: Stack, who: { token: string }, route: string): Promise<readonly Found[]> {
  const { status, json } = await stack.ask(who, 'GET', route);
  expect(status).toBe(200);
  return json.findings;
}
