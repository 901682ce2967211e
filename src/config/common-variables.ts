/** Variables that the API and every worker, or every worker, read. */
import { custom, integer, isUrl, leadingInteger, splitList, text, url, variables } from '../lib/settings.ts';
import { parseSealKeys } from '../lib/token-seal.ts';

const all = ['all'];
const workers = ['workers'];

const FOR_POOLER =
  'DATABASE_URL has pgbouncer=true, which changes nothing here: a pooler has to be in session mode, because notifications and locks are lost in transaction mode';

export const commonVariables = variables({
  DATABASE_URL: custom(
    {
      help: 'PostgreSQL shared by API and workers; pool size through its connection_limit and pool_timeout parameters',
      readBy: all,
      requiredBy: ['api', 'workers', 'cli'],
      isSecret: true,
      default: null as string | null,
      rangeText: 'text',
    },
    (raw) => {
      const isForPooler = URL.canParse(raw) && new URL(raw).searchParams.get('pgbouncer') === 'true';
      return isForPooler ? { value: raw, warning: FOR_POOLER } : { value: raw };
    },
  ),
  NODE_ENV: text({
    help: '`production` makes cookies secure, origins strict and encryption mandatory; anything else is for this machine alone',
    readBy: all,
    defaultText: '`production` for what `pnpm build` made, else `development`',
  }),
  LOG_LEVEL: custom(
    {
      help: 'least severe log line that is written',
      readBy: all,
      default: null as LogLevel | null,
      defaultText: '`info` in production, else `debug`',
      rangeText: '`debug info warn error`',
    },
    (raw) => {
      const level = (['debug', 'info', 'warn', 'error'] as const).find((known) => known === raw.toLowerCase());
      const warning = `LOG_LEVEL=${raw} is not one of debug, info, warn, error: the default is used`;
      return level === undefined ? { value: null, warning } : { value: level };
    },
  ),
  DB_SLOW_MS: custom(
    {
      help: 'statements slower than this are logged as db.slow_query',
      readBy: all,
      default: null as number | null,
      defaultText: '200 in production, else 100',
      rangeText: '> 0',
    },
    (raw) => {
      const parsed = leadingInteger(raw);
      return parsed === null
        ? { problem: 'DB_SLOW_MS has to be a number, e.g. 200' }
        : { value: parsed > 0 ? parsed : null };
    },
  ),
  CREDENTIALS_ENCRYPTION_KEY: custom(
    {
      help: 'encrypts OAuth tokens at rest, mandatory in production: `openssl rand -base64 32` makes one; several for rotation, the first encrypts',
      readBy: all,
      isUsuallySet: true,
      isSecret: true,
      default: [] as readonly Buffer[],
      rangeText: '32 bytes in base64, comma list',
    },
    (raw) => {
      try {
        return { value: parseSealKeys(raw) };
      } catch {
        return { problem: 'CREDENTIALS_ENCRYPTION_KEY has to be 32 bytes in base64, or several, comma-separated' };
      }
    },
  ),
  OUTBOX_TTL_MINUTES: integer({
    help: 'life of an undelivered message',
    readBy: all,
    default: 10,
    min: 1,
    max: 1440,
  }),
  INTERNAL_RELAY_SECRET: custom(
    {
      help: 'when set, every relay call is signed with it and may come from another host',
      readBy: all,
      isSecret: true,
      default: null as string | null,
      rangeText: '≥ 32 characters',
    },
    (raw) =>
      raw.length >= 32 ? { value: raw } : { problem: 'INTERNAL_RELAY_SECRET has to have 32 characters or more' },
  ),
  CHATBOT_BACKEND_BASE_URLS: custom(
    {
      help: 'API instances that receive credits events, e.g. http://127.0.0.1:3001,http://127.0.0.1:3002',
      readBy: workers,
      isUsuallySet: true,
      default: [] as readonly string[],
      rangeText: 'comma list of http/https URLs; the path is ignored',
    },
    (raw) => relayList('CHATBOT_BACKEND_BASE_URLS', raw),
  ),
  CHATBOT_BACKEND_BASE_URL: url({ help: 'older single form, used only when the list is empty', readBy: workers }),
  COMMAND_MAX_AGE_SECONDS: integer({
    help: 'older chat lines are credited, not answered; an answer that waits longer is not sent',
    readBy: workers,
    default: 60,
    min: 1,
    unitMs: 1000,
  }),
  CHATBOT_HTTP_TIMEOUT_MS: integer({
    help: 'deadline of calls to a platform (the relay keeps 2000)',
    readBy: all,
    default: 10_000,
    min: 1000,
    max: 60_000,
  }),
  CHATBOT_SHUTDOWN_GRACE_MS: integer({
    help: 'how long SIGTERM waits for running sends',
    readBy: workers,
    default: 10_000,
    min: 0,
    max: 60_000,
  }),
  CHATBOT_HEALTH_PORT: integer({
    help: 'loopback port of /healthz, /readyz and /metrics of a worker; 0 is off',
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
    : { problem: `${name} has an entry that is no http(s) URL: ${broken}` };
}
