import { expect, onTestFinished, test, vi } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { createPool } from '../../db/pool.ts';
import type { ChannelId, PlatformChannelId } from '../../lib/brand.ts';
import { twitch } from '../../platforms/twitch/index.ts';
import type { DesiredChannel } from '../channels/desired.ts';
import { Names } from './names.ts';

test('a name that a reader told of and that could not be written down is tried again, unless a later one came', async () => {
  const { url } = await createTestDatabase({ forTest: true });
  const { pg, db, end } = createPool(url, { applicationName: 'names-test', slowMs: 60_000, log: silentLog() });
  const clock = new ManualClock();
  await pg.query(`insert into "Channel" (id, slug, name) values ('a', 'a', 'A')`);
  await pg.query(`insert into "ChatBotSubscription" ("channelId", "twitchLogin") values ('a', 'oldname')`);
  await pg.query(`create function refuse() returns trigger language plpgsql as $$ begin raise 'not now'; end $$`);
  await pg.query(`create trigger refuse before update on "ChatBotSubscription" execute function refuse()`);
  const channelId = 'a' as ChannelId;
  const held = new Map([[channelId, { channelId, target: 'oldname' } as DesiredChannel]]);
  const names = new Names(undefined, {
    db,
    clock,
    log: silentLog(),
    platform: twitch,
    held: () => held,
    health: { state() {} },
  });
  onTestFinished(async () => {
    names.stop();
    await end();
  });
  const stored = async () => (await pg.query('select "twitchLogin" from "ChatBotSubscription"')).rows[0]?.twitchLogin;
  await names.heard(channelId, 'firstname' as PlatformChannelId);
  await names.heard(channelId, 'newname' as PlatformChannelId);
  await pg.query('drop trigger refuse on "ChatBotSubscription"');
  expect(await stored()).toBe('oldname');
  await clock.advance(5000);
  await vi.waitFor(async () => expect(await stored()).toBe('newname'));
});
