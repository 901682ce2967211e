import { expect, test } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { outboxWorld } from '../../../test/support/outbox-world.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { platforms } from '../../platforms/all.ts';
import { outboxStatus } from './queue.ts';
import { pruneOutbox } from './retention.ts';
import { renderStatements } from './statements.ts';

const database = await createTestDatabase();

test.each(platforms.map((platform) => [platform.id, platform] as const))(
  'the delivery works on the tables of %s',
  async (id, platform) => {
    const world = await outboxWorld(database.url);
    const statements = renderStatements(platform.tables);
    const { channelId } = world.first;
    const run = (statement: { name: string; text: string }, ...values: unknown[]) =>
      world.pg.query<Record<string, unknown>>({ ...statement, values });
    await world.pg.query(`insert into "BotChannelLease" (provider, "channelId", "startNumber") values ($1, $2, 7)`, [
      id,
      channelId,
    ]);
    const now = new Date();
    const later = new Date(now.getTime() + 60_000);

    const inserted = await run(
      statements.insertReplies,
      ['a', 'b'].map((part) => `${id}-${part}`),
      [channelId, channelId],
      ['t', 't'],
      ['one', 'two'],
      ['command', 'duration'],
      ['chat:1', 'chat:2'],
      [null, null],
      [true, false],
      id,
      7,
      'token',
      now,
      [later, later],
    );
    expect(inserted.rows.map(({ status }) => status)).toEqual(['processing', 'pending']);
    const recorded = await run(
      statements.record,
      [`${id}-a`],
      ['token'],
      ['sent'],
      [1],
      [null],
      [null],
      ['m1'],
      [null],
      [now],
      [null],
    );
    expect(recorded.rowCount).toBe(1);
    const claimed = await run(statements.claim, [channelId], ['account'], [false], later, 8, 'next', [true]);
    expect(claimed.rows).toMatchObject([{ verdict: 'expired', isTaken: false }]);
    const expired = await run(statements.expire, [channelId], ['expired'], later, 8);
    expect(expired.rows).toMatchObject([{ id: `${id}-b`, lastError: 'expired' }]);
    expect((await run(statements.heads, [channelId], new Date())).rows).toEqual([]);
    expect((await run(statements.recent, new Date(now.getTime() - 1000), new Date(0))).rows).toHaveLength(1);
    expect(await outboxStatus(world.db, platform, channelId, `${id}-a`)).toMatchObject({ status: 'sent', attempts: 1 });
    expect(await outboxStatus(world.db, platform, 'another' as ChannelId, `${id}-a`)).toBeNull();

    const fromInbox = await run(
      statements.insertInboxReplies,
      [`${id}-c`],
      [channelId],
      ['t'],
      ['three'],
      ['command'],
      ['chat:3'],
      [null],
      [false],
      id,
      7,
      'token',
      now,
      [now],
      [null],
    );
    expect(fromInbox.rows.map(({ status }) => status)).toContain('pending');
    await run(statements.expire, [channelId], ['expired'], later, 8);

    expect(await pruneOutbox(world.pg, platform.tables, now)).toBe(0);
    expect(await pruneOutbox(world.pg, platform.tables, new Date(now.getTime() + 15 * 86_400_000))).toBe(3);
  },
);
