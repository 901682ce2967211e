/** `memalerts setup`: a `.env` that works, with secrets made and questions asked. What is set stays as it is. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { allVariables, loadConfig, type VariableGroup } from '../config.ts';
import { BadInput } from '../lib/errors.ts';
import { isReservedHost } from '../lib/reserved-host.ts';
import type { Variable } from '../lib/settings.ts';
import { valuesIn, withValues } from './env-file.ts';
import { askOn, type Questions } from './questions.ts';

interface Setup {
  /** Variables of the process: they are written down as answers that were given already. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: string;
  /** Null: nothing is asked, what only a person knows stays open. */
  readonly questions: Questions | null;
  /** Whether what the process's variables say replaces what the file says. */
  readonly overwrites: boolean;
}

const PLACE_QUESTION = 'Public host name that leads here by HTTPS (empty for a trial on this machine alone)';
const DEFAULT_PORT = '3001';
/** Read and written by its owner alone. */
const PRIVATE = 0o600;
/** Where `pnpm database` serves its PostgreSQL. */
export const TRIAL_DATABASE = { port: 5433, url: 'postgres://memalerts@127.0.0.1:5433/postgres' };

/** @returns what was done, for the operator; never a value that is secret */
export async function runSetup(argv: readonly string[], env: Setup['env']): Promise<string> {
  const { values } = parseArgs({
    args: [...argv],
    options: { yes: { type: 'boolean', default: false }, overwrite: { type: 'boolean', default: false } },
  });
  const questions = values.yes ? null : askOn(process.stdin, process.stdout);
  try {
    return await setUp({ env, file: '.env', questions, overwrites: values.overwrite });
  } finally {
    questions?.close();
  }
}

async function setUp({ env, file, questions, overwrites }: Setup): Promise<string> {
  const groups = allVariables();
  const variables = groups.flatMap((group) => group.variables);
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const stored = valuesIn(text);
  const given = new Map(variables.flatMap(({ name }) => (env[name]?.trim() ? [[name, env[name].trim()]] : [])));
  const contradicted = [...given].filter(([name, value]) => stored.has(name) && stored.get(name) !== value);
  if (contradicted.length > 0 && !overwrites) {
    const names = contradicted.map(([name]) => name).join(', ');
    throw new BadInput(
      'CONFLICT',
      `${file} has another value than the environment for ${names}. Nothing was changed. ` +
        'Add --overwrite to write the values of the environment, or unset them.',
    );
  }
  const values = new Map([...stored, ...given]);
  const isProduction = (values.get('NODE_ENV') ?? 'production') === 'production';
  refuseUnreadable(variables, given, isProduction);

  const place = await placeOf(values, questions, variables);
  const wanted: Variable[] = [];
  const open: Variable[] = [];
  for (const [name, value] of place.settings) if (!values.has(name)) values.set(name, value);
  for (const group of groups) {
    if (!(await isServed(group, values, questions))) continue;
    for (const variable of group.variables.filter(({ source }) => source !== null)) {
      wanted.push(variable);
      if (values.has(variable.name) || (place.isTrial && variable.fill === '{host}')) continue;
      const value = place.fill(variable) ?? (await answerTo(variable, questions, place)) ?? place.fallback(variable);
      if (value === null) open.push(variable);
      else values.set(variable.name, value);
    }
  }

  const added = new Map([...values].filter(([name, value]) => stored.get(name) !== value));
  if (added.size > 0) writePrivately(file, withValues(text, added));
  else if (existsSync(file)) chmodSync(file, PRIVATE);
  return report({ file, isNew: text === '', added: [...added.keys()], open, values, wanted });
}

function refuseUnreadable(variables: readonly Variable[], given: ReadonlyMap<string, string>, isProduction: boolean) {
  for (const { name, read } of variables) {
    const reading = read(given.get(name) ?? null, isProduction);
    if ('problem' in reading)
      throw new BadInput('BAD_REQUEST', `${withoutStop(reading.problem)}. Nothing was written.`);
  }
}

interface Place {
  readonly isTrial: boolean;
  /** What follows from where the installation is. */
  readonly settings: ReadonlyMap<string, string>;
  /** What needs no person; null where it does. */
  fill(variable: Variable): string | null;
  /** What is taken where nobody answers; null where the value stays open. */
  fallback(variable: Variable): string | null;
}

/** A public host, or this machine alone. */
async function placeOf(
  values: ReadonlyMap<string, string>,
  questions: Questions | null,
  variables: readonly Variable[],
): Promise<Place> {
  const port = values.get('PORT') ?? DEFAULT_PORT;
  const known = values.get('DOMAIN') ?? hostOf(values.get('TWITCH_CALLBACK_URL')) ?? hostOf(values.get('WEB_URL'));
  const mode = values.get('NODE_ENV');
  const isDecided = known !== null || mode !== undefined;
  const domain = variables.find(({ name }) => name === 'DOMAIN');
  const host = isDecided || domain === undefined ? known : await usable(domain, PLACE_QUESTION, questions);
  const isTrial = mode === undefined ? host === null || isReservedHost(host) : mode !== 'production';
  const origin = host === null ? `http://localhost:${port}` : `${isTrial ? 'http' : 'https'}://${host}`;
  const settings = new Map<string, string>();
  if (isTrial) {
    if (mode === undefined) settings.set('NODE_ENV', 'development');
    settings.set('HOST', '127.0.0.1');
  }
  const facts: Readonly<Record<string, () => string | null>> = {
    host: () => (isTrial ? null : host),
    origin: () => (isTrial || host !== null ? origin : null),
    port: () => port,
    key: () => randomBytes(32).toString('base64'),
    secret: () => randomBytes(32).toString('hex'),
  };
  return {
    isTrial,
    settings,
    fallback: ({ name }) => (isTrial && name === 'DATABASE_URL' ? TRIAL_DATABASE.url : null),
    fill({ fill }) {
      if (fill === null) return null;
      const parts = fill.split(/[{}]/).map((part, index) => (index % 2 === 0 ? part : (facts[part]?.() ?? null)));
      return parts.includes(null) ? null : parts.join('');
    },
  };
}

function hostOf(url: string | undefined): string | null {
  return url !== undefined && URL.canParse(url) ? new URL(url).host : null;
}

/** A platform is served when something only a person knows of it is set, or when that person says so. */
async function isServed(group: VariableGroup, values: ReadonlyMap<string, string>, questions: Questions | null) {
  if (!group.isOptional) return true;
  const told = group.variables.filter(({ source, fill }) => source !== null && fill === null);
  if (told.length === 0) return false;
  if (told.some(({ name }) => values.has(name))) return true;
  const answer = await questions?.ask(`Serve ${group.title}? [y/N]`, false);
  return /^(y|yes|д|да)$/i.test(answer ?? '');
}

async function answerTo(variable: Variable, questions: Questions | null, place: Place): Promise<string | null> {
  const preset = place.fallback(variable);
  const help = [plain(variable.source ?? ''), ...(preset === null ? [] : [`empty for ${preset}`])].join('; ');
  return usable(variable, `${variable.name} (${help})`, questions);
}

/** Asked again while the answer cannot be used. Null when nobody answers. */
async function usable(
  { isSecret, read }: Variable,
  question: string,
  questions: Questions | null,
): Promise<string | null> {
  for (;;) {
    const answer = await questions?.ask(question, isSecret);
    if (answer === undefined || answer === '') return null;
    const reading = read(answer, true);
    if (!('problem' in reading)) return answer;
    questions?.say(reading.problem);
  }
}

/** Beside the file and then in its place, so that a half-written one is never read; for the owner's eyes alone. */
function writePrivately(file: string, text: string): void {
  const target = existsSync(file) ? realpathSync(file) : file;
  const draft = `${target}.${process.pid}.draft`;
  writeFileSync(draft, text, { mode: PRIVATE });
  renameSync(draft, target);
}

interface Done {
  readonly file: string;
  readonly isNew: boolean;
  readonly added: readonly string[];
  readonly open: readonly Variable[];
  readonly values: ReadonlyMap<string, string>;
  readonly wanted: readonly Variable[];
}

function report({ file, isNew, added, open, values, wanted }: Done): string {
  const sentences = [
    added.length === 0
      ? `${file} has every value already. Nothing was changed.`
      : `${isNew ? 'Wrote' : 'Added to'} ${file}, which its owner alone can read: ${added.join(', ')}.`,
  ];
  for (const { name, help, source } of open) {
    sentences.push(`Still missing: ${name}. ${withoutStop(plain(help))}. Where to get it: ${plain(source ?? '')}.`);
  }
  const callbacks = wanted.filter(({ name }) => name.endsWith('_CALLBACK_URL') && values.has(name));
  if (added.length > 0 && callbacks.length > 0) {
    sentences.push('Enter these redirects in the applications at the platforms, character for character:');
    sentences.push(...callbacks.map(({ name }) => `  ${values.get(name)}`));
  }
  if (open.length === 0) sentences.push(...problemsOf(values));
  if (values.get('DATABASE_URL') === TRIAL_DATABASE.url) {
    sentences.push('The database is the one of `pnpm database`: start it in a terminal of its own.');
  }
  return sentences.join('\n');
}

/** What would still stop a process, as it would say it. */
function problemsOf(values: ReadonlyMap<string, string>): string[] {
  const env = Object.fromEntries(values);
  const loaded = ['api', 'twitch'].map((process) => loadConfig(process, env, true));
  return [...new Set(loaded.flatMap((one) => ('problems' in one ? one.problems.map(({ problem }) => problem) : [])))];
}

function withoutStop(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

function plain(markdown: string): string {
  return markdown.replaceAll('`', '');
}
