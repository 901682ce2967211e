/** Tokens a streamer's own tools sign in with: shown once, kept as a hash, good for what they were made for. */
import { createHash, randomBytes } from 'node:crypto';
import type { Transaction } from 'kysely';
import { sql } from 'kysely';
import type { Db } from '../db/pool.ts';
import type { Database } from '../db/tables.ts';
import type { ChannelId, UserId } from '../lib/brand.ts';

/** What a token may be good for; nothing in it contains another. */
export const API_SCOPES = ['say', 'commands:read', 'commands:write', 'outbox:read'] as const;
export type ApiScope = (typeof API_SCOPES)[number];

export interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
}

/** Whom a token acts for, with the rights that person has now. */
export interface ApiTokenHolder {
  readonly scopes: readonly string[];
  readonly expiresAt: Date | null;
  readonly userId: UserId;
  readonly role: string;
  /** Null when the maker of the token has left its channel. */
  readonly channelId: ChannelId | null;
  readonly hasBetaAccess: boolean;
}

const PREFIX = 'mab_';
const SECRET_BYTES = 32;
const FORM = /^mab_[A-Za-z0-9_-]{43}$/;
const USE_DISTANCE_SECONDS = 60;

/** Whether a credential claims to be one of these. */
export function looksLikeApiToken(credential: string): boolean {
  return credential.startsWith(PREFIX);
}

/** @returns the row and, for this one time, the token itself */
export async function createApiToken(
  tx: Transaction<Database>,
  maker: { readonly userId: UserId; readonly channelId: ChannelId },
  wanted: { readonly name: string; readonly scopes: readonly ApiScope[]; readonly expiresAt: Date | null },
): Promise<ApiToken & { readonly token: string }> {
  const token = PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
  const row = await tx
    .insertInto('ApiToken')
    .values({
      userId: maker.userId,
      channelId: maker.channelId,
      name: wanted.name,
      scopes: [...wanted.scopes],
      expiresAt: wanted.expiresAt,
      tokenHash: hashOf(token),
    })
    .returning(SHOWN)
    .executeTakeFirstOrThrow();
  return { ...row, token };
}

/** Newest first; their number is bounded by whoever creates them. */
export function listApiTokens(db: Db, channelId: ChannelId): Promise<ApiToken[]> {
  return db
    .selectFrom('ApiToken')
    .select(SHOWN)
    .where('channelId', '=', channelId)
    .orderBy('createdAt', 'desc')
    .orderBy('id')
    .execute();
}

/** From the next request on the token is worth nothing. @returns what is gone; null when there was none */
export async function revokeApiToken(
  tx: Transaction<Database>,
  channelId: ChannelId,
  id: string,
): Promise<ApiToken | null> {
  const row = await tx
    .deleteFrom('ApiToken')
    .where('channelId', '=', channelId)
    .where('id', '=', id)
    .returning(SHOWN)
    .executeTakeFirst();
  return row ?? null;
}

/**
 * Asked of the database each time: a revoked token is worth nothing at once, in every copy of the API.
 *
 * @returns null for what is no token, or no longer
 */
export async function useApiToken(db: Db, token: string, now: Date): Promise<ApiTokenHolder | null> {
  if (!FORM.test(token)) return null;
  const { rows } = await sql<ApiTokenHolder & { id: string; isUseDue: boolean }>`
    select t.id, t.scopes, t."expiresAt", u.id as "userId", u.role, u."hasBetaAccess",
      case when u."channelId" = t."channelId" then u."channelId" end as "channelId",
      t."lastUsedAt" is null or t."lastUsedAt" <= ${usedBefore(now)} as "isUseDue"
    from "ApiToken" t join "User" u on u.id = t."userId"
    where t."tokenHash" = ${hashOf(token)}
  `.execute(db);
  const [found] = rows;
  if (found === undefined || (found.expiresAt !== null && found.expiresAt <= now)) return null;
  const { id, isUseDue, ...holder } = found;
  if (isUseDue) await noteUse(db, id, now);
  return holder;
}

/** Looked at again: of many requests at once one writes. */
async function noteUse(db: Db, id: string, now: Date): Promise<void> {
  await db
    .updateTable('ApiToken')
    .set({ lastUsedAt: now })
    .where('id', '=', id)
    .where((where) => where.or([where('lastUsedAt', 'is', null), where('lastUsedAt', '<=', usedBefore(now))]))
    .execute();
}

function usedBefore(now: Date): Date {
  return new Date(now.getTime() - USE_DISTANCE_SECONDS * 1000);
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

const SHOWN = ['id', 'name', 'scopes', 'createdAt', 'expiresAt', 'lastUsedAt'] as const;
