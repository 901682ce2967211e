import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { migrate, readMigrations } from './migrate.ts';

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url));
const scratch = await mkdtemp(path.join(os.tmpdir(), 'memalerts-upgrade-'));
afterAll(() => rm(scratch, { recursive: true }));

/** A database as the migrations up to that number left it. */
async function databaseAt(last: string): Promise<{ url: string; client: pg.Client }> {
  const { url } = await createTestDatabase({ empty: true });
  const directory = await mkdtemp(path.join(scratch, 'until-'));
  const names = (await readMigrations()).map(({ name }) => `${name}.sql`).filter((name) => name.slice(0, 4) <= last);
  for (const name of names) await copyFile(path.join(MIGRATIONS, name), path.join(directory, name));
  await migrate(url, { directory });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(`
    insert into "Channel" (id, slug, name) values ('c1', 'one', 'One'), ('c2', 'two', 'Two'), ('c3', 'three', 'Three');
    insert into "User" (id, "displayName", role, "channelId")
      values ('u1', 'One', 'streamer', 'c1'), ('u2', 'Two', 'streamer', 'c2');`);
  return { url, client };
}

test('a database with rows of an earlier version is brought up to date, and the rows mean what they meant', async () => {
  const { url, client } = await databaseAt('0008');
  await client.query(`
    insert into "ExternalAccount"
        (id, "userId", provider, "providerAccountId", "accessToken", "refreshToken", "brokenAt", "brokenReason")
      values ('a1', 'u1', 'twitch', '1', 'access', 'refresh', null, null),
        ('a2', 'u2', 'kick', '2', 'access', 'refresh', now(), 'invalid_grant');
    insert into "TwitchBotIntegration" ("channelId", "externalAccountId") values ('c1', 'a1');
    insert into "OAuthState" (state, provider, kind, "userId", "expiresAt")
      values ('s1', 'kick', 'link', 'u1', now() + interval '5 minutes');
    insert into "AuditLog" ("actorId", "channelId", action) values ('u1', 'c1', 'streamer.bots.enable');
    insert into "ChatBotOutboxMessage" (id, "channelId", "twitchLogin", message) values ('m1', 'c1', 'one', 'hello');
    insert into "BotChannelHealth" (provider, "channelId", state) values ('twitch', 'c1', 'live');
    insert into "QuotaLedger" (provider, project, day, method, units) values ('youtube', 'p', '2026-01-01', 'm', 5);`);
  await migrate(url);
  const { rows: accounts } = await client.query(`
    select id, "linkedAs", "grantEndsAt", "brokenReason" from "ExternalAccount" order by id`);
  expect(accounts).toEqual([
    { id: 'a1', linkedAs: null, grantEndsAt: null, brokenReason: null },
    { id: 'a2', linkedAs: null, grantEndsAt: null, brokenReason: 'invalid_grant' },
  ]);
  // A writer that knows none of the new columns.
  await client.query(`
    update "ChatBotOutboxMessage" set status = 'sent' where id = 'm1';
    update "ExternalAccount" set "accessToken" = 'newer', "refreshToken" = 'newer' where id = 'a2';
    update "BotChannelHealth" set state = 'degraded';
    insert into "OAuthState" (state, provider, kind, "expiresAt") values ('s2', 'kick', 'login', now());`);
  const { rows: healed } = await client.query(`select "brokenReason" from "ExternalAccount" where id = 'a2'`);
  expect(healed).toEqual([{ brokenReason: null }]);
});

test('of two spellings of one VK Video Live channel the first stays on', async () => {
  const { url, client } = await databaseAt('0009');
  await client.query(`
    insert into "VkVideoChatBotSubscription" ("channelId", "vkvideoChannelId", enabled, "createdAt") values
      ('c1', 'Name', true, '2026-01-02'), ('c2', 'name', true, '2026-01-01'), ('c3', 'NAME', false, '2025-01-01');
    insert into "BotIntegrationSettings" ("channelId", provider, enabled)
      values ('c1', 'vkvideo', true), ('c1', 'twitch', true), ('c2', 'vkvideo', true);`);
  await migrate(url);
  const { rows } = await client.query(`
    select "channelId" || ' subscription' as what from "VkVideoChatBotSubscription" where enabled
    union all select "channelId" || ' ' || provider from "BotIntegrationSettings" where enabled order by 1`);
  expect(rows.map(({ what }) => what)).toEqual(['c1 twitch', 'c2 subscription', 'c2 vkvideo']);
});

test('owners of an earlier version keep the first right to their logins; bots and viewers get none', async () => {
  const { url, client } = await databaseAt('0016');
  await client.query(`
    update "User" set role = 'admin' where id = 'u1';
    insert into "ExternalAccount" ("userId", provider, "providerAccountId", login, "linkedAs")
      values ('u1', 'twitch', '1', 'BigOwner', 'login'), ('u1', 'twitch', '9', 'helperbot', 'bot_link'),
        ('u2', 'twitch', '2', 'viewer', 'login'), ('u1', 'kick', '7', null, 'link');`);
  await migrate(url);
  const { rows } = await client.query('select provider, login, "providerAccountId" from "OwnerLogin"');
  expect(rows).toEqual([{ provider: 'twitch', login: 'bigowner', providerAccountId: '1' }]);
});
