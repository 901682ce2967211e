import { expect, test } from 'vitest';
import { BOT, STREAMER, trovoWorld } from '../../../../test/support/trovo-world.ts';

const LIVE = { kind: 'live', reason: null };
const SHAPES = [
  { hasChannelInfo: false, hasZeroEid: true },
  { hasChannelInfo: true, hasZeroEid: true },
  { hasChannelInfo: false, hasZeroEid: false },
];

test.for(SHAPES)('thirty lines of history on connect are history, a line after them is not: %o', async (shape) => {
  const { sim, streamer, side, heard, until, clock } = await trovoWorld();
  const channel = streamer(STREAMER);
  sim.setHistory(shape);
  for (let line = 1; line <= 30; line += 1) {
    sim.say(STREAMER, 'mira_k', '!cmd');
    // The last ones are written in the very second of the connect.
    if (line < 25) await clock.advance(1_000);
  }
  side.reader.setChannels([channel]);
  await until(() => expect(heard).toHaveLength(30));
  expect(heard.every(({ isBacklog }) => isBacklog)).toBe(true);
  sim.say(STREAMER, 'mira_k', '!cmd');
  await until(() => expect(heard).toHaveLength(31));
  expect(heard.at(-1)).toMatchObject({ isBacklog: false, text: '!cmd' });
});

test('history that looks like any other frame is known by its age', async () => {
  const { sim, streamer, side, heard, until, clock } = await trovoWorld();
  const channel = streamer(STREAMER);
  sim.setHistory({ hasChannelInfo: true, hasZeroEid: false });
  sim.say(STREAMER, 'mira_k', '!old');
  await clock.advance(1_000);
  side.reader.setChannels([channel]);
  await until(() => expect(heard).toMatchObject([{ text: '!old', isBacklog: true }]));
});

test('of the history after an outage, what was missed is news, and what was read is not', async () => {
  const { sim, read, heard, states, passUntil, clock } = await trovoWorld();
  await read();
  for (let line = 1; line <= 9; line += 1) {
    await clock.advance(1_000);
    sim.say(STREAMER, 'mira_k', `read ${line}`);
  }
  await passUntil(() => expect(heard).toHaveLength(9));
  await clock.advance(1_000);
  await sim.faults.refuse();
  await clock.advance(5_000);
  sim.say(STREAMER, 'mira_k', 'missed');
  await clock.advance(5_000);
  await sim.faults.accept();
  await passUntil(() => expect(states.get(STREAMER)).toEqual(LIVE));
  await passUntil(() => expect(heard).toHaveLength(19));
  const again = heard.slice(9);
  expect(again.filter(({ isBacklog }) => isBacklog).map(({ text }) => text)).toHaveLength(8);
  // Only to the second: the newest line that was read comes again as news, under the id it had.
  const news = again.filter(({ isBacklog }) => !isBacklog);
  expect(news.map(({ text }) => text)).toEqual(['read 9', 'missed']);
  expect(news[0]?.messageId).toBe(heard[8]?.messageId);
  expect(heard.filter(({ isFetched }) => isFetched)).toEqual(again);
});

test('a time far ahead of ours does not turn what follows into history', async () => {
  const { sim, read, heard, states, passUntil, clock } = await trovoWorld();
  await read();
  const inAYear = clock.now().getTime() / 1000 + 365 * 24 * 3600;
  sim.say(STREAMER, 'mira_k', 'from the future', { set: { send_time: inAYear } });
  await passUntil(() => expect(heard).toHaveLength(1));
  sim.faults.dropConnections();
  await clock.advance(1_000);
  sim.say(STREAMER, 'mira_k', 'missed');
  await passUntil(() => expect(states.get(STREAMER)).toEqual(LIVE));
  await passUntil(() => expect(heard.find(({ text }) => text === 'missed')?.isBacklog).toBe(false));
});

test('our own lines in the history prove nothing of what is on its way now', async () => {
  const { sim, streamer, side, heard, until, clock } = await trovoWorld();
  const channel = streamer(STREAMER);
  sim.say(STREAMER, BOT, 'marked');
  sim.say(STREAMER, 'mira_k', 'hi');
  await clock.advance(2_000);
  side.reader.setChannels([channel]);
  await until(() => expect(heard.map(({ text }) => text)).toEqual(['hi']));
});

test('the begin of a stream in the history tells nothing of now', async () => {
  const { sim, read, facts, heard, until } = await trovoWorld();
  await read();
  sim.faults.garbage(
    JSON.stringify({
      type: 'CHAT',
      data: { eid: '1_0_1_1', chats: [{ type: 5012, content: 'stream_on', send_time: 1_700_000_000 }] },
    }),
  );
  sim.say(STREAMER, 'mira_k', 'end');
  await until(() => expect(heard).toHaveLength(1));
  expect(facts).toEqual([]);
});
