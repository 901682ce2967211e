/** Which bots of a channel are on: the gate and the subscription, read and written as one thing (docs/contract/http-api.md#integration-toggles). */
import { sql, type Transaction } from 'kysely';
import pg from 'pg';
import type { Database } from '../db/tables.ts';
import type { ChannelId, ProviderId } from '../lib/brand.ts';
import type { ResolvedChannel } from '../platforms/api-side.ts';
import type { PlatformDescription } from '../platforms/platform.ts';

export interface ListedIntegration {
  readonly provider: ProviderId;
  readonly enabled: boolean;
  readonly updatedAt: Date | null;
}

/** Which bots of a channel are on, in the order of `platforms`: one statement, its plan kept, since panels ask often. */
export function integrationsReader(
  pool: pg.Pool,
  platforms: readonly PlatformDescription[],
): (channelId: ChannelId) => Promise<readonly ListedIntegration[]> {
  const text = platforms.map(listedOf).join(' union all ');
  return async (channelId) => {
    const { rows } = await pool.query<ListedIntegration>({ name: 'integrations', text, values: [channelId] });
    const byProvider = new Map(rows.map((row) => [row.provider, row]));
    return platforms.map(({ id }) => byProvider.get(id) ?? { provider: id, enabled: false, updatedAt: null });
  };
}

// $1 channel.
function listedOf({ id, tables: { subscription } }: PlatformDescription): string {
  const provider = pg.escapeLiteral(id);
  return `
    select ${provider} as provider, coalesce(gate.enabled, subscription.enabled, false) as enabled, gate."updatedAt"
    from (select $1::text as id) asked
    left join "BotIntegrationSettings" gate on gate."channelId" = asked.id and gate.provider::text = ${provider}
    left join ${pg.escapeIdentifier(subscription)} subscription on subscription."channelId" = asked.id`;
}

/** Writes gate and subscription of an enabled bot; every precondition has been checked. */
export async function enableIntegration(
  tx: Transaction<Database>,
  platform: PlatformDescription,
  channelId: ChannelId,
  resolved: ResolvedChannel,
): Promise<void> {
  const { subscription, targetColumn } = platform.tables;
  const columns = [targetColumn, ...Object.keys(resolved.extra)];
  const values = [resolved.target as string, ...Object.values(resolved.extra)];
  await writeGate(tx, platform, channelId, true);
  await sql`
    insert into ${sql.table(subscription)} ("channelId", enabled, ${sql.join(columns.map((name) => sql.ref(name)))})
    values (${channelId}, true, ${sql.join(values)})
    on conflict ("channelId") do update
    set enabled = true, ${sql.join(columns.map((name) => sql`${sql.ref(name)} = ${sql.ref(`excluded.${name}`)}`))}
  `.execute(tx);
}

/** Switches a bot off without asking the platform; stored channel ids are kept for the next time. */
export async function disableIntegration(
  tx: Transaction<Database>,
  platform: PlatformDescription,
  channelId: ChannelId,
  createsRow: boolean,
): Promise<void> {
  const { subscription, targetColumn } = platform.tables;
  await writeGate(tx, platform, channelId, false);
  if (createsRow) {
    await sql`
      insert into ${sql.table(subscription)} ("channelId", enabled, ${sql.ref(targetColumn)})
      values (${channelId}, false, '')
      on conflict ("channelId") do update set enabled = false
    `.execute(tx);
  } else {
    await sql`update ${sql.table(subscription)} set enabled = false where "channelId" = ${channelId}`.execute(tx);
  }
}

async function writeGate(
  tx: Transaction<Database>,
  platform: PlatformDescription,
  channelId: ChannelId,
  enabled: boolean,
): Promise<void> {
  await sql`
    insert into "BotIntegrationSettings" ("channelId", provider, enabled)
    values (${channelId}, ${platform.id}, ${enabled})
    on conflict ("channelId", provider) do update set enabled = excluded.enabled, "updatedAt" = now()
  `.execute(tx);
}
