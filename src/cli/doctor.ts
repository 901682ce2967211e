/** `memalerts doctor`: everything that keeps a bot silent, and what only this machine sees (docs/diagnosis.md#the-doctor). */
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs, parseEnv } from 'node:util';
import { loadConfig } from '../config.ts';
import { diagnose } from '../engine/diagnosis/diagnose.ts';
import { present } from '../engine/diagnosis/present.ts';
import type { ProviderId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import { BadInput } from '../lib/errors.ts';
import type { HttpClient } from '../lib/http.ts';
import type { Language } from '../platforms/causes/cause.ts';
import { registry } from '../platforms/registry.ts';
import { look } from './doctor/look.ts';
import { exitCodeOf, reportOf, verdictOfAll } from './doctor/report.ts';
import type { Environment } from './doctor/variables.ts';

export interface DoctorDeps {
  /** Variables of the process. */
  readonly env: Environment;
  readonly clock: Clock;
  readonly http: HttpClient;
}

const USAGE = `pnpm memalerts doctor

  --channel SLUG     only this channel and what all channels need; also with every bot switched off
  --provider P       only this platform and what all platforms need
  --lang ru|en       language of the sentences; else LC_ALL, LC_MESSAGES and LANG decide
  --json             { verdict, findings } for programs (docs/diagnosis.md)
  --live             ask each platform that is used one harmless thing with the stored token; costs one YouTube unit
  --env FILE         variables of this file go before those of the process; .env is not read

It changes nothing; --live renews a token that ran out, as a worker would. It ends with 0 when nothing is broken, with 1
when something is, and with 2 when it could not look or did not understand the options.`;

interface Question {
  readonly channel: string | null;
  readonly provider: ProviderId | null;
  readonly language: Language | null;
  readonly isJson: boolean;
  readonly isLive: boolean;
  readonly envFile: string | null;
}

/**
 * Changes nothing, and asks no platform for anything unless `--live` is given.
 *
 * @throws BadInput for options that cannot be understood, with what is known
 */
export async function runDoctor(
  argv: readonly string[],
  { env, clock, http }: DoctorDeps,
): Promise<{ readonly output: string; readonly exitCode: number }> {
  if (argv.includes('--help') || argv.includes('-h')) return { output: USAGE, exitCode: 0 };
  const question = questionOf(argv);
  const { channel, provider, isJson, isLive } = question;
  const environment = environmentOf(question.envFile, env);
  const language = question.language ?? languageOf(env);
  const snapshot = await look({ env: environment, channel, provider, isLive, clock, http });
  const findings = diagnose(snapshot)
    .filter(({ scope }) => provider === null || scope.provider === null || scope.provider === provider)
    .map((fact) => present(snapshot, fact, language));
  const verdict = verdictOfAll(snapshot, findings);
  const output = isJson
    ? JSON.stringify({ verdict, findings }, null, 2)
    : reportOf({ verdict, findings, platforms: snapshot.platforms, apiUrl: apiUrlOf(environment) }, language);
  return { output, exitCode: exitCodeOf(verdict) };
}

function questionOf(argv: readonly string[]): Question {
  const { values } = parse(argv);
  const provider = (values.provider?.trim().toLowerCase() ?? null) as ProviderId | null;
  if (provider !== null && registry.every(({ id }) => id !== provider)) {
    const known = registry.map(({ id }) => id).join(', ');
    throw new BadInput('BAD_REQUEST', `--provider must be one of ${known}, not ${values.provider}`);
  }
  const { lang } = values;
  if (lang !== undefined && lang !== 'ru' && lang !== 'en') {
    throw new BadInput('BAD_REQUEST', `--lang must be ru or en, not ${lang}`);
  }
  return {
    channel: values.channel?.trim() ?? null,
    provider,
    language: lang ?? null,
    isJson: values.json,
    isLive: values.live,
    envFile: values.env ?? null,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        channel: { type: 'string' },
        provider: { type: 'string' },
        lang: { type: 'string' },
        json: { type: 'boolean', default: false },
        live: { type: 'boolean', default: false },
        env: { type: 'string' },
      },
    });
  } catch (error) {
    const known = '--channel SLUG, --provider P, --lang ru|en, --json, --live and --env FILE';
    const problem = error instanceof Error ? error.message.replace(/\.? To specify .*$/s, '') : String(error);
    throw new BadInput('BAD_REQUEST', `${problem}. The doctor knows ${known}.`);
  }
}

/** As a start finds it: what the process has goes before `.env`. A file that was named goes before both. */
function environmentOf(envFile: string | null, env: Environment): Environment {
  if (envFile === null) return existsSync('.env') ? { ...parseEnv(readFileSync('.env', 'utf8')), ...env } : env;
  try {
    return { ...env, ...parseEnv(readFileSync(envFile, 'utf8')) };
  } catch {
    throw new BadInput('BAD_REQUEST', `--env names ${envFile}, which cannot be read`);
  }
}

/** Where a browser finds what a finding names by its path. */
function apiUrlOf(env: Environment): string {
  const { DOMAIN = null, PORT } = loadConfig('cli', env).readable;
  return DOMAIN === null ? `http://localhost:${PORT}` : `https://${DOMAIN}`;
}

/** In the order in which every program of the system reads them. */
function languageOf({ LC_ALL, LC_MESSAGES, LANG }: Environment): Language {
  return (LC_ALL || LC_MESSAGES || LANG || '').toLowerCase().startsWith('ru') ? 'ru' : 'en';
}
