/** What the errors of PostgreSQL, of its connection and of a pooler before it mean to us. */
import pg from 'pg';

/** Errors of a connection itself: nothing but their origin tells them from those of any other socket. */
const connectionErrors = new WeakSet<Error>();

/** Called by every connection of ours, for what breaks it or keeps it from being made: sockets, names, TLS, passwords. */
export function noteConnectionError(error: Error): void {
  connectionErrors.add(error);
}

/** A table or column that the migrations would create is not there. */
export function isMissingSchema(error: unknown): boolean {
  return ['42P01', '42703'].includes(stateOf(error));
}

/** A row with that key exists. */
export function isUniqueViolation(error: unknown): boolean {
  return stateOf(error) === '23505';
}

/** Somebody held what the statement needed for longer than `lock_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return stateOf(error) === LOCK_NOT_AVAILABLE;
}

/** Two transactions waited for each other, and this one was chosen to give way: nothing of it happened. */
export function isDeadlock(error: unknown): boolean {
  return stateOf(error) === DEADLOCK;
}

/** What the row that was to be written belongs to is gone, such as a channel that was deleted a moment ago. */
export function goneParent(error: unknown): 'channel' | 'user' | null {
  if (!(error instanceof pg.DatabaseError) || error.code !== '23503') return null;
  // People and donors of the credits belong to a roll; its key has the name of the channel's.
  if (error.constraint === undefined || /^Credits(Chatter|Donor)_/.test(error.constraint)) return null;
  if (error.constraint.endsWith('_channelId_fkey')) return 'channel';
  return /_(userId|actorId)_fkey$/.test(error.constraint) ? 'user' : null;
}

/** Text with a character no column takes, such as NUL. */
export function isUnstorableText(error: unknown): boolean {
  return ['22021', '22P05'].includes(stateOf(error));
}

/** The server takes no writes: a standby, a former primary, or a server that was made read-only. */
export function isReadOnly(error: unknown): boolean {
  return stateOf(error) === READ_ONLY;
}

const READ_ONLY = '25006';
const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK = '40P01';
const UNAVAILABLE_STATES = new Set([
  READ_ONLY,
  LOCK_NOT_AVAILABLE,
  // The transaction was ended for idling or for taking too long, or lost against another one: it may be tried again.
  '25P03',
  '25P04',
  '40001',
  DEADLOCK,
  // The database itself is not there: it was dropped, or is being restored.
  '3D000',
  // A prepared statement is not where we left it, or is there already: a pooler gave us another session.
  '26000',
  '42P05',
]);
/** Connection, authorization, resources, intervention of an operator, errors of the system. */
const UNAVAILABLE_CLASSES = new Set(['08', '28', '53', '57', '58']);
/** An error that ends the connection is about the connection. A server may say these words in its own language. */
const ENDS_CONNECTION = new Set(['FATAL', 'PANIC']);
/** What the driver says without a code. */
const UNAVAILABLE_TEXT =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed)/;

/**
 * The database cannot do what it was asked now, and nothing is wrong with the statement: the same statement may succeed
 * later. It is gone, refuses us, takes no writes, is out of a resource, or somebody holds what the statement needs.
 */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) {
    const state = stateOf(error);
    return (
      UNAVAILABLE_STATES.has(state) ||
      UNAVAILABLE_CLASSES.has(state.slice(0, 2)) ||
      ENDS_CONNECTION.has(error.severity ?? '')
    );
  }
  return error instanceof Error && (connectionErrors.has(error) || UNAVAILABLE_TEXT.test(error.message));
}

/** @returns what is wrong with the database, for an operator; null when `isUnavailable` says that nothing is */
export function explainUnavailable(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (!isUnavailable(error)) return explainUnavailable(error.cause);
  const [, sentence] = CAUSES.find(([pattern]) => pattern.test(stateOf(error))) ?? [];
  if (sentence !== undefined) return `${sentence} Its message: ${error.message}`;
  const detail = detailOf(error);
  return `The database of DATABASE_URL cannot be reached${detail === '' ? '.' : `: ${detail}`}`;
}

/** What keeps a database from being asked, as a code of docs/diagnosis.md. */
export type DatabaseTrouble =
  | 'schema_missing'
  | 'database_password_refused'
  | 'database_tls_failed'
  | 'database_unavailable';

/** @param error of a statement, or of the connection that it needed */
export function databaseTroubleOf(error: unknown): DatabaseTrouble {
  if (isMissingSchema(error)) return 'schema_missing';
  if (isAboutEncryption(error)) return 'database_tls_failed';
  return stateOf(error).startsWith('28') ? 'database_password_refused' : 'database_unavailable';
}

/** Of a server that demands or refuses encryption, and of certificates: Node says these in codes of several families. */
const ENCRYPTION_CODE =
  /^(ERR_(TLS|SSL|OSSL)_|EPROTO$|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH)/;
const ENCRYPTION_TEXT = /does not support SSL|no encryption$|SSL off$/;

function isAboutEncryption(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const isCode = 'code' in error && typeof error.code === 'string' && ENCRYPTION_CODE.test(error.code);
  return isCode || ENCRYPTION_TEXT.test(error.message);
}

const CAUSES: readonly (readonly [RegExp, string])[] = [
  [/^25006$/, 'The database takes no writes, because it is a standby or was made read-only.'],
  [/^28/, 'The database refuses the user or the password of DATABASE_URL.'],
  [/^3D000$/, 'The database that DATABASE_URL names does not exist.'],
  [/^53100$/, 'The disk of the database is full.'],
  [/^53300$/, 'The database has no free connection.'],
  [/^53/, 'The database has run out of a resource.'],
  [/^55P03$/, 'Another session holds a lock in the database for too long.'],
  [/^57014$/, 'The database cancelled a statement because it took too long.'],
  [/^57P03$/, 'The database is starting or stopping.'],
  [/^08P01$/, 'The server of DATABASE_URL, or a pooler in front of it, refuses the connection.'],
];

/** A connection that was tried at several addresses has one error for each. */
function detailOf(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((one: Error) => one.message).join('; ');
  return error.message;
}

/** The SQLSTATE; empty for what is no answer of a server. */
function stateOf(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : '';
}
