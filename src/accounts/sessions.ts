/** Login tokens: HS256 JWTs that other MemAlerts services may issue too (docs/contract/http-api.md#who-is-the-caller). */
import { randomUUID } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import type { ChannelId, UserId } from '../lib/brand.ts';
import { BadInput } from '../lib/errors.ts';

export type UserRole = 'viewer' | 'streamer' | 'admin';

export interface Session {
  readonly userId: UserId;
  readonly role: UserRole;
  readonly channelId: ChannelId | null;
}

const claimsSchema = z.object({
  userId: z.string().min(1),
  role: z.enum(['viewer', 'streamer', 'admin']),
  channelId: z.string().min(1).nullish(),
  exp: z.number(),
  // Tokens of other services may tell neither; what cannot be a name of ours counts as none.
  iat: z.number().catch(0),
  jti: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/)
    .nullable()
    .catch(null),
  // Overlay and hand-over tokens share the key and must never log anybody in.
  kind: z.undefined().optional(),
});

/**
 * @param sessionsFrom `User.sessionsFrom`: a sign-in within the second in which everything before was ended is the first
 *   of the new ones
 */
export function issueSession(
  session: Session,
  secret: string,
  lifetimeSeconds: number,
  now: Date,
  sessionsFrom: Date | null = null,
): Promise<string> {
  return new SignJWT({ userId: session.userId, role: session.role, channelId: session.channelId })
    .setProtectedHeader({ alg: 'HS256' })
    .setJti(randomUUID())
    .setIssuedAt(sessionsFrom !== null && sessionsFrom > now ? sessionsFrom : now)
    .setExpirationTime(new Date(now.getTime() + lifetimeSeconds * 1000))
    .sign(new TextEncoder().encode(secret));
}

/** A session as its token tells it. */
export interface ReadSession extends Session {
  readonly expiresAt: Date;
  /** Null for a token of a service that gives none: it ends with all others of its person, or by itself. */
  readonly jti: string | null;
  /** The beginning of time when the token does not tell. */
  readonly issuedAt: Date;
}

/** No table of ours takes a later time. */
const LATEST_SECONDS = Date.UTC(9999, 11, 31) / 1000;

/** @throws BadInput `SESSION_EXPIRED`, or `UNAUTHORIZED` for anything that is no login of ours */
export async function readSession(token: string, secret: string, now: Date): Promise<ReadSession> {
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(secret), {
      algorithms: ['HS256'],
      requiredClaims: ['exp'],
      currentDate: now,
    });
    const claims = claimsSchema.parse(payload);
    return {
      userId: claims.userId as UserId,
      role: claims.role,
      channelId: (claims.channelId ?? null) as ChannelId | null,
      expiresAt: new Date(Math.min(claims.exp, LATEST_SECONDS) * 1000),
      jti: claims.jti,
      issuedAt: new Date(claims.iat * 1000),
    };
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new BadInput('SESSION_EXPIRED');
    throw new BadInput('UNAUTHORIZED', 'Invalid token');
  }
}
