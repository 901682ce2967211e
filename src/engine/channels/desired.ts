/** Which channels a worker is to serve, and as whom, as the database desires it (docs/contract/workers.md#subscriptions-and-gate, docs/contract/workers.md#subscription-synchronisation). */
import { sql } from 'kysely';
import { usableOverrides } from '../../accounts/senders.ts';
import { isMissingSchema } from '../../db/failures.ts';
import type { Db } from '../../db/pool.ts';
import type { ChannelId, ExternalAccountId, PlatformChannelId, UserId } from '../../lib/brand.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';
import type { SpeakingChannel } from '../outbox/row.ts';

/** A channel whose bot is on. */
export interface DesiredChannel extends SpeakingChannel {
  readonly overrideEndsAt: Date | null;
}

type Describes = Pick<PlatformDescription, 'id' | 'tables' | 'channelIdColumn'>;

interface DesiredRow {
  readonly channelId: ChannelId;
  readonly slug: string;
  readonly target: string;
  readonly ownerUserId: string | null;
  readonly stableId: string | null;
  readonly overrideAccountId: ExternalAccountId | null;
  readonly overrideEndsAt: Date | null;
  readonly extra: Record<string, string | null>;
}

/** Tables whose absence only switches off what needs them. */
interface Optional {
  readonly gates: boolean;
  readonly overrides: boolean;
}

/**
 * One query for everything that decides. A row without a usable platform channel, slug or (where it takes one) owner is
 * as good as none.
 *
 * @param channelIds null: all
 */
export async function readDesired(
  db: Db,
  platform: Describes,
  channelIds: readonly ChannelId[] | null,
  now: Date,
): Promise<DesiredChannel[]> {
  try {
    return await query(db, platform, channelIds, now, { gates: true, overrides: true });
  } catch (error) {
    if (!isMissingSchema(error)) throw error;
    const present = await presentTables(db, platform);
    if (present.gates && present.overrides) throw error;
    return query(db, platform, channelIds, now, present);
  }
}

async function presentTables(db: Db, { tables }: Describes): Promise<Optional> {
  const { rows } = await sql<Optional>`
    select to_regclass('"BotIntegrationSettings"') is not null as gates,
      to_regclass('"ChannelEntitlement"') is not null
        and to_regclass(quote_ident(${tables.override})) is not null as overrides
  `.execute(db);
  return rows[0] ?? { gates: false, overrides: false };
}

async function query(
  db: Db,
  { id, tables, channelIdColumn }: Describes,
  channelIds: readonly ChannelId[] | null,
  now: Date,
  optional: Optional,
): Promise<DesiredChannel[]> {
  const gate = optional.gates
    ? sql`and not exists (
        select from "BotIntegrationSettings" g
        where g."channelId" = s."channelId" and g.provider::text = ${id} and not g.enabled)`
    : sql``;
  const override = optional.overrides
    ? sql`left join (${usableOverrides(tables, now)}) own on own."channelId" = s."channelId"`
    : sql`cross join (select null::text as "externalAccountId", null::timestamp as "expiresAt") own`;
  const extra = tables.extraColumns.map((column) => sql`${sql.lit(column)}, s.${sql.ref(column)}`);
  const { rows } = await sql<DesiredRow>`
    select s."channelId", lower(trim(c.slug)) as slug, trim(s.${sql.ref(tables.targetColumn)}) as target,
      ${tables.needsOwner ? sql`nullif(trim(s."userId"), '')` : sql`null`} as "ownerUserId",
      ${channelIdColumn === undefined ? sql`null` : sql`c.${sql.ref(channelIdColumn)}`} as "stableId",
      own."externalAccountId" as "overrideAccountId", own."expiresAt" as "overrideEndsAt",
      jsonb_build_object(${sql.join(extra)}) as extra
    from ${sql.table(tables.subscription)} s
    join "Channel" c on c.id = s."channelId"
    ${override}
    where s.enabled ${gate}
      ${channelIds === null ? sql`` : sql`and s."channelId" = any(${sql.val(channelIds)}::text[])`}
    order by s."createdAt", s."channelId"
  `.execute(db);
  return rows.flatMap((row) => (isUsable(row, tables.needsOwner) ? [toChannel(row)] : []));
}

function isUsable({ slug, target, ownerUserId }: DesiredRow, needsOwner: boolean): boolean {
  return slug !== '' && target.replace(/^#/, '') !== '' && (!needsOwner || ownerUserId !== null);
}

function toChannel(row: DesiredRow): DesiredChannel {
  return {
    ...row,
    target: row.target.replace(/^#/, '') as PlatformChannelId,
    ownerUserId: row.ownerUserId as UserId | null,
  };
}
