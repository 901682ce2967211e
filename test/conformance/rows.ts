/** What the API and other writers put into the database, for any platform, by the tables it declares. */
import { sql } from 'kysely';
import type { LinkedAccount, StreamerChannel } from '../../simulators/world/simulated-platform.ts';
import type { Db } from '../../src/db/pool.ts';
import type { PlatformDescription } from '../../src/platforms/platform.ts';

export interface CommandLists {
  readonly onlyWhenLive?: boolean;
  readonly allowedUsers?: readonly string[];
  readonly allowedRoles?: readonly string[];
  readonly vkvideoAllowedRoleIds?: readonly string[];
}

export interface OutboxFate {
  readonly message: string;
  readonly status: string;
  readonly attempts: number;
  readonly lastError: string | null;
  readonly platformMessageId: string | null;
  readonly source: string;
}

/** Everybody, and all that belongs to them; what belongs to nobody. */
export async function empty(db: Db): Promise<void> {
  for (const table of ['Channel', 'User', 'BotWorker', 'ExternalWebhookDeliveryDedup', 'QuotaLedger']) {
    await sql`delete from ${sql.table(table)}`.execute(db);
  }
}

/** A streamer with the bot switched on. @returns the channel's id */
export async function addChannel(
  db: Db,
  { id: provider, tables, channelIdColumn }: PlatformDescription,
  slug: string,
  { target, stableId, extra, account }: StreamerChannel,
): Promise<string> {
  const columns = channelIdColumn === undefined ? sql`` : sql`, ${sql.ref(channelIdColumn)}`;
  const values = channelIdColumn === undefined ? sql`` : sql`, ${stableId}`;
  const channel = await sql<{ id: string }>`
    insert into "Channel" (slug, name ${columns}) values (${slug}, ${slug} ${values}) returning id`.execute(db);
  const channelId = idOf(channel.rows);
  const { id: userId } = await db
    .insertInto('User')
    .values({ displayName: slug, channelId })
    .returning('id')
    .executeTakeFirstOrThrow();
  if (account !== null) await addAccount(db, provider, userId, slug, account);
  const owner = tables.needsOwner ? [['userId', userId] as const] : [];
  const more = [...owner, ...tables.extraColumns.map((column) => [column, extra[column] ?? null] as const)];
  await sql`
    insert into ${sql.table(tables.subscription)}
      (${sql.join(['channelId', tables.targetColumn, 'enabled', ...more.map(([column]) => column)].map((name) => sql.ref(name)))})
    values (${sql.join([channelId, target, true, ...more.map(([, value]) => value)])})`.execute(db);
  return channelId;
}

/** The API's switch. */
export async function switchBot(
  db: Db,
  { id }: PlatformDescription,
  channelId: string,
  enabled: boolean,
): Promise<void> {
  await sql`
    insert into "BotIntegrationSettings" ("channelId", provider, enabled)
    values (${channelId}, ${id}::"BotIntegrationProvider", ${enabled})
    on conflict ("channelId", provider) do update set enabled = excluded.enabled`.execute(db);
}

export async function addCommand(
  db: Db,
  channelId: string,
  trigger: string,
  response: string,
  { onlyWhenLive = false, allowedUsers = [], allowedRoles = [], vkvideoAllowedRoleIds = [] }: CommandLists,
): Promise<void> {
  const lists = {
    allowedUsers: JSON.stringify(allowedUsers),
    allowedRoles: JSON.stringify(allowedRoles),
    vkvideoAllowedRoleIds: JSON.stringify(vkvideoAllowedRoleIds),
  };
  const triggerNormalized = trigger.trim().toLowerCase();
  await db
    .insertInto('ChatBotCommand')
    .values({ channelId, trigger, triggerNormalized, response, onlyWhenLive, ...lists })
    .execute();
}

/** All at once, with the contract's columns alone, as any writer may. */
export async function queueMessages(
  db: Db,
  { tables }: PlatformDescription,
  channelId: string,
  messages: readonly string[],
): Promise<void> {
  const target = sql.ref(tables.targetColumn);
  await sql`
    insert into ${sql.table(tables.outbox)} ("channelId", ${target}, message)
    select "channelId", ${target}, m.text
    from ${sql.table(tables.subscription)}, unnest(${sql.val(messages)}::text[]) with ordinality as m (text, place)
    where "channelId" = ${channelId} order by m.place
  `.execute(db);
}

export async function outboxFates(db: Db, { tables }: PlatformDescription, channelId: string): Promise<OutboxFate[]> {
  const { rows } = await sql<OutboxFate>`
    select message, status, attempts, "lastError", "platformMessageId", source
    from ${sql.table(tables.outbox)} where "channelId" = ${channelId} order by seq`.execute(db);
  return rows;
}

export async function linkDefaultBot(db: Db, platform: PlatformDescription, account: LinkedAccount): Promise<void> {
  await makeDefaultBot(db, platform, await linkAccount(db, platform.id, account));
}

export async function makeDefaultBot(db: Db, { tables }: PlatformDescription, accountId: string): Promise<void> {
  await sql`
    insert into ${sql.table(tables.defaultCredential)} ("externalAccountId", enabled)
    values (${accountId}, true)`.execute(db);
}

/** Of an entitled channel. */
export async function linkOverride(
  db: Db,
  { id, tables }: PlatformDescription,
  channelId: string,
  account: LinkedAccount,
): Promise<void> {
  const accountId = await linkAccount(db, id, account);
  await sql`
    insert into ${sql.table(tables.override)} ("channelId", "externalAccountId", enabled)
    values (${channelId}, ${accountId}, true)`.execute(db);
  await db.insertInto('ChannelEntitlement').values({ channelId, key: 'custom_bot', enabled: true }).execute();
}

/** The least that linking an account again leaves behind, whoever wrote it. */
export async function linkAgain(db: Db, { id }: PlatformDescription, account: LinkedAccount): Promise<void> {
  const { platformUserId, accessToken, refreshToken, scopes } = account;
  await db
    .updateTable('ExternalAccount')
    .set({ accessToken, refreshToken, scopes: scopes.join(' ') })
    .where('providerAccountId', '=', platformUserId)
    .where(sql`provider::text`, '=', id)
    .execute();
}

async function linkAccount(db: Db, provider: string, account: LinkedAccount): Promise<string> {
  const displayName = account.login ?? account.platformUserId;
  const { id } = await db.insertInto('User').values({ displayName }).returning('id').executeTakeFirstOrThrow();
  return addAccount(db, provider, id, displayName, account);
}

/** Without an end of its token: it is valid until the platform refuses it. */
export async function addAccount(
  db: Db,
  provider: string,
  userId: string,
  displayName: string,
  { platformUserId, login, accessToken, refreshToken, scopes }: LinkedAccount,
): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    insert into "ExternalAccount"
      ("userId", provider, "providerAccountId", login, "displayName", "accessToken", "refreshToken", scopes)
    values (${userId}, ${provider}::"ExternalAccountProvider", ${platformUserId}, ${login}, ${displayName},
      ${accessToken}, ${refreshToken}, ${scopes.join(' ')})
    returning id`.execute(db);
  return idOf(rows);
}

function idOf(rows: readonly { id: string }[]): string {
  const [row] = rows;
  if (row === undefined) throw new Error('an insert returned no row');
  return row.id;
}
