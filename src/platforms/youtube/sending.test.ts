import { expect, test } from 'vitest';
import { BOT, lastState, STREAMER, youtubeWorld } from '../../../test/support/youtube-world.ts';
import type { PlatformMessageId } from '../../lib/brand.ts';
import { storedReason } from '../causes/reasons.ts';
import { youtubeCauses } from './causes.ts';

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
    send: (text: string, { as = bot, answers = null }: { as?: typeof bot; answers?: PlatformMessageId | null } = {}) =>
      side.sender.send(channel, text, as, DEADLINE_MS, answers),
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
  await until(() => lastState(side, { kind: 'needs_user_action', reason: 'owner_not_linked' }));
  expect(await send()).toEqual({ kind: 'unavailable', reason: 'owner_not_linked' });

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
  const { streamer, accounts, open, bot, until, drive, pass, sim } = await youtubeWorld();
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
  // 20 s after the last look; without a wish the next one is due after 100 s.
  await drive(() => expect(checks()).toBeGreaterThan(before), 40_000);
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
  expect(outcome.kind !== 'sent' && storedReason(outcome)).toMatch(
    new RegExp(`^(YouTube API error: \\d{3} )?${reason}$`),
  );
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
  await pass(1_000);
  sim.say(STREAMER, 'mira_k', 'others are seen');
  await until(() => expect(side.fresh()).toEqual(['others are seen']));
  await pass(31_000);
  lastState(side, { kind: 'live', reason: 'echo_missing' });
  expect(events()).toContain('youtube_chatbot.echo_missing');
  await send('seen');
  await until(() => lastState(side, LIVE));
});

test('a message that does not come back from a chat where nothing else does is judged when the next line comes', async () => {
  const { sim, send, side, pass, until, events } = await room();
  sim.faults.holdMessages(2);
  await send('into the quiet');
  await pass(31_000);
  lastState(side, { kind: 'live', reason: 'echo_unseen' });
  expect(youtubeCauses.echo_unseen.verdict).toBe('waiting');
  expect(events()).not.toContain('youtube_chatbot.echo_missing');
  sim.say(STREAMER, 'mira_k', 'the chat is delivered');
  await until(() => lastState(side, { kind: 'live', reason: 'echo_missing' }));
  await send('held as well');
  await send('seen');
  await until(() => lastState(side, LIVE));
});

test('a chat for members alone refuses the bot for a reason of its own, over a stream and over polls, until it opens again', async () => {
  const { sim, send, side, until, drive } = await room();
  const refusal = { kind: 'rejected', reason: 'members_only', detail: expect.stringContaining('forbidden') };
  sim.setMembersOnly(STREAMER, true);
  sim.say(STREAMER, 'mira_k', 'told');
  await until(() => expect(side.fresh()).toEqual(['told']));
  expect(await send('outside')).toEqual(refusal);
  expect(youtubeCauses.members_only).toMatchObject({ verdict: 'broken', who: 'streamer' });
  sim.setMembersOnly(STREAMER, false);
  sim.faults.refuseMessages('forbidden');
  sim.say(STREAMER, 'mira_k', 'open');
  await until(() => expect(side.fresh()).toHaveLength(2));
  // Banned, for example: the mode of the chat is no longer the reason.
  expect(await send('still refused')).not.toMatchObject({ reason: 'members_only' });

  sim.faults.refuseStreams('forbidden', 1);
  sim.faults.endStreams();
  await drive(() => expect(sim.spending().calls['liveChatMessages.list'] ?? 0).toBeGreaterThan(0));
  sim.setMembersOnly(STREAMER, true);
  sim.say(STREAMER, 'mira_k', 'told a poll');
  await drive(() => expect(side.fresh()).toContain('told a poll'));
  expect(await send('outside again')).toEqual(refusal);
});

test('with two broadcasts at once an answer goes to the chat that asked, and what nobody asked for to the first', async () => {
  const { sim, send, side, drive, until } = await room();
  const first = sim.broadcast(STREAMER);
  const second = sim.startBroadcast(STREAMER, { kind: 'persistent' });
  await drive(() => expect(sim.isRead(STREAMER, second.id)).toBe(true));
  sim.say(STREAMER, 'mira_k', 'from the first', { broadcast: first.id });
  sim.say(STREAMER, 'mira_k', 'from the second', { broadcast: second.id });
  await until(() => expect(side.fresh()).toHaveLength(2));
  const idOf = (text: string) => side.messages.find((message) => message.text === text)?.messageId ?? null;
  await send('to the second', { answers: idOf('from the second') });
  await send('to the first', { answers: idOf('from the first') });
  await send('said');
  await send('to a line nobody remembers', { answers: 'LCC.long-ago' as PlatformMessageId });
  const textsIn = (chat: typeof first.chat) => chat.page(0, 100).items.map(({ snippet }) => snippet.displayMessage);
  expect(textsIn(first.chat)).toEqual(['from the first', 'to the first', 'said', 'to a line nobody remembers']);
  expect(textsIn(second.chat)).toEqual(['from the second', 'to the second']);

  sim.broadcasts.endChat(second);
  await drive(() => expect(sim.isRead(STREAMER, second.id)).toBe(false));
  await drive(async () => {
    expect((await send('too late', { answers: idOf('from the second') })).kind).toBe('sent');
  });
  expect(textsIn(first.chat)).toContain('too late');
});

test('one channel’s messages do not spend what others are to speak with', async () => {
  const { send, streamer, accounts, side, channel, until, sim, bot } = await room({
    env: { YOUTUBE_DAILY_QUOTA_UNITS: '400' },
  });
  const other = await streamer('southoak');
  accounts.own(other.channelId, 'southoak');
  side.reader.setChannels([channel, other]);
  await until(() => expect(sim.isRead('southoak')).toBe(true));
  const outcomes = [];
  for (let index = 0; index < 20; index += 1) outcomes.push(await send(`line ${index}`));
  // Up to the half of the units by whoever comes first, and five more of the other half's ten.
  expect(outcomes.filter(({ kind }) => kind === 'sent')).toHaveLength(15);
  expect(outcomes.at(-1)).toMatchObject({ kind: 'unavailable', reason: 'channel_quota_spent' });
  expect((await side.sender.send(other, 'mine', bot, DEADLINE_MS)).kind).toBe('sent');
});

test('where chats are polled nobody expects an echo at once', async () => {
  const { sim, send, side, drive, pass, events } = await room();
  sim.faults.refuseStreams('forbidden', 1);
  sim.faults.endStreams();
  await drive(() => expect(sim.spending().calls['liveChatMessages.list'] ?? 0).toBeGreaterThan(0));
  sim.faults.holdMessages();
  expect((await send('held for review')).kind).toBe('sent');
  await pass(31_000);
  lastState(side, LIVE);
  expect(events()).not.toContain('youtube_chatbot.echo_missing');
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
  await send('!cmd', { as: own });
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
