/** Cases for abilities not every platform has: run where it is offered, shown as declared where it is not. */
import { expect, test } from 'vitest';
import type { AbilityName } from './adapter.ts';
import { LeapingClock } from './leaping-clock.ts';
import type { Subject } from './world.ts';

/** A case the platform cannot take part in stays in the report, with the reason, and is checked to be honest. */
export function testHaving(
  { adapter, databaseUrl }: Subject,
  ability: AbilityName,
  title: string,
  body: () => Promise<void>,
): void {
  const excuse = adapter.lacks[ability];
  if (excuse === undefined) test(title, body);
  else {
    test(`declared as lacking ${ability} (${excuse}), hence not: ${title}`, async () => {
      const sim = await adapter.start({ clock: new LeapingClock(), databaseUrl });
      await sim.stop();
      expect(sim.abilities).not.toHaveProperty(ability);
    });
  }
}
