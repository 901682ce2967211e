/** Who is calling, and whether they may: login cookie or bearer token, role, channel, beta access (docs/contract/http-api.md#access-model). */
import cookie from '@fastify/cookie';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { rightsOf } from '../../accounts/session-ends.ts';
import { type ReadSession, readSession, type Session } from '../../accounts/sessions.ts';
import type { Db } from '../../db/pool.ts';
import type { ChannelId, UserId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import { BadInput } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import { isToolCall, refuseTools, toolCallers } from './tool-callers.ts';

/** A signed-in person with the rights they have now, which may be fewer than their token says. */
export interface Caller extends Session {
  readonly hasBetaAccess: boolean;
}

/** A caller that acts for a channel. */
export interface Streamer {
  readonly userId: UserId;
  readonly channelId: ChannelId;
  readonly isAdmin: boolean;
}

export interface CallerRules {
  readonly db: Db;
  readonly jwtSecret: string;
  readonly isBeta: boolean;
  /** Whether every refusal is logged. */
  readonly explains: boolean;
}

/** Names of login cookies, the beta's first. */
export const LOGIN_COOKIES = { beta: 'token_beta', regular: 'token' } as const;

/** Where no hint of the database arrives, an ended login, a revoked admin or a moved channel loses access within this time. */
const RIGHTS_CACHE_MS = 10_000;
/** What a signature says does not change: only its token's end has to be looked at again. */
const VERIFIED_MAX = 10_000;
const ENDED_MAX = 10_000;

export interface Callers {
  /** @throws BadInput `UNAUTHORIZED`, `SESSION_EXPIRED`, `BETA_ACCESS_REQUIRED`, `FORBIDDEN`, `MISSING_CHANNEL_ID` */
  streamer(request: FastifyRequest): Promise<Streamer>;
  /** Somebody who runs the installation. @throws BadInput `UNAUTHORIZED`, `SESSION_EXPIRED`, `BETA_ACCESS_REQUIRED`, `FORBIDDEN` */
  owner(request: FastifyRequest): Promise<Caller>;
  /**
   * Anybody who is signed in, whatever their role; sign-in and accounts are open to those the beta is not.
   * @throws BadInput `UNAUTHORIZED`, `SESSION_EXPIRED`
   */
  person(request: FastifyRequest): Promise<Caller>;
  /** The verified user of a request without any refusal: for limits. Asks no database about a login. */
  userIdOf(request: FastifyRequest): Promise<UserId | null>;
  /** Whether `userIdOf` has to ask the database: a tool's token that was not met before. */
  isUnknownTool(request: FastifyRequest): boolean;
  /**
   * Whether the database knows no such token of a tool. Asks it.
   * @throws what the database threw when it could not be asked
   */
  isWorthlessTool(request: FastifyRequest): Promise<boolean>;
  /**
   * For limits, on routes that ask nobody who is calling: looks the caller up once in 10 s, so that `userIdOf` stops
   * taking an ended login or a revoked token for its person. Refuses nobody.
   */
  learnStanding(request: FastifyRequest): Promise<void>;
  /** The login that `person` goes by, as its token tells it. @throws BadInput `UNAUTHORIZED`, `SESSION_EXPIRED` */
  login(request: FastifyRequest): Promise<ReadSession>;
  /** Every login that the request carries in whatever place: what a logout ends. */
  allLogins(request: FastifyRequest): Promise<readonly ReadSession[]>;
  /** What was known of a person's logins is asked again; null: of everybody's. */
  forget(userId: UserId | null): void;
}

export async function registerCallers(
  app: FastifyInstance,
  rules: CallerRules,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<Callers> {
  await app.register(cookie);
  // Zero is no time of day to the cache: it would keep what is stored then for ever.
  const perf = { now: () => clock.monotonicMs() + 1 };
  const standings = new LRUCache<string, Caller | 'ended'>({
    max: 50_000,
    ttl: RIGHTS_CACHE_MS,
    ttlResolution: 0,
    perf,
  });
  /** For limits: what has ended stays so, longer than it is remembered for refusals. */
  const ended = new LRUCache<string, true>({ max: ENDED_MAX });
  let changes = 0;
  const verified = new LRUCache<string, ReadSession>({ max: VERIFIED_MAX });
  const tools = toolCallers(rules.db, clock);

  const sessionOf = async (token: string): Promise<ReadSession> => {
    const known = verified.get(token);
    if (known !== undefined && known.expiresAt > clock.now()) return known;
    const session = await readSession(token, rules.jwtSecret, clock.now());
    verified.set(token, session);
    return session;
  };

  // Stored when read and at no other time: whoever calls all the time must not keep their old rights alive.
  const lookUp = async (session: ReadSession): Promise<Caller | 'ended'> => {
    const changesBefore = changes;
    const standing = await standingOf(rules.db, session);
    // What changed while it was read may not be in it.
    if (changes === changesBefore) standings.set(keyOf(session), standing);
    if (standing === 'ended') ended.set(keyOf(session), true);
    else ended.delete(keyOf(session));
    return standing;
  };

  /** @param suffices what is remembered refuses nobody: a person may have been given since what they lacked */
  const signedIn = async (request: FastifyRequest, suffices: (caller: Caller) => boolean): Promise<Caller> => {
    refuseTools(request);
    const session = await sessionOf(tokenOf(request, rules.isBeta));
    const known = standings.get(keyOf(session));
    const isEnough = known !== undefined && (known === 'ended' || suffices(known));
    const standing = isEnough ? known : await lookUp(session);
    if (standing === 'ended') throw new BadInput('SESSION_EXPIRED', 'This login was ended, sign in again');
    return standing;
  };

  const person = (request: FastifyRequest): Promise<Caller> => signedIn(request, () => true);

  const isAdmitted = (caller: Caller): boolean => !rules.isBeta || caller.hasBetaAccess;
  const isOwner = (caller: Caller): boolean => isAdmitted(caller) && caller.role === 'admin';
  const isStreamer = (caller: Caller): boolean =>
    isAdmitted(caller) && caller.role !== 'viewer' && caller.channelId !== null;

  const admitted = (caller: Caller): Caller => {
    if (!isAdmitted(caller)) throw new BadInput('BETA_ACCESS_REQUIRED');
    return caller;
  };

  const owner = async (request: FastifyRequest): Promise<Caller> => {
    const caller = admitted(await signedIn(request, isOwner));
    if (caller.role !== 'admin') throw new BadInput('FORBIDDEN');
    return caller;
  };

  const tool = async (request: FastifyRequest): Promise<Caller> => {
    const { role, ...holder } = await tools.holder(request);
    return { ...holder, role: roleOf(role) };
  };

  const streamer = async (request: FastifyRequest): Promise<Streamer> => {
    const caller = admitted(await (isToolCall(request) ? tool(request) : signedIn(request, isStreamer)));
    if (caller.role === 'viewer') {
      // Somebody who has only signed in mostly lacks a channel, with which the role would come.
      throw new BadInput('FORBIDDEN', '', caller.channelId === null ? { hintOf: 'MISSING_CHANNEL_ID' } : {});
    }
    if (caller.channelId === null) throw new BadInput('MISSING_CHANNEL_ID');
    return { userId: caller.userId, channelId: caller.channelId, isAdmin: caller.role === 'admin' };
  };

  const explained =
    <T>(check: (request: FastifyRequest) => Promise<T>) =>
    async (request: FastifyRequest): Promise<T> => {
      try {
        return await check(request);
      } catch (error) {
        if (rules.explains && error instanceof BadInput) {
          log.info('api.login_refused', { requestId: request.id, errorCode: error.code, ...credentialsOf(request) });
        }
        throw error;
      }
    };

  return {
    streamer: explained(streamer),
    owner: explained(owner),
    person: explained(person),
    async userIdOf(request) {
      try {
        if (isToolCall(request)) return await tools.userIdOf(request);
        const session = await sessionOf(tokenOf(request, rules.isBeta));
        // Whoever took a login that was ended must not use up its person's limit.
        return ended.has(keyOf(session)) ? null : session.userId;
      } catch {
        return null;
      }
    },
    isUnknownTool: (request) => isToolCall(request) && tools.isUnknown(request),
    async isWorthlessTool(request) {
      try {
        await tools.userIdOf(request);
        return false;
      } catch (error) {
        if (error instanceof BadInput) return true;
        throw error;
      }
    },
    async learnStanding(request) {
      try {
        if (isToolCall(request)) return await tools.refresh(request);
        const session = await sessionOf(tokenOf(request, rules.isBeta));
        if (!ended.has(keyOf(session)) && !standings.has(keyOf(session))) await lookUp(session);
      } catch {
        // The route says so, if it cares.
      }
    },
    login: (request) => sessionOf(tokenOf(request, rules.isBeta)),
    async allLogins(request) {
      const read = await Promise.allSettled(tokensOf(request).map(sessionOf));
      return read.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    },
    forget(userId) {
      changes += 1;
      if (userId === null) return standings.clear();
      for (const key of [...standings.keys()]) if (key.startsWith(`${userId} `)) standings.delete(key);
    },
  };
}

/** What the request came with, by name only. */
function credentialsOf({ cookies, headers }: FastifyRequest) {
  const sent = Object.values(LOGIN_COOKIES).filter((name) => cookies[name] !== undefined);
  return { loginCookies: sent, hasBearer: headers.authorization !== undefined };
}

/** A cookie wins over the header even when it is invalid: a page must not silently act as somebody else. */
function tokenOf(request: FastifyRequest, isBeta: boolean): string {
  const cookies = request.cookies;
  const fromCookie = (isBeta ? cookies[LOGIN_COOKIES.beta] : undefined) ?? cookies[LOGIN_COOKIES.regular];
  const token = fromCookie ?? bearerOf(request);
  if (!token) throw new BadInput('UNAUTHORIZED', 'No auth token found');
  return token;
}

function tokensOf(request: FastifyRequest): string[] {
  const inCookies = Object.values(LOGIN_COOKIES).map((name) => request.cookies[name]);
  return [...inCookies, bearerOf(request)].filter((token) => token !== undefined);
}

function bearerOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]?.trim();
}

/** Two tokens of one person may count differently: each is known by its own name, or by its age where it has none. */
function keyOf({ userId, jti, issuedAt }: ReadSession): string {
  return `${userId} ${jti ?? `issued ${issuedAt.getTime()}`}`;
}

/** What is no role of ours gives no rights. */
function roleOf(role: string): Session['role'] {
  return role === 'admin' || role === 'streamer' ? role : 'viewer';
}

async function standingOf(db: Db, session: ReadSession): Promise<Caller | 'ended'> {
  const rights = await rightsOf(db, session);
  if (rights === null) throw new BadInput('UNAUTHORIZED', 'Invalid token');
  return rights === 'ended' ? rights : { ...rights, userId: session.userId, role: roleOf(rights.role) };
}
