/** Every environment variable of every process, once: the core's own here, each platform's from its folder. */
import { existsSync } from 'node:fs';
import { loadEnvFile } from 'node:process';
import { apiVariables } from './config/api-variables.ts';
import { commonVariables } from './config/common-variables.ts';
import { type ConfigProblem, crossChecks } from './config/cross-checks.ts';
import { type ProcessName, type SettingsOf, splitList, type Variable } from './lib/settings.ts';
import type { PlatformSettings } from './platforms/platform.ts';
import { registry } from './platforms/registry.ts';

const coreVariables = { ...commonVariables, ...apiVariables };

/** Values of the core's variables, by variable name. */
export type CoreValues = SettingsOf<typeof coreVariables>;

export interface Config {
  readonly values: CoreValues;
  readonly isProduction: boolean;
  /** Values of one platform's variables; every platform has them, linked or not. */
  platform(id: string): PlatformSettings;
  /** Sentences to log once at start: changed values, switched words, ignored variables. */
  readonly warnings: readonly string[];
}

/**
 * Values of a platform can be read in either case: a worker that is switched off needs nothing else to be right.
 * `readable` lacks the core's variables that have problems.
 */
export type LoadedConfig = Pick<Config, 'platform'> & { readonly readable: Partial<CoreValues> } & (
    | { config: Config }
    | { problems: readonly ConfigProblem[] }
  );

/** Accepted from old installations and unused (docs/decisions). */
const IGNORED_VARIABLES = ['REDIS_URL', 'RATE_LIMIT_REDIS'];

/** Reads `.env` of the working directory; variables of the process win. */
export function readDotEnv(): void {
  if (existsSync('.env')) loadEnvFile('.env');
}

/** What `pnpm build` made is what people install; sources are run by developers, tests and the demo. */
const IS_BUILT = import.meta.url.endsWith('.js');

/**
 * @param process `api`, or the provider id of a worker: it decides what is required
 * @param isBuilt whether this runs from what `pnpm build` made: that is production unless NODE_ENV says otherwise
 */
export function loadConfig(
  process: ProcessName,
  env: Readonly<Record<string, string | undefined>>,
  isBuilt = IS_BUILT,
): LoadedConfig {
  const mode = env.NODE_ENV?.trim() || (isBuilt ? 'production' : 'development');
  const isProduction = mode === 'production';
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  const ownAddresses: [name: string, address: string][] = [];

  const readGroup = (group: Readonly<Record<string, Variable>>): Record<string, unknown> => {
    const values: Record<string, unknown> = {};
    for (const variable of Object.values(group)) {
      const raw = env[variable.name]?.trim() || null;
      const reading = variable.read(raw, isProduction);
      const isReadHere = variable.readBy.some((reader) => concerns(reader, process));
      if ('problem' in reading) {
        if (isReadHere) problems.push({ key: variable.name, problem: reading.problem, cause: 'variable_malformed' });
        continue;
      }
      values[variable.name] = reading.value;
      if (isReadHere && variable.isOwnAddress && typeof reading.value === 'string') {
        ownAddresses.push([variable.name, reading.value]);
      }
      if (reading.warning !== undefined && isReadHere) warnings.push(reading.warning);
      if (raw === null && variable.requiredBy.some((reader) => concerns(reader, process))) {
        const problem = `${variable.name} is not set. ${variable.help}`;
        problems.push({ key: variable.name, problem, cause: 'variable_missing' });
      }
    }
    return values;
  };

  const values = readGroup(coreVariables) as CoreValues;
  const byPlatform = new Map(registry.map((platform) => [platform.id, readGroup(platform.variables)]));
  const crossed = crossChecks({ process, values, isProduction, ownAddresses });
  problems.push(...crossed.problems);
  warnings.push(...crossed.warnings);
  const platform = (id: string) => byPlatform.get(id) ?? {};
  if (problems.length > 0) return { problems, platform, readable: values };

  for (const name of IGNORED_VARIABLES) {
    if (env[name]?.trim()) warnings.push(`${name} is ignored, because only PostgreSQL is shared`);
  }
  return { config: { values, isProduction, platform, warnings }, platform, readable: values };
}

/** Whether an operator switched the worker of this platform off. It needs nothing else to be right then. */
export function isSwitchedOff({ platform }: LoadedConfig, provider: string): boolean {
  return platform(provider)[`${provider.toUpperCase()}_CHAT_BOT_ENABLED`] === false;
}

/** Relay targets: the list, else the old single form; one entry per origin. */
export function relayBaseUrls(values: Partial<CoreValues>): readonly string[] {
  const given = values.CHATBOT_BACKEND_BASE_URLS ?? [];
  const urls = given.length > 0 ? given : splitList(values.CHATBOT_BACKEND_BASE_URL ?? '');
  return [...new Set(urls.map((entry) => new URL(entry).origin))];
}

/** Variables that are documented and asked for together. */
export interface VariableGroup {
  readonly title: string;
  readonly variables: readonly Variable[];
  /** A platform that an installation may leave out. */
  readonly isOptional: boolean;
}

/** Variables of all processes in the order of the documentation: for `.env.example`, the handbook's table and `memalerts setup`. */
export function allVariables(): readonly VariableGroup[] {
  return [
    { title: 'All processes', variables: Object.values(commonVariables), isOptional: false },
    { title: 'API', variables: Object.values(apiVariables), isOptional: false },
    ...registry.map((platform) => {
      const variables: readonly Variable[] = Object.values(platform.variables);
      // No process starts without some of Twitch's.
      const isOptional = variables.every(({ requiredBy }) => requiredBy.length === 0);
      return { title: platform.title, variables, isOptional };
    }),
  ];
}

function concerns(reader: ProcessName, process: ProcessName): boolean {
  if (reader === process || reader === 'all') return true;
  return reader === 'workers' && process !== 'api' && process !== 'cli';
}
