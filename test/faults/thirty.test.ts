/** Thirty faults that keep bots silent, each made to happen in one running installation: what is found first is the fault. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channelFaults } from './thirty/channel-faults.ts';
import type { Expected, Fault } from './thirty/fault.ts';
import { expectFirst, falseFindings, overHttp, type Seeded } from './thirty/look.ts';
import { firstPlatformFaults, restartFaults, secondPlatformFaults } from './thirty/platform-faults.ts';
import { type Stack, startStack } from './thirty/stack.ts';

const cleanup = new AsyncDisposableStack();
let stack: Stack;
/** Those that are there now. */
const seeded: Seeded[] = [];
const found = new Set<string>();
const wrong = new Set<string>();

beforeAll(async () => {
  stack = await startStack(cleanup);
}, 90_000);
afterAll(() => cleanup.disposeAsync());

function titleOf(name: string, { cause, action, who }: Expected): string {
  return `when ${name}, the first finding is ${cause}: ${who ?? 'nobody'} has to do ${action}`;
}

async function expectNothingElse(): Promise<void> {
  const falsely = await falseFindings(stack, seeded);
  for (const finding of falsely) wrong.add(finding);
  expect(falsely).toEqual([]);
}

/** Seeds them together, looks at each, and ends those that would stand in the way of others. */
function faultsOf(group: string, faults: readonly Fault[], isOneByOne = false): void {
  describe(group, () => {
    const placed = new Map<Fault, Seeded>();
    const seed = async (fault: Fault) => {
      const one = { fault, place: await fault.seed(stack) };
      placed.set(fault, one);
      seeded.push(one);
    };
    beforeAll(async () => {
      if (isOneByOne) for (const fault of faults) await seed(fault);
      else await Promise.all(faults.map(seed));
    });

    for (const fault of faults) {
      test(titleOf(fault.name, fault.expects), async () => {
        const one = placed.get(fault);
        if (one === undefined) throw new Error('the fault was not seeded');
        await expectFirst(stack, overHttp(stack, one.place), fault.expects);
        found.add(fault.name);
      });
    }
    test('nothing else is called broken, in these channels or in those that are well', expectNothingElse);

    afterAll(async () => {
      for (const { undo } of faults) await undo?.(stack);
      for (const [fault, one] of placed) if (fault.undo) seeded.splice(seeded.indexOf(one), 1);
    });
  });
}

test('in an installation that is well nothing is called broken', expectNothingElse);
faultsOf('a channel', channelFaults, true);
faultsOf('a platform', firstPlatformFaults);
faultsOf(
  'a platform, worse',
  secondPlatformFaults((end) => cleanup.defer(end)),
);
faultsOf('a worker that was started again', restartFaults);

test('every fault is found first, and nothing is found that is not there', () => {
  const faults = 24;
  console.log(`${found.size} of ${faults}, ${wrong.size} false`);
  expect([found.size, wrong.size]).toEqual([faults, 0]);
});
