/** The operator's command: `pnpm memalerts <command>`. */
import { parseArgs } from 'node:util';
import { loadConfig, readDotEnv } from '../config.ts';
import { migrate } from '../db/migrate.ts';
import { createPool, type Db } from '../db/pool.ts';
import { systemClock } from '../lib/clock.ts';
import { BadInput } from '../lib/errors.ts';
import { createLogger } from '../lib/logger.ts';
import { createChannel, grantAdmin } from './people.ts';

const USAGE = `pnpm memalerts <command>

  migrate                                     bring the database's schema up to date
  grant-admin    --provider P --login NAME    make a signed-in user an owner
  create-channel --provider P --login NAME [--slug SLUG] [--name TITLE]
                                              give a signed-in user a channel and make them a streamer
`;

interface Arguments {
  readonly provider: string;
  readonly login: string | undefined;
  readonly slug: string | undefined;
  readonly name: string | undefined;
}

type Command = (databaseUrl: string, given: Arguments) => Promise<string>;

const commands: Readonly<Record<string, Command>> = {
  async migrate(databaseUrl) {
    const applied = await migrate(databaseUrl);
    return applied.length === 0 ? 'The schema is up to date.' : `Applied ${applied.join(', ')}.`;
  },
  'grant-admin': (databaseUrl, given) => withDatabase(databaseUrl, (db) => grantAdmin(db, personOf(given))),
  'create-channel': (databaseUrl, given) =>
    withDatabase(databaseUrl, (db) =>
      createChannel(db, { ...personOf(given), slug: given.slug ?? null, name: given.name ?? null }),
    ),
};

process.exitCode = await main(process.argv.slice(2));

async function main(argv: string[]): Promise<number> {
  try {
    const { positionals, values } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        provider: { type: 'string', default: 'twitch' },
        login: { type: 'string' },
        slug: { type: 'string' },
        name: { type: 'string' },
      },
    });
    const command = commands[positionals[0] ?? ''];
    if (command === undefined) throw new BadInput('BAD_REQUEST', USAGE);
    const { provider, login, slug, name } = values;
    console.log(await command(databaseUrlFromEnvironment(), { provider, login, slug, name }));
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

function databaseUrlFromEnvironment(): string {
  readDotEnv();
  const loaded = loadConfig('cli', process.env);
  if ('problems' in loaded) throw new BadInput('BAD_REQUEST', loaded.problems.map(({ problem }) => problem).join('\n'));
  const url = loaded.config.values.DATABASE_URL;
  if (url === null) throw new BadInput('BAD_REQUEST', 'DATABASE_URL is not set');
  return url;
}

function personOf({ provider, login }: Arguments): { provider: string; login: string } {
  if (login === undefined) throw new BadInput('BAD_REQUEST', `--login is missing\n\n${USAGE}`);
  return { provider, login: login.trim().toLowerCase().replace(/^@/, '') };
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
