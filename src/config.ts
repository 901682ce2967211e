/** Every environment variable of every process, once: the core's own here, each platform's from its folder. */
import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { apiVariables } from './config/api-variables.ts';
import { commonVariables } from './config/common-variables.ts';
import { type ProcessName, type SettingsOf, splitList, type Variable } from './lib/settings.ts';
import type { PlatformSettings } from './platforms/platform.ts';
import { registry } from './platforms/registry.ts';

const coreVariables = { ...commonVariables, ...apiVariables };

/** Values of the core's variables, by variable name. */
export type CoreValues = SettingsOf<typeof coreVariables>;

export interface Config {
  readonly values: CoreValues;
  /** Values of one platform's variables; every platform has them, linked or not. */
  platform(id: string): PlatformSettings;
  /** Sentences to log once at start: changed values, switched words, ignored variables. */
  readonly warnings: readonly string[];
}

/** What stops a process from starting: the variable and the sentence that names the fix. */
export interface ConfigProblem {
  readonly key: string;
  readonly problem: string;
}

/** Values of a platform can be read in either case: a worker that is switched off needs nothing else to be right. */
export type LoadedConfig = Pick<Config, 'platform'> & ({ config: Config } | { problems: readonly ConfigProblem[] });

/** Accepted from old installations and unused (docs/decisions). */
const IGNORED_VARIABLES = ['REDIS_URL', 'RATE_LIMIT_REDIS'];

/** Reads `.env` of the working directory; variables of the process win. */
export function readDotEnv(): void {
  if (existsSync('.env')) loadEnvFile('.env');
}

/** @param process `api`, or the provider id of a worker: it decides what is required */
export function loadConfig(process: ProcessName, env: Readonly<Record<string, string | undefined>>): LoadedConfig {
  const isProduction = env.NODE_ENV?.trim() === 'production';
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];

  const readGroup = (group: Readonly<Record<string, Variable>>): Record<string, unknown> => {
    const values: Record<string, unknown> = {};
    for (const variable of Object.values(group)) {
      const raw = env[variable.name]?.trim() || null;
      const reading = variable.read(raw, isProduction);
      const isReadHere = variable.readBy.some((reader) => concerns(reader, process));
      if ('problem' in reading) {
        if (isReadHere) problems.push({ key: variable.name, problem: reading.problem });
        continue;
      }
      values[variable.name] = reading.value;
      if (reading.warning !== undefined && isReadHere) warnings.push(reading.warning);
      if (raw === null && variable.requiredBy.some((reader) => concerns(reader, process))) {
        problems.push({ key: variable.name, problem: `${variable.name} is not set: ${variable.help}` });
      }
    }
    return values;
  };

  const values = readGroup(coreVariables) as CoreValues;
  const byPlatform = new Map(registry.map((platform) => [platform.id, readGroup(platform.variables)]));
  problems.push(...crossChecks(process, values, isProduction));
  const platform = (id: string) => byPlatform.get(id) ?? {};
  if (problems.length > 0) return { problems, platform };

  for (const name of IGNORED_VARIABLES) {
    if (env[name]?.trim()) warnings.push(`${name} is ignored: PostgreSQL is the only shared component`);
  }
  return { config: { values, platform, warnings }, platform };
}

/** Relay targets: the list, else the old single form; one entry per origin. */
export function relayBaseUrls(values: CoreValues): readonly string[] {
  const given = values.CHATBOT_BACKEND_BASE_URLS;
  const urls = given.length > 0 ? given : splitList(values.CHATBOT_BACKEND_BASE_URL ?? '');
  return [...new Set(urls.map((entry) => new URL(entry).origin))];
}

/** Variables of all processes in the order of the documentation, for `.env.example` and the handbook's table. */
export function allVariables(): readonly { readonly title: string; readonly variables: readonly Variable[] }[] {
  return [
    { title: 'All processes', variables: Object.values(commonVariables) },
    { title: 'API', variables: Object.values(apiVariables) },
    ...registry.map((platform) => ({ title: platform.title, variables: Object.values(platform.variables) })),
  ];
}

function crossChecks(process: ProcessName, values: CoreValues, isProduction: boolean): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (isProduction && values.CREDENTIALS_ENCRYPTION_KEY?.length === 0 && process !== 'test') {
    const problem = 'CREDENTIALS_ENCRYPTION_KEY is not set: production keeps tokens encrypted (32 bytes, base64)';
    problems.push({ key: 'CREDENTIALS_ENCRYPTION_KEY', problem });
  }
  const isWorker = process !== 'api' && process !== 'cli';
  if (isWorker && values.CHATBOT_BACKEND_BASE_URLS?.length === 0 && !values.CHATBOT_BACKEND_BASE_URL) {
    const problem = 'CHATBOT_BACKEND_BASE_URLS is not set: name the API instances, e.g. http://127.0.0.1:3001';
    problems.push({ key: 'CHATBOT_BACKEND_BASE_URLS', problem });
  }
  return problems;
}

function concerns(reader: ProcessName, process: ProcessName): boolean {
  if (reader === process || reader === 'all') return true;
  return reader === 'workers' && process !== 'api' && process !== 'cli';
}
