import { Writable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import type { ChannelId, PlatformChannelId } from '../../lib/brand.ts';
import { PlatformRefused } from '../../lib/errors.ts';
import { createLogger } from '../../lib/logger.ts';
import type { ReadChannel } from '../../platforms/worker-side.ts';
import { NameSweep, type Renaming } from './name-sweep.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Channels `c0`, `c1`, … whose ids are `0`, `1`, … and whose names the platform gives as `truth` says. */
function world(count: number) {
  const clock = new ManualClock();
  const held = new Map<ChannelId, ReadChannel>();
  const truth = new Map<string, string>();
  const shown = new Map<string, string>();
  const bots = [{ platformUserId: 'bot', login: 'helper', displayName: 'helper' }];
  truth.set('bot', 'helper');
  for (let index = 0; index < count; index += 1) {
    const channelId = `c${index}` as ChannelId;
    held.set(channelId, { ...CHANNEL, channelId, target: `#Name${index}` as PlatformChannelId, stableId: `${index}` });
    truth.set(`${index}`, `name${index}`);
  }
  const log: string[] = [];
  const output = new Writable({
    write: (chunk, _encoding, done) => done(void log.push(JSON.parse(String(chunk)).event)),
  });
  const questions: (readonly string[])[] = [];
  const told: string[] = [];
  const state: { fails: Error | null; renaming: Renaming; botFails: Error | null; mayMove: boolean } = {
    mayMove: true,
    fails: null,
    renaming: 'written',
    botFails: null,
  };
  const sweep = new NameSweep({
    clock,
    log: createLogger({ level: 'debug', clock, output, errorOutput: output }),
    logPrefix: 'any.',
    held: () => held,
    bots: async () => bots,
    names: {
      idsPerQuestion: 100,
      idOf: ({ stableId }) => stableId,
      async namesOf(ids) {
        questions.push(ids);
        if (state.fails) throw state.fails;
        const found = ids.flatMap((id) => (truth.has(id) ? [[id, truth.get(id) ?? ''] as const] : []));
        return new Map(found.map(([id, login]) => [id, { login, displayName: shown.get(id) ?? login }]));
      },
      isGone: ({ channelId }) => told.push(`${channelId} is gone`),
      mayMove: async () => state.mayMove,
    },
    async channelRenamed({ channelId }, to) {
      told.push(`${channelId} ${to}`);
      return state.renaming;
    },
    async botRenamed({ login }, to) {
      told.push(`${login} ${to.login} ${to.displayName}`);
      if (state.botFails) throw state.botFails;
    },
  });
  onTestFinished(() => sweep.stop());
  return { clock, held, truth, shown, questions, told, state, sweep, log };
}

const CHANNEL = { slug: 's', ownerUserId: null, extra: {} };

test('every id is asked for once an hour, a hundred in a question, and who is called as ever is left alone', async () => {
  const { clock, questions, told } = world(250);
  await clock.advance(HOUR);
  expect(questions.map(({ length }) => length)).toEqual([100, 100, 51]);
  expect(new Set(questions.flat()).size).toBe(251);
  await clock.advance(2 * HOUR);
  const perId = Map.groupBy(questions.flat(), (id) => id);
  expect([...new Set([...perId.values()].map(({ length }) => length))]).toEqual([3]);
  expect(told).toEqual([]);
});

test('a row that names another chat than its channel’s own is left alone', async () => {
  const { clock, truth, told, state } = world(1);
  truth.set('0', 'southoak');
  state.mayMove = false;
  await clock.advance(HOUR);
  expect(told).toEqual([]);
});

test('a name of a bot that could not be written down is tried again in a minute, and keeps nobody else waiting', async () => {
  const { clock, truth, told, state } = world(1);
  truth.set('bot', 'helper2');
  truth.set('0', 'southoak');
  state.botFails = new Error('the database is away');
  await clock.advance(10_000);
  expect(told.sort()).toEqual(['c0 southoak', 'helper helper2 helper2']);
  state.botFails = null;
  await clock.advance(MINUTE);
  expect(told.filter((one) => one.startsWith('helper'))).toHaveLength(2);
  await clock.advance(10 * MINUTE);
  expect(told.filter((one) => one.startsWith('helper'))).toHaveLength(2);
});

test('renamed channels and bots are told of, and an id that nobody has any more', async () => {
  const { clock, truth, told } = world(3);
  truth.set('1', 'southoak');
  truth.set('bot', 'helper2');
  truth.delete('2');
  await clock.advance(MINUTE);
  expect(told.sort()).toEqual(['c1 southoak', 'c2 is gone', 'helper helper2 helper2']);
});

test('what could not be asked or written down is tried again a minute later, not an hour', async () => {
  const { clock, truth, questions, told, state, log } = world(1);
  truth.set('0', 'southoak');
  state.fails = new Error('down');
  await clock.advance(2 * MINUTE);
  expect(log).toEqual(['any.name_lookup_failed', 'any.name_lookup_failed']);
  state.fails = null;
  state.renaming = 'failed';
  await clock.advance(2 * MINUTE);
  expect(told).toEqual(['c0 southoak', 'c0 southoak']);
  state.renaming = 'written';
  const before = questions.length;
  await clock.advance(30 * MINUTE);
  expect(questions).toHaveLength(before + 1);
});

test('a bot whose login stays is told of when people see another name', async () => {
  const { clock, shown, told } = world(1);
  shown.set('bot', 'Helper');
  await clock.advance(MINUTE);
  expect(told).toEqual(['helper helper Helper']);
});

test('a platform that refuses to tell names is asked again in an hour, and logged once', async () => {
  const { clock, truth, questions, told, state, log } = world(1);
  truth.set('0', 'southoak');
  state.fails = new PlatformRefused('no');
  await clock.advance(30 * MINUTE);
  expect(questions).toHaveLength(1);
  expect(log).toEqual(['any.name_lookup_failed']);
  state.fails = null;
  await clock.advance(HOUR);
  expect(told).toEqual(['c0 southoak']);
});

test('channels that nobody answers for are asked for at once, in one question', async () => {
  const { clock, truth, questions, told, sweep } = world(5);
  await clock.advance(MINUTE);
  for (const id of ['1', '2']) truth.set(id, `moved${id}`);
  for (const id of ['c1', 'c2', 'unknown']) sweep.lost(id as ChannelId);
  await clock.advance(2_000);
  expect(questions).toEqual([
    ['0', '1', '2', '3', '4', 'bot'],
    ['1', '2'],
  ]);
  expect(told).toEqual(['c1 moved1', 'c2 moved2']);
});

test('a name that another channel has is tried once more when all have been compared, and again in an hour', async () => {
  const { clock, truth, told, state } = world(1);
  truth.set('0', 'southoak');
  state.renaming = 'taken';
  await clock.advance(HOUR);
  expect(told).toEqual(['c0 southoak', 'c0 southoak']);
  await clock.advance(10 * MINUTE);
  expect(told).toHaveLength(4);
});

test('a channel that was given another name while the platform was asked is compared in its own time', async () => {
  const { clock, truth, held, told } = world(1);
  truth.set('0', 'southoak');
  const channelId = 'c0' as ChannelId;
  const channel = held.get(channelId) as ReadChannel;
  const get = held.get.bind(held);
  held.get = (key) => (key === channelId ? { ...channel, target: 'other' as PlatformChannelId } : get(key));
  await clock.advance(MINUTE);
  expect(told).toEqual([]);
});
