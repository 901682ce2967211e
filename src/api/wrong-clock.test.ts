import { expect, test, vi } from 'vitest';
import { startApiWorld } from '../../test/support/api-world.ts';
import { createTestDatabase } from '../../test/support/database.ts';
import { SetClock } from '../../test/support/set-clock.ts';

const { url } = await createTestDatabase();

test('/readyz of the API stays 200 and warns of a clock that is wrong, until five minutes after it is set right', async () => {
  const clock = new SetClock();
  clock.set(-15_000);
  const api = await startApiWorld(url, { clock });
  const ready = async (warnings: string[]) => {
    const { status, json } = await api.ask(null, 'GET', '/readyz');
    expect([status, json]).toEqual([200, { status: 'ready', reasons: [], warnings }]);
  };
  await vi.waitFor(() => ready(['clock_behind']), 10_000);
  expect(api.lines.filter((line) => line.includes('"api.clock_behind"'))).toHaveLength(1);
  clock.set(0);
  await clock.advance(300_000);
  await vi.waitFor(() => ready([]), 10_000);
});
