import { sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { createPool } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { platforms } from '../../platforms/all.ts';
import { readDesired } from './desired.ts';

const NOW = new Date('2026-11-24T12:00:00Z');
const LATER = new Date('2026-11-24T13:00:00Z');
const EARLIER = new Date('2026-11-24T11:00:00Z');

describe.for(platforms.map((platform) => [platform.title, platform] as const))('%s', ([, platform]) => {
  async function world() {
    const { url } = await createTestDatabase({ forTest: true });
    const pool = createPool(url, { applicationName: 'desired-test', slowMs: 60_000, log: silentLog() });
    onTestFinished(() => pool.end());
    const { db } = pool;
    const { subscription, targetColumn, override, needsOwner } = platform.tables;
    const user = await db.insertInto('User').values({ displayName: 'u' }).returning('id').executeTakeFirstOrThrow();

    return {
      db,
      read: async (channelIds: readonly ChannelId[] | null = null) => readDesired(db, platform, channelIds, NOW),
      async channel(slug: string, enabled = true, target = `  target-${slug} `): Promise<ChannelId> {
        const { id } = await db
          .insertInto('Channel')
          .values({ slug, name: slug })
          .returning('id')
          .executeTakeFirstOrThrow();
        const owner = needsOwner ? sql`, "userId"` : sql``;
        await sql`
          insert into ${sql.table(subscription)} ("channelId", ${sql.ref(targetColumn)}, enabled${owner})
          values (${id}, ${target}, ${enabled}${needsOwner ? sql`, ${user.id}` : sql``})
        `.execute(db);
        return id as ChannelId;
      },
      gate: (channelId: ChannelId, enabled: boolean) =>
        sql`insert into "BotIntegrationSettings" ("channelId", provider, enabled)
          values (${channelId}, ${platform.id}::"BotIntegrationProvider", ${enabled})`.execute(db),
      async override(channelId: ChannelId): Promise<string> {
        const account = await sql<{ id: string }>`
          insert into "ExternalAccount" ("userId", provider, "providerAccountId")
          values (${user.id}, ${platform.id}::"ExternalAccountProvider", ${`own-${channelId}`}) returning id
        `.execute(db);
        const id = account.rows[0]?.id ?? '';
        await sql`insert into ${sql.table(override)} ("channelId", "externalAccountId", enabled)
          values (${channelId}, ${id}, true)`.execute(db);
        return id;
      },
      entitle: (channelId: ChannelId, enabled: boolean, expiresAt: Date | null) =>
        db.insertInto('ChannelEntitlement').values({ channelId, key: 'custom_bot', enabled, expiresAt }).execute(),
    };
  }

  test('a channel is served when its subscription is on and no gate is off', async () => {
    const { read, channel, gate } = await world();
    const [plain, open, closed] = [await channel('Plain'), await channel('open'), await channel('closed')];
    await channel('off', false);
    await gate(open, true);
    await gate(closed, false);
    const found = await read();
    expect(found.map(({ channelId }) => channelId)).toEqual([plain, open]);
    expect(found[0]).toMatchObject({ slug: 'plain', target: 'target-Plain', overrideAccountId: null });
    expect((await read([closed, open])).map(({ channelId }) => channelId)).toEqual([open]);
  });

  test('a row without a platform channel is as good as none', async () => {
    const { read, channel } = await world();
    await channel('blank', true, '   ');
    await channel('hash', true, '#');
    expect(await read()).toEqual([]);
  });

  test('an override counts only while its channel is entitled to a custom bot', async () => {
    const { read, channel, override, entitle } = await world();
    const made: Record<string, string> = {};
    for (const slug of ['never', 'forever', 'soon', 'ended', 'revoked']) {
      const channelId = await channel(slug);
      made[slug] = await override(channelId);
      if (slug === 'forever') await entitle(channelId, true, null);
      if (slug === 'soon') await entitle(channelId, true, LATER);
      if (slug === 'ended') await entitle(channelId, true, EARLIER);
      if (slug === 'revoked') await entitle(channelId, false, null);
    }
    const found = Object.fromEntries(
      (await read()).map((row) => [row.slug, [row.overrideAccountId, row.overrideEndsAt]]),
    );
    expect(found).toEqual({
      never: [null, null],
      forever: [made.forever, null],
      soon: [made.soon, LATER],
      ended: [null, null],
      revoked: [null, null],
    });
  });

  test('without gates, overrides and entitlements in the schema, everything subscribed is served', async () => {
    const { db, read, channel } = await world();
    await channel('plain');
    for (const table of ['BotIntegrationSettings', 'ChannelEntitlement', platform.tables.override]) {
      await sql`drop table ${sql.table(table)} cascade`.execute(db);
    }
    expect((await read()).map(({ slug, overrideAccountId }) => [slug, overrideAccountId])).toEqual([['plain', null]]);
  });
});
