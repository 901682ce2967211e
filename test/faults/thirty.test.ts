/** Thirty faults that keep bots silent, made to happen to one running installation: what is found first is the fault. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channelFaults } from './thirty/channel-faults.ts';
import { allByDoctor, byDoctor, doctorCommand } from './thirty/doctor.ts';
import type { Expected, Fault, MachineFault } from './thirty/fault.ts';
import { expectFirst, expectWords, falseFindings, overHttp, type Seeded } from './thirty/look.ts';
import { lostKey, machineFaults } from './thirty/machine-faults.ts';
import { firstPlatformFaults, restartFaults, secondPlatformFaults } from './thirty/platform-faults.ts';
import { type Stack, startStack } from './thirty/stack.ts';

const FAULTS = 30;

const cleanup = new AsyncDisposableStack();
let stack: Stack;
/** So far. */
const seeded: Seeded[] = [];
const found = new Set<string>();
const falsely = new Set<string>();

beforeAll(async () => {
  stack = await startStack(cleanup);
}, 90_000);
afterAll(() => cleanup.disposeAsync());

function titleOf(name: string, { cause, action, who }: Expected): string {
  return `when ${name}, the first finding is ${cause}: ${who ?? 'nobody'} has to do ${action}`;
}

async function expectNothingElse(): Promise<void> {
  const findings = await falseFindings(stack, seeded);
  for (const finding of findings) falsely.add(finding);
  expect(findings).toEqual([]);
}

/** Seeds them together, looks at each as a person does and as the doctor, and makes way for the next. */
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
        for (const read of [overHttp(stack, one.place), byDoctor(stack, one.place)]) {
          await expectFirst(stack, read, fault.expects);
        }
        found.add(fault.name);
      });
    }
    test('nothing else is called broken, in these channels or in those that are well', expectNothingElse);

    afterAll(async () => {
      for (const { undo } of faults) await undo?.(stack);
    });
  });
}

test('in an installation that is well nothing is called broken, and the doctor ends with 0', async () => {
  // A worker tells that it has started with its next heartbeat.
  await stack.until(async () => {
    const waiting = (await allByDoctor(stack)).filter(({ verdict }) => verdict === 'waiting');
    if (waiting.length > 0) throw new Error(waiting.map(({ text }) => text).join('\n'));
  });
  await expectNothingElse();
  const { exitCode, verdict, findings } = await doctorCommand(stack.env, 'en');
  expect(findings.filter((one) => !['ok', 'off'].includes(one.verdict))).toEqual([]);
  expect([exitCode, verdict]).toEqual([0, 'ok']);
});

/** The doctor is run as the command that it is, in both languages. */
function machineFault({ name, environment, expects, exitCodes }: MachineFault): void {
  test(titleOf(name, expects), async () => {
    const env = await environment(stack);
    const [en, ru] = await Promise.all([doctorCommand(env, 'en'), doctorCommand(env, 'ru')]);
    expectWords(en.findings, ru.findings, expects);
    for (const { exitCode } of [en, ru]) expect(exitCodes).toContain(exitCode);
    found.add(name);
  });
}

for (const fault of machineFaults) machineFault(fault);
faultsOf('a channel', channelFaults, true);
faultsOf('a platform', firstPlatformFaults);
faultsOf(
  'a platform, worse',
  secondPlatformFaults((end) => cleanup.defer(end)),
);
faultsOf('a worker that was started again', restartFaults);
machineFault(lostKey);

test('every fault is found first, and nothing is found that is not there', () => {
  console.log(`${found.size} of ${FAULTS}, ${falsely.size} false`);
  expect([found.size, falsely.size]).toEqual([FAULTS, 0]);
});
