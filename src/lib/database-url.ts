/** `DATABASE_URL`: what is wrong with one, in a sentence of its own, and what the driver is to be given of one. */

export interface ParsedDatabaseUrl {
  readonly connectionString: string;
  /** Null where the URL does not say. */
  readonly connectionLimit: number | null;
  readonly poolTimeoutMs: number | null;
}

const EXAMPLE = 'postgres://USER:PASSWORD@HOST:5432/NAME';
const SCHEME = /^postgres(ql)?:\/\//i;
/** What others write for the driver; it would be sent to the server as a setting that does not exist. */
const FOREIGN = ['pgbouncer', 'connect_timeout', 'socket_timeout', 'statement_cache_size'];
/** The driver takes them for verify-full, and says so in nine lines. */
const VERIFIED = ['prefer', 'require', 'verify-ca'];

/** @returns a sentence for the operator, which repeats nothing of the URL; null when it can be used */
export function databaseUrlProblem(raw: string): string | null {
  if (!SCHEME.test(raw)) {
    return /^\s*\w+\s*=/.test(raw)
      ? `DATABASE_URL is a key=value string. Write it as a URL: ${EXAMPLE}`
      : `DATABASE_URL must be a postgres:// URL, such as ${EXAMPLE}`;
  }
  if (raw.includes('#')) return 'DATABASE_URL contains an unescaped #, which ends a URL. Write %23 instead.';
  const rest = raw.replace(SCHEME, '');
  const authority = rest.split(/[/?]/, 1)[0] ?? '';
  if (authority.slice(authority.lastIndexOf('@') + 1).includes(',') || hostParameter(rest).includes(',')) {
    return 'DATABASE_URL names several hosts. Name one: the primary, or an address that always leads to it.';
  }
  // Beyond the host an @ belongs to a user or a password that was cut off by what came before it.
  if (rest.slice(authority.length).split('?', 1)[0]?.includes('@') || (authority === '' && rest.includes('@'))) {
    return 'The user or the password in DATABASE_URL contains an unescaped character. Write %2F for /, %3F for ?, %23 for # and %40 for @.';
  }
  if (URL.canParse(raw)) return schemaProblem(new URL(raw));
  if (unescapedAt(authority)) return UNESCAPED_AT;
  return `DATABASE_URL cannot be read as a URL. It looks like ${EXAMPLE}, with special characters of the password escaped, such as %40 for @.`;
}

/** @returns what works although it may not be what was meant */
export function databaseUrlWarnings(raw: string): readonly string[] {
  if (!URL.canParse(raw)) return [];
  const { searchParams } = new URL(raw);
  const authority = raw.replace(SCHEME, '').split(/[/?]/, 1)[0] ?? '';
  const mode = verifiedMode(searchParams);
  return [
    ...(searchParams.get('pgbouncer') === 'true' ? [FOR_POOLER] : []),
    ...(unescapedAt(authority) ? [UNESCAPED_AT] : []),
    ...(mode === null ? [] : [`sslmode=${mode} ${VERIFIES}`]),
  ];
}

const FOR_POOLER =
  'pgbouncer=true in DATABASE_URL is ignored. A pooler must run in session mode, because transaction mode loses notifications and locks.';
const UNESCAPED_AT =
  'The user or the password in DATABASE_URL contains an unescaped @. Write %40 instead: other programs take what follows for the host.';
const VERIFIES =
  'in DATABASE_URL is taken for sslmode=verify-full, so the certificate of the server is checked. Write verify-full, or no-verify to accept any certificate.';

/** A host may be named beside the authority, as for sockets. */
function hostParameter(rest: string): string {
  return new URLSearchParams(rest.split('?')[1] ?? '').get('host') ?? '';
}

function unescapedAt(authority: string): boolean {
  return authority.indexOf('@') !== authority.lastIndexOf('@');
}

function verifiedMode(parameters: URLSearchParams): string | null {
  const mode = parameters.get('sslmode');
  const isLeftToLibrary = parameters.get('uselibpqcompat') === 'true';
  return mode !== null && VERIFIED.includes(mode) && !isLeftToLibrary ? mode : null;
}

function schemaProblem({ searchParams }: URL): string | null {
  const schema = searchParams.get('schema');
  if (schema === null || schema === 'public') return null;
  return `The parameter schema of DATABASE_URL must be public, not ${schema}`;
}

/**
 * Understands Prisma's `connection_limit`, `pool_timeout` and `schema` parameters.
 *
 * @throws Error with a sentence for the operator when the URL cannot be used
 */
export function parseDatabaseUrl(databaseUrl: string): ParsedDatabaseUrl {
  const problem = databaseUrlProblem(databaseUrl);
  if (problem !== null) throw new Error(problem);
  const url = new URL(databaseUrl);
  const take = (name: string) => {
    const value = url.searchParams.get(name);
    url.searchParams.delete(name);
    return value;
  };
  const limit = Number.parseInt(take('connection_limit') ?? '', 10);
  const timeoutSeconds = Number.parseInt(take('pool_timeout') ?? '', 10);
  for (const name of ['schema', ...FOREIGN]) take(name);
  if (verifiedMode(url.searchParams) !== null) url.searchParams.set('sslmode', 'verify-full');
  return {
    connectionString: url.href,
    connectionLimit: limit > 0 ? limit : null,
    poolTimeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 : null,
  };
}
