/** What the operator's command can do, apart from the process around it: the demo sets itself up with the same code. */
import { parseArgs } from 'node:util';
import { type CoreValues, loadConfig } from '../config.ts';
import { explainUnavailable, isMissingSchema } from '../db/failures.ts';
import { migrate } from '../db/migrate.ts';
import type { Report } from '../db/migrate-waits.ts';
import { createPool, type Db } from '../db/pool.ts';
import { systemClock } from '../lib/clock.ts';
import { BadInput } from '../lib/errors.ts';
import { createLogger } from '../lib/logger.ts';
import { platforms } from '../platforms/all.ts';
import { createChannel, grantAdmin, type Person, takeAdmin } from './people.ts';
import { rotateKeys, sealTokens } from './stored-tokens.ts';

const USAGE = `pnpm memalerts <command>

  setup          [--yes] [--overwrite]        write .env: make the secrets, ask for the rest, keep what is set
                                              (--yes asks nothing; --overwrite prefers the environment's values)
  doctor         [--channel SLUG] [--provider P] [--lang ru|en] [--json] [--live] [--env FILE]
                                              say why a bot is silent and what to do (doctor --help tells more)
  migrate                                     update the database schema
  grant-admin    --login NAME [--provider P] [--id ID]
                                              make a user an owner
  revoke-admin   --login NAME [--provider P] [--id ID]
                                              remove a user from the owners and end all logins of the user
  create-channel --login NAME [--provider P] [--id ID] [--slug SLUG] [--name TITLE]
                                              give a user a channel and make the user a streamer
  rotate-keys                                 encrypt every stored token with the first key of CREDENTIALS_ENCRYPTION_KEY
                                              (first restart every process with this key in the first place)
  seal-tokens                                 encrypt the tokens that are stored unencrypted

Users must have signed in once. The default provider is twitch. --id is the id of the account on the platform: add it
if several accounts last signed in with one login.`;

interface Arguments {
  readonly provider: string;
  readonly login: string | undefined;
  /** The platform's own id of the account; tells two apart that had one login. */
  readonly id: string | undefined;
  readonly slug: string | undefined;
  readonly name: string | undefined;
}

type Command = (settings: CoreValues, given: Arguments, report: Report) => Promise<string>;

const commands: Readonly<Record<string, Command>> = {
  async migrate({ DATABASE_URL }, _given, report) {
    const applied = await migrate(DATABASE_URL ?? '', { report });
    return applied.length === 0 ? 'The database schema is up to date.' : `Applied ${applied.join(', ')}.`;
  },
  'grant-admin': (settings, given) => withDatabase(settings, (db) => grantAdmin(db, personOf(given))),
  'revoke-admin': (settings, given) => withDatabase(settings, (db) => takeAdmin(db, personOf(given))),
  'create-channel': (settings, given) =>
    withDatabase(settings, (db) =>
      createChannel(db, { ...personOf(given), slug: given.slug ?? null, name: given.name ?? null }),
    ),
  'rotate-keys': (settings) => withDatabase(settings, (db) => rotateKeys(db, settings.CREDENTIALS_ENCRYPTION_KEY)),
  'seal-tokens': (settings) => withDatabase(settings, (db) => sealTokens(db, settings.CREDENTIALS_ENCRYPTION_KEY)),
};

/**
 * @param report what an operator should know meanwhile
 * @returns a sentence for the operator
 * @throws whatever kept it from being done; `explain` says it in words
 */
export async function runCommand(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  report: Report = () => {},
): Promise<string> {
  const { name, given, wantsHelp } = parse(argv);
  if (wantsHelp) return USAGE;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new BadInput('BAD_REQUEST', USAGE);
  return command(settingsOf(env, report), given, report);
}

/** One line for the operator; only an error nobody foresaw comes with its origin. */
export function explain(error: unknown): string {
  if (isMissingSchema(error)) return 'The database has no tables yet. Run `pnpm memalerts migrate` first.';
  const unavailable = explainUnavailable(error);
  if (unavailable !== null) return unavailable;
  return error instanceof Error ? error.message || String(error.stack) : String(error);
}

function parse(argv: readonly string[]) {
  const { positionals, values } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      provider: { type: 'string', default: 'twitch' },
      login: { type: 'string' },
      id: { type: 'string' },
      slug: { type: 'string' },
      name: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [name = '', extra] = positionals;
  if (extra !== undefined) {
    throw new BadInput('BAD_REQUEST', `Unexpected argument ${extra}. Write options as --login NAME.`);
  }
  const { help: wantsHelp, provider, login, id, slug, name: title } = values;
  return { name, given: { provider, login, id, slug, name: title }, wantsHelp };
}

function settingsOf(env: Readonly<Record<string, string | undefined>>, report: Report): CoreValues {
  const loaded = loadConfig('cli', env);
  if ('problems' in loaded) throw new BadInput('BAD_REQUEST', loaded.problems.map(({ problem }) => problem).join('\n'));
  const { values, warnings } = loaded.config;
  for (const warning of warnings) report(warning);
  return values;
}

function personOf({ provider, login, id }: Arguments): Person {
  const wanted = login?.trim().toLowerCase().replace(/^@/, '');
  if (!wanted) throw new BadInput('BAD_REQUEST', 'The option --login NAME is missing');
  const platform = platforms.find(({ id }) => id === provider.trim().toLowerCase());
  if (platform === undefined) {
    const allowed = platforms.map(({ id }) => id).join(', ');
    throw new BadInput('BAD_REQUEST', `--provider must be one of ${allowed}, not ${provider}`);
  }
  return { provider: platform.id, login: wanted, platformUserId: id?.trim() || null };
}

async function withDatabase({ DATABASE_URL }: CoreValues, work: (db: Db) => Promise<string>): Promise<string> {
  const log = createLogger({ level: 'warn', clock: systemClock });
  const pool = createPool(DATABASE_URL ?? '', { applicationName: 'memalerts-cli', slowMs: 10_000, log });
  try {
    return await work(pool.db);
  } finally {
    await pool.end();
  }
}
