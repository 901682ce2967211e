/** Cases for abilities not every platform has: what it declares decides, and the declaration is checked to be honest. */
import { expect, test } from 'vitest';
import type { AbilityName } from '../../simulators/world/simulated-platform.ts';
import type { PlatformCapabilities } from '../../src/platforms/platform.ts';
import { LeapingClock } from './leaping-clock.ts';
import type { Subject } from './world.ts';

/** Why a platform with these capabilities has no such thing to offer; an ability without a line here is everybody's. */
const EXCUSES: Partial<Record<AbilityName, (capabilities: PlatformCapabilities) => string | null>> = {
  dropConnections: ({ readsBy }) => (readsBy === 'webhook' ? 'lines come by webhook' : null),
  mute: ({ readsBy }) => (readsBy === 'webhook' ? 'lines come by webhook' : null),
  sayInThePast: ({ deliversHistory }) => (deliversHistory ? null : 'no history is delivered'),
  givePlatformRole: ({ hasPlatformRoleIds }) => (hasPlatformRoleIds ? null : 'there are no role ids'),
};

/** A case the platform cannot take part in stays in the report, with the reason. */
export function testHaving(
  { platform, simulate }: Subject,
  ability: AbilityName,
  title: string,
  body: () => Promise<void>,
): void {
  const excuse = EXCUSES[ability]?.(platform.capabilities) ?? null;
  if (excuse === null) test(title, body);
  else {
    test(`declared (${excuse}), hence not: ${title}`, async () => {
      const sim = await simulate({ clock: new LeapingClock(), limits: 'off' });
      await sim.stop();
      expect(sim.abilities).not.toHaveProperty(ability);
    });
  }
}
