import { expect, test } from 'vitest';
import { BOT, lastState, STREAMER, youtubeWorld } from '../../../test/support/youtube-world.ts';

const LIVE = { kind: 'live', reason: null } as const;
const DEADLINE_MS = 1000;

/** One streamer whose chat is read, and a bot. */
async function room(options: Parameters<typeof youtubeWorld>[0] = {}) {
  const world = await youtubeWorld(options);
  const channel = await world.streamer();
  world.accounts.own(channel.channelId, STREAMER);
  const side = world.open();
  side.reader.setChannels([channel]);
  await world.until(() => lastState(side, LIVE));
  const bot = world.bot();
  return {
    ...world,
    channel,
    side,
    bot,
    send: (text: string, as = bot) => side.sender.send(channel, text, as, DEADLINE_MS),
    said: () =>
      world.sim
        .messagesIn(STREAMER)
        .filter(({ transport }) => transport !== 'script')
        .map(({ text }) => text),
  };
}

test('the id in the answer is the confirmation, and the echo is known for our own', async () => {
  const { send, said, side, until, sim } = await room();
  const outcome = await send('hello');
  expect(outcome).toEqual({ kind: 'sent', platformMessageId: sim.messagesIn(STREAMER)[0]?.id });
  expect(said()).toEqual(['hello']);
  await until(() => expect(side.messages).toMatchObject([{ text: 'hello', isOwn: true, isBacklog: false }]));
});

test('before the first look at the channel no message is refused; without a stream it is, in the contract’s words', async () => {
  const { streamer, accounts, open, bot, until, drive, sim, clock } = await youtubeWorld();
  const channel = await streamer(STREAMER, false);
  const side = open();
  const send = () => side.sender.send(channel, 'hello', bot(), DEADLINE_MS);
  expect(await send()).toEqual({ kind: 'unavailable', reason: 'live_check_pending' });
  side.reader.setChannels([channel]);
  await until(() => lastState(side, { kind: 'needs_user_action', reason: 'owner_relink_required' }));
  expect(await send()).toEqual({ kind: 'unavailable', reason: 'owner_relink_required' });

  accounts.own(channel.channelId, STREAMER);
  await drive(() => lastState(side, { kind: 'idle', reason: null }));
  expect(side.sendable).toEqual([channel.channelId]);
  const retryAt = new Date(clock.now().getTime() + 20_000);
  expect(await send()).toEqual({ kind: 'retry', reason: 'No active live chat', retryAt });

  sim.startBroadcast(STREAMER);
  await drive(() => expect(side.sendable).toHaveLength(2));
  expect(await send()).toMatchObject({ kind: 'sent' });
});

test('who wants to speak makes the stream be looked for sooner', async () => {
  const { streamer, accounts, open, bot, until, pass, sim } = await youtubeWorld();
  const channel = await streamer(STREAMER, false);
  accounts.own(channel.channelId, STREAMER);
  const side = open();
  side.reader.setChannels([channel]);
  await until(() => lastState(side, { kind: 'idle', reason: null }));
  await pass(3_600_000);
  await pass(25_000);
  const checks = () => sim.spending().calls['liveBroadcasts.list'] ?? 0;
  const before = checks();
  await side.sender.send(channel, 'anybody?', bot(), DEADLINE_MS);
  await until(() => expect(checks()).toBe(before + 1));
});

test.for([
  ['rateLimitExceeded', 'unavailable'],
  ['quotaExceeded', 'unavailable'],
  ['forbidden', 'rejected'],
  ['messageTextInvalid', 'rejected'],
  ['insufficientPermissions', 'unavailable'],
  ['authError', 'unauthorized'],
  ['backendError', 'unavailable'],
] as const)('refused with %s a message is %s', async ([reason, kind]) => {
  const { sim, send, said } = await room();
  sim.faults.refuseCalls(reason, '/youtube/v3/liveChat/messages', 1, 'POST');
  const outcome = await send('hello');
  expect(outcome.kind).toBe(kind);
  expect('reason' in outcome && outcome.reason).toMatch(new RegExp(`^(YouTube API error: \\d{3} )?${reason}$`));
  expect(said()).toEqual([]);
});

test('one request is made for one message, whatever the answer: no library repeats it', async () => {
  const { sim, send } = await room();
  for (const status of [408, 429, 500, 503]) {
    sim.faults.http({
      kind: 'answer',
      status,
      body: 'busy',
      path: '/youtube/v3/liveChat/messages',
      method: 'POST',
      times: 1,
    });
    await send(`answered with ${status}`);
  }
  expect(sim.calls.filter(({ method }) => method === 'POST')).toHaveLength(4);
});

test('a message whose answer is lost is not sent again here, and its echo is known for our own', async () => {
  const { sim, send, said, side, until } = await room();
  sim.faults.loseInsertAnswers();
  const sending = send('only once');
  await until(() => expect(side.messages).toMatchObject([{ text: 'only once', isOwn: true }]));
  expect(await sending).toEqual({ kind: 'unconfirmed', reason: 'unconfirmed' });
  expect(said()).toEqual(['only once']);
});

test('a message that nobody sees is sent, and the channel’s health says so until one is seen', async () => {
  const { sim, send, side, pass, events, until } = await room();
  sim.faults.holdMessages();
  expect((await send('held for review')).kind).toBe('sent');
  await pass(31_000);
  lastState(side, { kind: 'live', reason: 'echo_missing' });
  expect(events()).toContain('youtube_chatbot.echo_missing');
  await send('seen');
  await until(() => lastState(side, LIVE));
});

test('when one of two chats ends, what is said goes to the other', async () => {
  const { sim, send, drive } = await room();
  const first = sim.broadcast(STREAMER);
  const second = sim.startBroadcast(STREAMER, { kind: 'persistent' });
  await drive(() => expect(sim.isRead(STREAMER, second.id)).toBe(true));
  expect((await send('to the first')).kind).toBe('sent');
  sim.broadcasts.endChat(first);
  await drive(async () => expect((await send('to the second')).kind).toBe('sent'));
  expect([first.chat.end, second.chat.end]).toEqual([2, 1]);
});

test('a chat that ended a moment ago answers like an absent one', async () => {
  const { sim, send } = await room();
  sim.faults.refuseMessages('liveChatEnded');
  expect(await send('too late')).toMatchObject({ kind: 'retry', reason: 'No active live chat' });
});

test('a streamer who is the bot too is heard, and what the bot said for them is not', async () => {
  const { sim, side, send, accounts, until } = await room();
  const own = accounts.sender(STREAMER);
  await send('!cmd', own);
  sim.say(STREAMER, STREAMER, '!cmd');
  await until(() => expect(side.messages.map(({ isOwn }) => isOwn)).toEqual([true, false]));
});

test('what another of our accounts writes by hand is our own; the same words of a viewer are not', async () => {
  const { sim, side, until, bot } = await room();
  sim.say(STREAMER, BOT, '!mark');
  sim.say(STREAMER, 'mira_k', '!mark');
  await until(() => expect(side.messages.map(({ isOwn }) => isOwn)).toEqual([true, false]));
  expect(bot.login).toEqual(side.messages[0]?.author.platformUserId);
});
