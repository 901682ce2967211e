/** Variables that every worker reads. The API reads some of them too. */
import { databaseUrlProblem, databaseUrlWarnings } from '../lib/database-url.ts';
import { custom, integer, isUrl, leadingInteger, splitList, text, url, variables } from '../lib/settings.ts';
import { parseSealKeys } from '../lib/token-seal.ts';

const all = ['all'];
const workers = ['workers'];

export const commonVariables = variables({
  DATABASE_URL: custom(
    {
      source:
        'your PostgreSQL 15 or newer, e.g. postgres://memalerts:password@127.0.0.1:5432/memalerts; for a trial on this machine `pnpm database` serves one at postgres://memalerts@127.0.0.1:5433/postgres',
      help: 'PostgreSQL database that the API and the workers share. Its parameters connection_limit and pool_timeout configure the connection pool.',
      readBy: all,
      requiredBy: ['api', 'workers', 'cli'],
      isSecret: true,
      default: null as string | null,
      rangeText: 'text',
    },
    (raw) => {
      const problem = databaseUrlProblem(raw);
      if (problem !== null) return { problem };
      const warnings = databaseUrlWarnings(raw);
      return warnings.length === 0 ? { value: raw } : { value: raw, warning: warnings.join(' ') };
    },
  ),
  NODE_ENV: text({
    help: '`production` makes cookies secure, origin checks strict and token encryption mandatory. Any other value is only for a trial on this machine.',
    readBy: all,
    defaultText: '`production` for what `pnpm build` made, else `development`',
  }),
  LOG_LEVEL: custom(
    {
      help: 'Lowest level of the log lines that are written.',
      readBy: all,
      default: null as LogLevel | null,
      defaultText: '`info` in production, else `debug`',
      rangeText: '`debug`, `info`, `warn` or `error`',
    },
    (raw) => {
      const level = (['debug', 'info', 'warn', 'error'] as const).find((known) => known === raw.toLowerCase());
      const warning = `LOG_LEVEL=${raw} is ignored, because it is not one of debug, info, warn, error`;
      return level === undefined ? { value: null, warning } : { value: level };
    },
  ),
  DB_SLOW_MS: custom(
    {
      help: 'Milliseconds after which a database statement is logged as db.slow_query.',
      readBy: all,
      default: null as number | null,
      defaultText: '200 in production, else 100',
      rangeText: '> 0',
    },
    (raw) => {
      const parsed = leadingInteger(raw);
      return parsed === null
        ? { problem: 'DB_SLOW_MS must be a number, such as 200' }
        : { value: parsed > 0 ? parsed : null };
    },
  ),
  CREDENTIALS_ENCRYPTION_KEY: custom(
    {
      source: '`pnpm memalerts setup` makes one, or `openssl rand -base64 32`',
      fill: '{key}',
      help: 'Keys that encrypt OAuth tokens in the database. Mandatory in production. `openssl rand -base64 32` makes one. The first key encrypts; the others only decrypt and serve for rotation.',
      readBy: all,
      isSecret: true,
      default: [] as readonly Buffer[],
      rangeText: 'comma-separated list of 32 bytes in base64',
    },
    (raw) => {
      try {
        return { value: parseSealKeys(raw) };
      } catch {
        return {
          problem: 'CREDENTIALS_ENCRYPTION_KEY must be 32 bytes in base64, or a comma-separated list of such keys',
        };
      }
    },
  ),
  OUTBOX_TTL_MINUTES: integer({
    help: 'Minutes after which an undelivered message is given up.',
    readBy: all,
    default: 10,
    min: 1,
    max: 1440,
  }),
  INTERNAL_RELAY_SECRET: custom(
    {
      help: 'Secret that signs what the workers relay to the API. With it, workers may run on other hosts.',
      readBy: all,
      isSecret: true,
      default: null as string | null,
      rangeText: '≥ 32 characters',
    },
    (raw) => (raw.length >= 32 ? { value: raw } : { problem: 'INTERNAL_RELAY_SECRET must have 32 characters or more' }),
  ),
  CHATBOT_BACKEND_BASE_URLS: custom(
    {
      source: 'the address of the API as the workers reach it; with both on one machine http://127.0.0.1:<PORT>',
      fill: 'http://127.0.0.1:{port}',
      help: 'API instances to which the workers relay chatters for the credits. Example: http://127.0.0.1:3001,http://127.0.0.1:3002',
      readBy: workers,
      default: [] as readonly string[],
      rangeText: 'comma-separated list of http/https URLs whose path is ignored',
    },
    (raw) => relayList('CHATBOT_BACKEND_BASE_URLS', raw),
  ),
  CHATBOT_BACKEND_BASE_URL: url({
    help: 'Older variable for a single instance. Used only when CHATBOT_BACKEND_BASE_URLS is empty.',
    readBy: workers,
  }),
  COMMAND_MAX_AGE_SECONDS: integer({
    help: 'Age in seconds above which a chat line gets no answer. Its author still gets into the credits. An answer that waits longer is not sent.',
    readBy: workers,
    default: 60,
    min: 1,
    unitMs: 1000,
  }),
  CHATBOT_HTTP_TIMEOUT_MS: integer({
    help: 'Milliseconds after which a call to a platform is given up. Calls of the relay are given up after 2000.',
    readBy: all,
    default: 10_000,
    min: 1000,
    max: 60_000,
  }),
  CHATBOT_SHUTDOWN_GRACE_MS: integer({
    help: 'Milliseconds that a worker waits after SIGTERM for messages that are being sent.',
    readBy: workers,
    default: 10_000,
    min: 0,
    max: 60_000,
  }),
  CHATBOT_HEALTH_PORT: integer({
    help: 'Port on 127.0.0.1 at which a worker serves /healthz, /readyz and /metrics. 0 serves none.',
    readBy: workers,
    default: 0,
    min: 0,
    max: 65_535,
    defaultText: 'off',
  }),
});

type LogLevel = 'debug' | 'info' | 'warn' | 'error';

function relayList(name: string, raw: string): { value: readonly string[] } | { problem: string } {
  const entries = splitList(raw);
  const broken = entries.find((entry) => !isUrl(entry, ['http', 'https']));
  return broken === undefined
    ? { value: entries }
    : { problem: `${name} must list http or https URLs, and ${broken} is not one` };
}
