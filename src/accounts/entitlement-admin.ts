/** Granting the right to a bot of one's own, and taking it back (docs/contract/http-api.md#entitlement-administration). */
import { sql, type Transaction } from 'kysely';
import type { Db } from '../db/pool.ts';
import type { Database } from '../db/tables.ts';
import type { ChannelId } from '../lib/brand.ts';
import { CUSTOM_BOT } from './entitlements.ts';

export interface Entitlement {
  readonly id: string;
  readonly channelId: ChannelId;
  readonly enabled: boolean;
  /** Null: it does not end by itself. */
  readonly expiresAt: Date | null;
  /** Who or what granted it. */
  readonly source: string | null;
  readonly updatedAt: Date;
  readonly createdAt: Date;
}

export interface ListedEntitlement extends Entitlement {
  readonly slug: string;
  readonly name: string;
}

const COLUMNS = sql`e.id, e."channelId", e.enabled, e."expiresAt", e.source, e."updatedAt", e."createdAt"`;

export function isActive({ enabled, expiresAt }: Pick<Entitlement, 'enabled' | 'expiresAt'>, now: Date): boolean {
  return enabled && (expiresAt === null || expiresAt > now);
}

export async function readEntitlement(db: Db, channelId: ChannelId): Promise<Entitlement | null> {
  const { rows } = await sql<Entitlement>`
    select ${COLUMNS} from "ChannelEntitlement" e where e."channelId" = ${channelId} and e.key = ${CUSTOM_BOT}
  `.execute(db);
  return rows[0] ?? null;
}

/** Newest first. @param after the last one of the page before */
export async function listEntitlements(
  db: Db,
  after: Pick<Entitlement, 'createdAt' | 'id'> | null,
  limit: number,
): Promise<readonly ListedEntitlement[]> {
  const { rows } = await sql<ListedEntitlement>`
    select ${COLUMNS}, c.slug, c.name from "ChannelEntitlement" e join "Channel" c on c.id = e."channelId"
    where e.key = ${CUSTOM_BOT}
      ${after === null ? sql`` : sql`and (e."createdAt", e.id) < (${after.createdAt}, ${after.id})`}
    order by e."createdAt" desc, e.id desc limit ${limit}
  `.execute(db);
  return rows;
}

/** @returns null when there is no such channel */
export async function grantEntitlement(
  tx: Transaction<Database>,
  channelId: ChannelId,
  { expiresAt, source }: { readonly expiresAt: Date | null; readonly source: string },
): Promise<Entitlement | null> {
  const { rows } = await sql<Entitlement>`
    insert into "ChannelEntitlement" as e ("channelId", key, enabled, "expiresAt", source)
    select id, ${CUSTOM_BOT}, true, ${expiresAt}, ${source} from "Channel" where id = ${channelId}
    on conflict ("channelId", key) do update
    set enabled = true, "expiresAt" = excluded."expiresAt", source = excluded.source
    returning ${COLUMNS}
  `.execute(tx);
  return rows[0] ?? null;
}

/** The row stays. @returns whether there was one */
export async function revokeEntitlement(tx: Transaction<Database>, channelId: ChannelId): Promise<boolean> {
  const { rows } = await sql`
    update "ChannelEntitlement" set enabled = false where "channelId" = ${channelId} and key = ${CUSTOM_BOT}
    returning id
  `.execute(tx);
  return rows.length > 0;
}

/** The channel a person of a platform owns. @param column of `Channel` that holds the platform's id of them */
export async function channelOf(db: Db, column: string, externalId: string): Promise<ChannelId | null> {
  const { rows } = await sql<{ id: ChannelId }>`
    select id from "Channel" where ${sql.ref(column)} = ${externalId}
  `.execute(db);
  return rows[0]?.id ?? null;
}
