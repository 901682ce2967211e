/** The whole API under test: the very assembly of the process, on a real database and a real socket. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { issueSession, type UserRole } from '../../src/accounts/sessions.ts';
import { startApi } from '../../src/api/assemble.ts';
import { loadConfig } from '../../src/config.ts';
import type { StartCompanion } from '../../src/credits/companion.ts';
import { createPool } from '../../src/db/pool.ts';
import type { ChannelId, UserId } from '../../src/lib/brand.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { createLogger } from '../../src/lib/logger.ts';

export const JWT_SECRET = 'a test secret that nobody guesses';
export const EVENTSUB_SECRET = 'pinecone-secret-01';
/** Nothing listens there: a platform that cannot be reached. */
const NOWHERE = 'http://127.0.0.1:9';

export interface Person {
  readonly userId: UserId;
  readonly channelId: ChannelId | null;
  readonly slug: string;
  readonly token: string;
}

export interface StreamerPerson extends Person {
  readonly channelId: ChannelId;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

interface Request {
  readonly headers?: OutgoingHttpHeaders;
  /** Sent as it is; `body` is sent as JSON. */
  readonly raw?: string | Buffer;
  readonly body?: unknown;
}

interface WorldOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly companion?: StartCompanion;
  /** Who stops the API: the running test unless a file shares one (`afterAll`). */
  readonly onEnd?: (stop: () => Promise<void>) => void;
}

export type ApiWorld = Awaited<ReturnType<typeof startApiWorld>>;

let people = 0;

/** Limits are off and no platform can be reached, unless the environment says otherwise. */
export async function startApiWorld(databaseUrl: string, options: WorldOptions = {}) {
  const { clock = systemClock, onEnd = onTestFinished } = options;
  const lines: string[] = [];
  const output = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
  const log = createLogger({ level: 'debug', clock, output, errorOutput: output });
  const loaded = loadConfig('api', { ...DEFAULTS, DATABASE_URL: databaseUrl, ...options.env });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  const api = await startApi({
    config: loaded.config,
    clock,
    log,
    random: () => 0.5,
    ...(options.companion === undefined ? {} : { companion: options.companion }),
  });
  const pool = createPool(databaseUrl, { applicationName: 'api-test', slowMs: 10_000, log });
  let isClosed = false;
  const close = async () => {
    if (!isClosed) await api.close();
    isClosed = true;
  };
  onEnd(async () => {
    await close();
    await pool.end();
  });

  const ask = (person: Pick<Person, 'token'> | null, method: string, path: string, request: Request = {}) =>
    send(api.port, method, path, {
      ...request,
      headers: { ...(person === null ? {} : { cookie: `token=${person.token}` }), ...request.headers },
    });

  return {
    port: api.port,
    url: `http://127.0.0.1:${api.port}`,
    db: pool.db,
    pg: pool.pg,
    clock,
    lines,
    ask,
    close,
    /** Status and code of an answer, and nothing else of it. */
    async codeOf(...given: Parameters<typeof ask>): Promise<[number, string | undefined]> {
      const { status, json } = await ask(...given);
      return [status, json?.errorCode];
    },
    /** A signed-in person with a channel of their own. */
    streamer: async (given: { role?: UserRole; twitchId?: string | null } = {}): Promise<StreamerPerson> => {
      const number = ++people;
      const slug = `Slug${number}`;
      const { rows } = await pool.pg.query<{ id: ChannelId }>(
        `insert into "Channel" (slug, name, "twitchChannelId") values ($1, $1, $2) returning id`,
        [slug, given.twitchId === undefined ? `tw${number}` : given.twitchId],
      );
      const channelId = rows[0]?.id as ChannelId;
      return { ...(await createPerson(pool.pg, clock, given.role ?? 'streamer', channelId)), channelId, slug };
    },
    person: (role: UserRole) => createPerson(pool.pg, clock, role, null),
  };
}

const DEFAULTS = {
  HOST: '127.0.0.1',
  PORT: '0',
  JWT_SECRET,
  TWITCH_CLIENT_ID: 'cid',
  TWITCH_CLIENT_SECRET: 'shh',
  TWITCH_EVENTSUB_SECRET: EVENTSUB_SECRET,
  TWITCH_API_BASE_URL: `${NOWHERE}/helix`,
  TWITCH_AUTH_BASE_URL: `${NOWHERE}/oauth2`,
  API_USER_REQUESTS_PER_MIN: '0',
  API_ANON_REQUESTS_PER_15MIN: '0',
  SAY_PER_30S: '0',
};

async function createPerson(
  pg: { query(text: string, values: unknown[]): Promise<{ rows: { id: UserId }[] }> },
  clock: Clock,
  role: UserRole,
  channelId: ChannelId | null,
): Promise<Person> {
  const { rows } = await pg.query(
    'insert into "User" ("displayName", role, "channelId") values ($1, $2, $3) returning id',
    ['Somebody', role, channelId],
  );
  const userId = rows[0]?.id as UserId;
  const token = await issueSession({ userId, role, channelId }, JWT_SECRET, 3600, clock.now());
  return { userId, channelId, slug: '', token };
}

/** A bare request: every header and every byte is the test's own. */
export async function send(port: number, method: string, path: string, given: Request = {}): Promise<Answer> {
  const payload = given.raw ?? (given.body === undefined ? undefined : JSON.stringify(given.body));
  const request = httpRequest({
    port,
    host: '127.0.0.1',
    method,
    path,
    headers: {
      ...(payload === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
      ...given.headers,
    },
  });
  request.end(payload);
  const [response] = await once(request, 'response');
  const text = (await buffer(response)).toString('utf8');
  return { status: response.statusCode, headers: response.headers, text, json: parse(text) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
