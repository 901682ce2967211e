import { expect, test } from 'vitest';
import { STREAMER, type TrovoWorld, trovoWorld } from '../../../../test/support/trovo-world.ts';
import { letSocketsTurn, letTurn } from '../../../../test/support/turns.ts';

const LIVE = { kind: 'live', reason: null };
const MINUTE_MS = 60_000;
const FOUND_MS = MINUTE_MS;
const HEALED_MS = 2 * MINUTE_MS;
/** Shorter than the time a PING waits for its answer. */
const STEP_MS = 5_000;
const TURNS_PER_STEP = 25;

const chatTokens = ({ sim }: TrovoWorld) => sim.calls.filter(({ path }) => path.endsWith('/chat/token')).length;

/** As the worker does: a minute passes, then it asks which channels are live. */
async function minutes(
  { clock, side }: TrovoWorld,
  channel: Parameters<typeof side.reader.setChannels>[0][number],
  count: number,
) {
  for (let minute = 0; minute < count; minute += 1) {
    for (let passed = 0; passed < MINUTE_MS; passed += STEP_MS) {
      await clock.advance(STEP_MS);
      await letSocketsTurn(TURNS_PER_STEP);
    }
    await side.liveStatus?.poll([channel]);
  }
}

test.for([
  ['that is mute', [30], ({ sim }: TrovoWorld) => sim.faults.mute()],
  ['that is half-open', [30], ({ sim }: TrovoWorld) => sim.faults.halfOpen()],
  ['that is mute, of a server that asks for a PING in two minutes', [120], ({ sim }: TrovoWorld) => sim.faults.mute()],
] as const)('a connection %s is found within a minute and replaced within two', async ([, gaps, die]) => {
  const world = await trovoWorld();
  world.sim.faults.changeGap(...gaps);
  await world.read();
  await world.passUntil(() => expect(world.clock.pendingTimers).toBeGreaterThan(0));
  await letTurn(50);
  const deadAtMs = world.clock.monotonicMs();
  const passedMs = () => world.clock.monotonicMs() - deadAtMs;
  die(world);
  await world.passUntil(() => expect(world.told.at(-1)).toEqual({ kind: 'degraded', reason: 'disconnected' }));
  expect(passedMs()).toBeLessThanOrEqual(FOUND_MS);
  await world.passUntil(() => expect(world.told.at(-1)).toEqual(LIVE));
  expect(passedMs()).toBeLessThanOrEqual(HEALED_MS);
  world.sim.say(STREAMER, 'mira_k', 'heard again');
  await world.until(() => expect(world.texts()).toContain('heard again'));
});

test('a server that gives a living connection no lines is found out by another look, and what was missed is read once', async () => {
  const world = await trovoWorld();
  const channel = await world.read();
  world.sim.goLive(STREAMER);
  world.sim.say(STREAMER, 'mira_k', 'before');
  await world.until(() => expect(world.texts()).toEqual(['before']));
  await world.clock.advance(15_000);
  world.sim.faults.forgetReaders();
  world.sim.say(STREAMER, 'otto', 'into the silence');
  await minutes(world, channel, 7);
  // Lines that were read already come again with the recent chat, under their ids.
  const texts = () => [...new Set(world.texts())];
  await world.passUntil(() => expect(texts()).toEqual(['before', 'into the silence']));
  expect(world.events()).toContain('trovo_chatbot.deliveries_withheld');
  await world.passUntil(() => expect(world.states.get(STREAMER)).toEqual(LIVE));
  world.sim.say(STREAMER, 'mira_k', 'heard again');
  await world.until(() => expect(texts()).toEqual(['before', 'into the silence', 'heard again']));
});

test('a look that somebody asks for finds within a minute that lines do not come; when they do it costs one chat token', async () => {
  const world = await trovoWorld();
  const channel = await world.read();
  await world.clock.advance(15_000);
  world.side.reader.look?.(channel);
  await world.until(() => expect(world.sim.connections).toBe(2));
  await world.passUntil(() => expect(world.sim.connections).toBe(1));
  expect(chatTokens(world)).toBe(2);
  world.sim.faults.forgetReaders();
  world.sim.say(STREAMER, 'otto', 'into the silence');
  await world.clock.advance(15_000);
  const askedAtMs = world.clock.monotonicMs();
  world.side.reader.look?.(channel);
  await world.passUntil(() => expect(world.texts()).toEqual(['into the silence']));
  expect(world.clock.monotonicMs() - askedAtMs).toBeLessThanOrEqual(FOUND_MS);
  await world.passUntil(() => expect(world.told.at(-1)).toEqual(LIVE));
  expect(world.events().filter((event) => event === 'trovo_chatbot.deliveries_withheld')).toHaveLength(1);
});

test.for<[string, boolean, number]>([
  ['without a stream', false, 1],
  ['of a stream', true, 12],
])(
  'eight quiet hours %s bring no finding and no new connection',
  { timeout: 60_000 },
  async ([, isLive, tokensMax]) => {
    const world = await trovoWorld();
    const channel = await world.read();
    if (isLive) world.sim.goLive(STREAMER);
    const toldBefore = world.told.length;
    await minutes(world, channel, 8 * 60);
    expect(world.told.slice(toldBefore)).toEqual([]);
    expect(world.events().filter((event) => event === 'trovo_chatbot.join')).toHaveLength(1);
    expect(chatTokens(world)).toBeLessThanOrEqual(tokensMax);
    expect(world.sim.readersOf(STREAMER)).toBe(1);
  },
);
