import { expect, onTestFinished, test, vi } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { createPool } from '../../db/pool.ts';
import { startHousekeeping } from './housekeeping.ts';

test('dead starts go within the hour, changes after a day, and the newest change of each kind stays', async () => {
  const { url } = await createTestDatabase({ forTest: true });
  const { pg, end } = createPool(url, { applicationName: 'housekeeping-test', slowMs: 60_000, log: silentLog() });
  onTestFinished(end);
  await pg.query(`
    insert into "ConfigChange" (kind, provider, "changedAt")
    select kind, provider, timezone('utc', now()) - age from (values
      ('commands', '*', interval '3 days'), ('commands', '*', '2 days'), ('commands', 'twitch', '2 days'),
      ('settings', '*', '2 days'), ('settings', '*', '1 hour')) as change (kind, provider, age)`);
  await pg.query(`
    insert into "BotWorker" (provider, host, pid, "heartbeatAt")
    select 'twitch', host, 1, timezone('utc', now()) - age
    from (values ('long dead', interval '2 days'), ('dead', '16 minutes'), ('lately dead', '5 minutes')) as worker (host, age)`);
  const clock = new ManualClock();
  const stop = startHousekeeping({ pg, clock, log: silentLog(), logPrefix: '' });
  await clock.advance(1_800_000);
  await vi.waitFor(async () => {
    const workers = await pg.query('select host from "BotWorker"');
    expect(workers.rows).toEqual([{ host: 'lately dead' }]);
  });
  const { rows } = await pg.query(`
    select kind, provider, round(extract(epoch from timezone('utc', now()) - "changedAt") / 3600)::int as hours
    from "ConfigChange" order by kind, provider`);
  expect(rows).toEqual([
    { kind: 'commands', provider: '*', hours: 48 },
    { kind: 'commands', provider: 'twitch', hours: 48 },
    { kind: 'settings', provider: '*', hours: 1 },
  ]);
  stop();
  expect(clock.pendingTimers).toBe(0);
});
