/** What the operator's command can do, apart from the process around it: the demo sets itself up with the same code. */
import { parseArgs } from 'node:util';
import { loadConfig } from '../config.ts';
import { migrate } from '../db/migrate.ts';
import { createPool, type Db, isMissingSchema, isUnavailable, parseDatabaseUrl } from '../db/pool.ts';
import { systemClock } from '../lib/clock.ts';
import { BadInput } from '../lib/errors.ts';
import { createLogger } from '../lib/logger.ts';
import { platforms } from '../platforms/registry.ts';
import { createChannel, grantAdmin } from './people.ts';

const USAGE = `pnpm memalerts <command>

  migrate                                     bring the database's schema up to date
  grant-admin    --login NAME [--provider P]  make a signed-in user an owner
  create-channel --login NAME [--provider P] [--slug SLUG] [--name TITLE]
                                              give a signed-in user a channel and make them a streamer`;

interface Arguments {
  readonly provider: string;
  readonly login: string | undefined;
  readonly slug: string | undefined;
  readonly name: string | undefined;
}

type Command = (databaseUrl: string, given: Arguments) => Promise<string>;

const commands: Readonly<Record<string, Command>> = {
  async migrate(databaseUrl) {
    const applied = await migrate(parseDatabaseUrl(databaseUrl).connectionString);
    return applied.length === 0 ? 'The schema is up to date.' : `Applied ${applied.join(', ')}.`;
  },
  'grant-admin': (databaseUrl, given) => withDatabase(databaseUrl, (db) => grantAdmin(db, personOf(given))),
  'create-channel': (databaseUrl, given) =>
    withDatabase(databaseUrl, (db) =>
      createChannel(db, { ...personOf(given), slug: given.slug ?? null, name: given.name ?? null }),
    ),
};

/**
 * @returns a sentence for the operator
 * @throws whatever kept it from being done; `explain` says it in words
 */
export async function runCommand(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const { name, given, wantsHelp } = parse(argv);
  if (wantsHelp) return USAGE;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new BadInput('BAD_REQUEST', USAGE);
  return command(databaseUrlOf(env), given);
}

/** One line for the operator; only an error nobody foresaw comes with its origin. */
export function explain(error: unknown): string {
  if (isMissingSchema(error)) return 'The database has no tables yet: run `pnpm memalerts migrate` first.';
  if (isUnavailable(error)) return 'The database of DATABASE_URL cannot be reached.';
  return error instanceof Error ? error.message || String(error.stack) : String(error);
}

function parse(argv: readonly string[]) {
  const { positionals, values } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      provider: { type: 'string', default: 'twitch' },
      login: { type: 'string' },
      slug: { type: 'string' },
      name: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [name = '', extra] = positionals;
  if (extra !== undefined) {
    throw new BadInput('BAD_REQUEST', `${extra} is one word too many: options are written as --login NAME`);
  }
  const { help: wantsHelp, provider, login, slug, name: title } = values;
  return { name, given: { provider, login, slug, name: title }, wantsHelp };
}

function databaseUrlOf(env: Readonly<Record<string, string | undefined>>): string {
  const loaded = loadConfig('cli', env);
  if ('problems' in loaded) throw new BadInput('BAD_REQUEST', loaded.problems.map(({ problem }) => problem).join('\n'));
  return loaded.config.values.DATABASE_URL ?? '';
}

function personOf({ provider, login }: Arguments): { provider: string; login: string } {
  const wanted = login?.trim().toLowerCase().replace(/^@/, '');
  if (!wanted) throw new BadInput('BAD_REQUEST', '--login is missing: whose is it?');
  const platform = platforms.find(({ id }) => id === provider.trim().toLowerCase());
  if (platform === undefined) {
    const allowed = platforms.map(({ id }) => id).join(', ');
    throw new BadInput('BAD_REQUEST', `--provider ${provider} is unknown, it has to be one of ${allowed}`);
  }
  return { provider: platform.id, login: wanted };
}

async function withDatabase(databaseUrl: string, work: (db: Db) => Promise<string>): Promise<string> {
  const log = createLogger({ level: 'warn', clock: systemClock });
  const pool = createPool(databaseUrl, { applicationName: 'memalerts-cli', slowMs: 10_000, log });
  try {
    return await work(pool.db);
  } finally {
    await pool.end();
  }
}
