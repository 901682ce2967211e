import { expect, test } from 'vitest';
import { lastState, STREAMER, youtubeWorld } from '../../../test/support/youtube-world.ts';

const LIVE = { kind: 'live', reason: null } as const;
const MINUTE_MS = 60_000;

/** One streamer whose chat is read. */
async function room(options: Parameters<typeof youtubeWorld>[0] = {}) {
  const world = await youtubeWorld(options);
  const channel = await world.streamer();
  world.accounts.own(channel.channelId, STREAMER);
  const side = world.open();
  side.reader.setChannels([channel]);
  await world.until(() => lastState(side, LIVE));
  return { ...world, channel, side, say: (text: string, viewer = 'mira_k') => world.sim.say(STREAMER, viewer, text) };
}

test('300 lines of history are history, and the first line after them is new, once', async () => {
  const { sim, clock, streamer, accounts, open, until } = await youtubeWorld({ behaviour: { historyItems: 300 } });
  const channel = await streamer();
  accounts.own(channel.channelId, STREAMER);
  for (let index = 0; index < 300; index += 1) sim.say(STREAMER, 'early_bird', `!old ${index}`);
  await clock.advance(1000);
  const side = open();
  side.reader.setChannels([channel]);
  await until(() => expect(side.messages).toHaveLength(300));
  expect(side.fresh()).toEqual([]);
  sim.say(STREAMER, 'mira_k', '!new');
  await until(() => expect(side.messages).toHaveLength(301));
  expect(side.fresh()).toEqual(['!new']);
});

test('a stream that ends in good order is opened again where it ended: nothing is lost or doubled, one opening is paid', async () => {
  const { sim, side, say, drive, until } = await room();
  say('first');
  await until(() => expect(side.fresh()).toEqual(['first']));
  sim.faults.endStreams();
  say('while away');
  say('still away');
  await drive(() => expect(side.fresh()).toEqual(['first', 'while away', 'still away']));
  say('back');
  await until(() => expect(side.fresh()).toEqual(['first', 'while away', 'still away', 'back']));
  expect(sim.spending().calls).toMatchObject({ 'liveChatMessages.streamList': 2, 'liveBroadcasts.list': 1 });
  expect(sim.spending().calls).not.toHaveProperty('liveChatMessages.list');
});

test('a position that is refused is dropped: lines of the gap are new, older ones are history', async () => {
  const { sim, side, say, drive, until, clock } = await room();
  say('first');
  await until(() => expect(side.fresh()).toEqual(['first']));
  await clock.advance(5000);
  sim.faults.expirePageTokens();
  sim.faults.endStreams();
  say('in the gap');
  await drive(() => expect(side.fresh()).toContain('in the gap'));
  const opens = sim.streamOpens.map(({ pageToken, code }) => [!pageToken, code]);
  expect(opens).toEqual([
    [true, 0],
    [false, 3],
    [true, 0],
  ]);
});

test('the position outlives the process, for as long as the channel is ours', async () => {
  const { sim, channel, side, say, until, open, pool } = await room();
  say('before');
  await until(() => expect(side.fresh()).toEqual(['before']));
  await side.close();
  say('while no worker ran');
  const next = open();
  next.reader.setChannels([channel]);
  await until(() => expect(next.fresh()).toEqual(['while no worker ran']));
  expect(sim.streamOpens.at(-1)?.pageToken).toEqual(expect.any(String));

  await pool.pg.query('update "BotChannelLease" set "startNumber" = 8');
  const position = async () => (await pool.pg.query('select position from "ChatPosition"')).rows[0].position;
  const stored = await position();
  say('read by one who lost the channel');
  await until(() => expect(next.fresh()).toHaveLength(2));
  await next.close();
  expect(await position()).toBe(stored);
});

test('lines written while the bot was switched off are history when it is switched on again', async () => {
  const { channel, side, say, until, pool, clock } = await room();
  say('before');
  await until(() => expect(side.fresh()).toEqual(['before']));
  await clock.advance(5000);
  await until(async () => expect((await pool.pg.query('select from "ChatPosition"')).rowCount).toBe(1));
  side.reader.setChannels([]);
  await pool.pg.query(
    `insert into "BotIntegrationSettings" ("channelId", provider, enabled) values ($1, 'youtube', true)`,
    [channel.channelId],
  );
  say('unheard');
  await clock.advance(1000);
  side.reader.setChannels([channel]);
  await until(() => expect(side.messages.map(({ text }) => text)).toContain('unheard'));
  say('heard');
  await until(() => expect(side.fresh()).toContain('heard'));
  expect(side.fresh()).toEqual(['before', 'heard']);
});

test('a chat outlives its video: lines after the end are read, the chat closes once, and no error is said', async () => {
  const { sim, side, say, drive, until, events } = await room({ behaviour: { chatOutlivesSeconds: 0 } });
  const broadcast = sim.broadcast(STREAMER);
  sim.broadcasts.goOffline(broadcast);
  await drive(() => expect(side.facts.map(({ isLive }) => isLive)).toEqual([true, false]));
  for (let index = 1; index <= 5; index += 1) say(`after ${index}`);
  await until(() => expect(side.fresh()).toHaveLength(5));
  sim.broadcasts.endChat(broadcast);
  await until(() => lastState(side, { kind: 'idle', reason: null }));
  await drive(() => expect(sim.spending().calls['liveBroadcasts.list']).toBeGreaterThan(3));
  expect(events().filter((event) => event === 'youtube_chatbot.offline')).toHaveLength(1);
  expect(events().filter((event) => /failed/.test(event))).toEqual([]);
  expect(sim.streamOpens).toHaveLength(1);
});

test('gifts, polls, bans, tombstones and types of tomorrow are no lines, and end nothing', async () => {
  const { sim, side, say, until } = await room();
  for (const comboCount of [1, 2, 5]) {
    sim.post(STREAMER, 'giftEvent', { author: 'mira_k', id: 'LCC.gift', details: { giftName: 'Rose', comboCount } });
  }
  for (const type of ['pollEvent', 'userBannedEvent', 'tombstone', 'sponsorOnlyModeStartedEvent', 'futureEvent']) {
    sim.post(STREAMER, type);
  }
  const id = say('soon gone');
  await until(() => expect(side.fresh()).toEqual(['soon gone']));
  sim.deleteMessage(STREAMER, id);
  say('still here');
  await until(() => expect(side.fresh()).toEqual(['soon gone', 'still here']));
  expect(sim.streamOpens).toHaveLength(1);
});

test('what the buyer of a Super Chat wrote is a line; the amount is none', async () => {
  const { sim, side, until } = await room();
  sim.post(STREAMER, 'superChatEvent', {
    author: 'mira_k',
    displayMessage: '$5.00: !hi',
    details: { amountMicros: '5000000', currency: 'USD', amountDisplayString: '$5.00', userComment: '!hi', tier: 2 },
  });
  await until(() => expect(side.fresh()).toEqual(['!hi']));
});

test.for([
  ['a response that cannot be decoded', 'garbage'],
  ['bytes that are no HTTP/2', 'garbageFrames'],
  ['connections that are cut', 'dropConnections'],
  ['a server that says goodbye', 'goAway'],
  ['a response of five megabytes', 'oversizedResponse'],
  ['streams that fail in the middle for a token', 'failAuth'],
] as const)('%s: the chat is read on, without a line lost', async ([, fault]) => {
  const { sim, side, say, drive, until } = await room();
  say('before');
  await until(() => expect(side.fresh()).toEqual(['before']));
  if (fault === 'failAuth') sim.faults.failStreams('authError');
  else sim.faults[fault]();
  say('in between');
  await drive(() => expect(side.fresh()).toContain('in between'));
  say('after');
  await drive(() => expect(side.fresh()).toContain('after'));
  await drive(() => lastState(side, LIVE));
});

test('a token that runs out changes nothing of an open stream; the next opening carries a fresh one', async () => {
  const { sim, side, say, drive, until, accounts } = await room();
  sim.faults.expireTokens(sim.personOf(STREAMER));
  say('on an old token');
  await until(() => expect(side.fresh()).toEqual(['on an old token']));
  expect(sim.streamOpens).toHaveLength(1);
  sim.faults.endStreams();
  say('later');
  await drive(() => expect(side.fresh()).toEqual(['on an old token', 'later']));
  expect(sim.streamOpens.map(({ code }) => code)).toEqual([0, 16, 0]);
  expect(accounts.renewals).toBe(1);
});

test('a chat its owner switched off is looked at rarely, and read again when it is back', async () => {
  const { sim, side, say, drive, until } = await room();
  const { chat } = sim.broadcast(STREAMER);
  chat.state = 'disabled';
  sim.faults.failStreams('liveChatDisabled');
  await drive(() => lastState(side, { kind: 'degraded', reason: 'chat_disabled' }));
  const opens = sim.streamOpens.length;
  await drive(() => expect(sim.streamOpens.length).toBeGreaterThan(opens + 1));
  expect(sim.streamOpens.slice(opens).every(({ code }) => code === 9)).toBe(true);
  const [last, before] = [sim.streamOpens.at(-1)?.at ?? 0, sim.streamOpens.at(-2)?.at ?? 0];
  expect(last - before).toBeGreaterThanOrEqual(4 * MINUTE_MS);
  chat.state = 'open';
  await drive(() => lastState(side, LIVE));
  say('back');
  await until(() => expect(side.fresh()).toContain('back'));
});

test('two broadcasts at once are both read; when one ends the other stays', async () => {
  const { sim, side, until, drive } = await room();
  const first = sim.broadcast(STREAMER);
  const second = sim.startBroadcast(STREAMER, { kind: 'persistent' });
  await drive(() => expect(sim.isRead(STREAMER, second.id)).toBe(true));
  sim.say(STREAMER, 'mira_k', 'wide', { broadcast: first.id });
  sim.say(STREAMER, 'mira_k', 'tall', { broadcast: second.id });
  await until(() => expect(side.fresh().toSorted()).toEqual(['tall', 'wide']));
  sim.broadcasts.endChat(first);
  await drive(() => expect(sim.isRead(STREAMER, first.id)).toBe(false));
  sim.say(STREAMER, 'mira_k', 'still tall', { broadcast: second.id });
  await until(() => expect(side.fresh()).toContain('still tall'));
  expect(side.facts.map(({ isLive }) => isLive)).toEqual([true]);
});

test('where streams are out of reach the chat is polled, no sooner than allowed, and streamed again later', async () => {
  const { sim, side, say, drive, until, clock } = await room({ behaviour: { pollingIntervalMillis: 7000 } });
  say('streamed');
  await until(() => expect(side.fresh()).toEqual(['streamed']));
  await sim.faults.refuseGrpc();
  await drive(() => expect(sim.spending().calls['liveChatMessages.list'] ?? 0).toBeGreaterThan(0));
  say('polled');
  await drive(() => expect(side.fresh()).toContain('polled'));
  expect(side.messages[0]).not.toHaveProperty('isFetched');
  expect(side.messages.find(({ text }) => text === 'polled')).toMatchObject({ isFetched: true });
  lastState(side, LIVE);
  const [polls, startedMs] = [sim.spending().calls['liveChatMessages.list'] ?? 0, clock.monotonicMs()];
  await drive(() => expect(clock.monotonicMs() - startedMs).toBeGreaterThan(2 * MINUTE_MS));
  expect((sim.spending().calls['liveChatMessages.list'] ?? 0) - polls).toBeLessThanOrEqual((2 * MINUTE_MS) / 7000 + 1);
  await sim.faults.accept();
  const opens = sim.streamOpens.length;
  await drive(() => expect(sim.streamOpens.length).toBeGreaterThan(opens));
  say('streamed again');
  await drive(() => expect(side.fresh()).toContain('streamed again'));
});

test('a chat that is polled stays so when streaming, tried again, still fails: nobody waits minutes for an answer', async () => {
  const { sim, side, say, drive, events, clock } = await room();
  await sim.faults.refuseGrpc();
  const polls = () => sim.spending().calls['liveChatMessages.list'] ?? 0;
  await drive(() => expect(polls()).toBeGreaterThan(0));
  const startedMs = clock.monotonicMs();
  let [longestMs, lastMs, known] = [0, startedMs, polls()];
  await drive(() => {
    if (polls() > known) {
      longestMs = Math.max(longestMs, clock.monotonicMs() - lastMs);
      [known, lastMs] = [polls(), clock.monotonicMs()];
    }
    expect(clock.monotonicMs() - startedMs).toBeGreaterThan(15 * MINUTE_MS);
  });
  expect(longestMs).toBeLessThan(MINUTE_MS);
  expect(events().filter((event) => event === 'youtube_chatbot.polling')).toHaveLength(1);
  say('still heard');
  await drive(() => expect(side.fresh()).toContain('still heard'));
});

test('a server that takes no more streams for now is left alone for a minute and more', async () => {
  const { sim, side, drive } = await room();
  sim.faults.refuseStreams('rateLimitExceeded', 2);
  sim.faults.endStreams();
  await drive(() => lastState(side, { kind: 'degraded', reason: 'rate_limited' }));
  await drive(() => lastState(side, LIVE));
  const [, refused, again] = sim.streamOpens.map(({ at }) => at);
  expect((again ?? 0) - (refused ?? 0)).toBeGreaterThanOrEqual(30_000);
});
