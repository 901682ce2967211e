/** The simulated chat over REST: pages, intervals, messages and refusals. */
import { expect, test } from 'vitest';
import { liveRoom, textMessage } from '../../test/support/youtube-simulator.ts';

const PARTS = 'id,snippet,authorDetails';
const SNIPPET = { part: 'snippet' };

async function room(options: Parameters<typeof liveRoom>[0] = { limits: { enforcePolling: 0 } }) {
  const world = await liveRoom(options);
  const { api, tokens, chatId } = world;
  const list = (pageToken?: string, access = tokens.streamer) =>
    api('GET', 'liveChat/messages', access, {
      liveChatId: chatId,
      part: PARTS,
      ...(pageToken === undefined ? {} : { pageToken }),
    });
  const insert = (text: string, access = tokens.bot) =>
    api('POST', 'liveChat/messages', access, SNIPPET, textMessage(chatId, text));
  return { ...world, list, insert };
}

function textsOf({ body }: { body: { items: { snippet: { displayMessage?: string } }[] } }) {
  return body.items.map(({ snippet }) => snippet.displayMessage);
}

test('a page token leads to what is newer, without gap or repetition; without one the recent past is given', async () => {
  const { sim, list } = await room({ limits: { enforcePolling: 0 }, behaviour: { historyItems: 2 } });
  for (const text of ['one', 'two', 'three']) sim.say('northpine', 'mira_k', text);
  const first = await list();
  expect(textsOf(first)).toEqual(['two', 'three']);
  expect(first.body.items[0]).toMatchObject({
    kind: 'youtube#liveChatMessage',
    snippet: { type: 'textMessageEvent', publishedAt: '2026-11-22T10:00:00.000000+00:00' },
    authorDetails: { isVerified: false, isChatOwner: false, isChatSponsor: false, isChatModerator: false },
  });
  const second = await list(first.body.nextPageToken);
  expect(second.body).toMatchObject({ items: [], nextPageToken: expect.any(String), pollingIntervalMillis: 5000 });
  sim.say('northpine', 'mira_k', 'four');
  for (const { body } of [first, second]) expect(textsOf(await list(body.nextPageToken))).toEqual(['four']);
});

test('a page token of another chat, of the other transport, too old or made up is refused', async () => {
  const { sim, clock, list, broadcast, api, tokens } = await room();
  const { nextPageToken } = (await list()).body;
  const other = sim.startBroadcast('southoak');
  const foreign = { liveChatId: other.chat.id, part: PARTS, pageToken: nextPageToken };
  expect(await api('GET', 'liveChat/messages', tokens.bot, foreign)).toMatchObject({
    status: 400,
    reason: 'pageTokenInvalid',
  });
  expect((await list('bm90aGluZw')).reason).toBe('pageTokenInvalid');
  sim.setBehaviour({ pageTokenSeconds: 60 });
  await clock.advance(61_000);
  expect((await list(nextPageToken)).reason).toBe('pageTokenInvalid');
  const fresh = (await list()).body.nextPageToken;
  expect((await list(fresh)).status).toBe(200);
  sim.faults.expirePageTokens();
  expect((await list(fresh)).reason).toBe('pageTokenInvalid');
  expect(broadcast.chat.state).toBe('open');
});

test('polling too early is refused to that account only, and the interval grows while the chat is idle', async () => {
  const { sim, clock, list, tokens } = await room({ behaviour: { pollingIntervalMillis: 'adaptive' } });
  sim.say('northpine', 'mira_k', 'one');
  const first = await list();
  expect(first.body.pollingIntervalMillis).toBe(1000);
  expect(await list(first.body.nextPageToken)).toMatchObject({ status: 403, reason: 'rateLimitExceeded' });
  expect((await list(undefined, tokens.bot)).status).toBe(200);
  await clock.advance(1000);
  expect((await list(first.body.nextPageToken)).body.pollingIntervalMillis).toBe(1500);
  await clock.advance(1499);
  expect((await list()).reason).toBe('rateLimitExceeded');
  await clock.advance(1);
  expect((await list()).body.pollingIntervalMillis).toBe(1000);
});

test('an accepted message appears in the chat with the id of the answer', async () => {
  const { sim, insert, list, bot } = await room();
  sim.setModerator('northpine', 'helperbot');
  const sent = await insert('hello');
  expect(sent).toMatchObject({
    status: 200,
    body: { kind: 'youtube#liveChatMessage', snippet: { displayMessage: 'hello', authorChannelId: bot.id } },
  });
  expect(sent.body).not.toHaveProperty('authorDetails');
  expect((await list()).body.items).toMatchObject([{ id: sent.body.id, authorDetails: { isChatModerator: true } }]);
  expect(sim.messagesIn('northpine')).toMatchObject([{ id: sent.body.id, author: 'helperbot', transport: 'rest' }]);
});

test('a malformed message is refused with the reason that the API reference names', async () => {
  const { api, tokens, chatId, insert } = await room();
  const post = async (snippet: object) =>
    (await api('POST', 'liveChat/messages', tokens.bot, SNIPPET, { snippet })).reason;
  const type = 'textMessageEvent';
  expect(await post({ type })).toBe('liveChatIdRequired');
  expect(await post({ liveChatId: 'nowhere', type })).toBe('liveChatNotFound');
  expect(await post({ liveChatId: chatId })).toBe('typeRequired');
  expect(await post({ liveChatId: chatId, type })).toBe('messageTextRequired');
  expect(await insert('x'.repeat(201))).toMatchObject({ status: 400, reason: 'messageTextInvalid' });
  expect((await insert('👋'.repeat(100))).status).toBe(200);
  expect((await api('POST', 'liveChat/messages', tokens.bot, {}, {})).reason).toBe('missingRequiredParameter');
});

test('the rate limit, slow mode, members-only mode and bans refuse messages; the owner needs no membership', async () => {
  const { sim, clock, insert, broadcast, tokens } = await room({ limits: { messagesPer10s: 2, enforcePolling: 0 } });
  await insert('one');
  await insert('two');
  expect(await insert('three')).toMatchObject({ status: 403, reason: 'rateLimitExceeded' });
  await clock.advance(10_000);
  broadcast.chat.slowSeconds = 30;
  expect((await insert('slow one')).reason).toBe('rateLimitExceeded');
  await clock.advance(30_000);
  expect((await insert('slow two')).status).toBe(200);
  broadcast.chat.slowSeconds = 0;
  broadcast.chat.isMembersOnly = true;
  expect(await insert('outside')).toMatchObject({ status: 403, reason: 'forbidden' });
  sim.setMember('northpine', 'helperbot');
  expect((await insert('inside')).status).toBe(200);
  sim.ban('northpine', 'helperbot', 300);
  await clock.advance(299_000);
  expect((await insert('banned')).reason).toBe('forbidden');
  await clock.advance(1000);
  expect((await insert('back')).status).toBe(200);
  expect((await insert('owner', tokens.owner)).status).toBe(200);
});

test('a held message never appears, a delayed one appears later, and one whose answer is lost is in the chat', async () => {
  const { sim, clock, insert, list } = await room();
  sim.faults.holdMessages();
  expect((await insert('held')).status).toBe(200);
  sim.faults.delayEchoes(3000);
  await insert('late');
  expect(textsOf(await list())).toEqual([]);
  await clock.advance(3000);
  expect(textsOf(await list())).toEqual(['late']);
  sim.faults.loseInsertAnswers();
  const gaveUp = fetch(`${sim.urls.api}/youtube/v3/liveChat/messages?part=snippet`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${sim.issueToken('helperbot', ['https://www.googleapis.com/auth/youtube']).access}`,
    },
    body: JSON.stringify(textMessage(sim.broadcast('northpine').chat.id, 'lost')),
    signal: AbortSignal.timeout(200),
  });
  await expect(gaveUp).rejects.toThrow();
  expect(sim.messagesIn('northpine').map(({ text }) => text)).toEqual(['late', 'lost']);
  sim.faults.refuseMessages('forbidden');
  expect((await insert('refused')).reason).toBe('forbidden');
});

test('a chat stays open for a while after the broadcast, announces its end, and then refuses every call', async () => {
  const { sim, clock, list, insert, broadcast } = await room();
  const { nextPageToken } = (await list()).body;
  sim.broadcasts.goOffline(broadcast);
  sim.say('northpine', 'mira_k', 'gg');
  const offline = await list(nextPageToken);
  expect(offline.body.offlineAt).toBe('2026-11-22T10:00:00.000Z');
  expect(textsOf(offline)).toEqual(['gg']);
  await clock.advance(60_000);
  const last = await list(offline.body.nextPageToken);
  expect(last.body.items).toMatchObject([{ snippet: { type: 'chatEndedEvent', hasDisplayContent: false } }]);
  const ended = { status: 403, reason: 'liveChatEnded' };
  expect(await list(last.body.nextPageToken)).toMatchObject(ended);
  expect(await list()).toMatchObject(ended);
  expect(await insert('anybody there?')).toMatchObject(ended);
});

test('a chat that was switched off and one that is gone are told apart', async () => {
  const { list, insert, broadcast } = await room();
  broadcast.chat.state = 'disabled';
  expect(await list()).toMatchObject({ status: 403, reason: 'liveChatDisabled' });
  expect(await insert('hello')).toMatchObject({ status: 403, reason: 'liveChatDisabled' });
  broadcast.chat.state = 'deleted';
  expect(await list()).toMatchObject({ status: 404, reason: 'liveChatNotFound' });
});

test('items of every type have their details, a gift comes again under its id, and unknown types pass', async () => {
  const { sim, list } = await room();
  const money = { amountMicros: '5000000', currency: 'EUR', amountDisplayString: '€5.00', tier: 3 };
  sim.post('northpine', 'superChatEvent', { author: 'mira_k', displayMessage: '€5.00 hi', details: money });
  const gift = { giftName: 'Rose', jewelsAmount: 10, comboCount: 1, hasVisualEffect: false };
  const id = sim.post('northpine', 'giftEvent', { author: 'mira_k', details: gift });
  sim.post('northpine', 'giftEvent', { author: 'mira_k', details: { ...gift, comboCount: 5 }, id });
  sim.post('northpine', 'futureEvent', { details: { anything: 1 } });
  const { items } = (await list()).body;
  expect(items).toMatchObject([
    { snippet: { superChatDetails: money, displayMessage: '€5.00 hi' } },
    { id, snippet: { giftDetails: { comboCount: 1 } } },
    { id, snippet: { giftDetails: { comboCount: 5 } } },
    { snippet: { type: 'futureEvent', futureDetails: { anything: 1 } } },
  ]);
  expect(items[3]).not.toHaveProperty('authorDetails');
});

test('a deleted message becomes a tombstone with its id, or an event while deletions are still sent as events', async () => {
  const { sim, api, tokens, insert, list } = await room();
  const { id } = (await insert('oops')).body;
  const { nextPageToken } = (await list()).body;
  expect(await api('DELETE', 'liveChat/messages', tokens.bot, { id })).toEqual({
    status: 204,
    body: null,
    reason: undefined,
  });
  const [tombstone] = (await list(nextPageToken)).body.items;
  expect(tombstone).toMatchObject({ id, snippet: { type: 'tombstone' } });
  expect(tombstone).not.toHaveProperty('authorDetails');
  expect((await list()).body.items[0].snippet.type).toBe('tombstone');
  expect((await api('DELETE', 'liveChat/messages', tokens.bot, { id })).reason).toBe('liveChatMessageNotFound');
  const own = sim.say('northpine', 'northpine', 'mine');
  expect((await api('DELETE', 'liveChat/messages', tokens.bot, { id: own })).reason).toBe('forbidden');
  sim.setModerator('northpine', 'helperbot');
  expect((await api('DELETE', 'liveChat/messages', tokens.bot, { id: own })).reason).toBe('modificationNotAllowed');
  sim.setBehaviour({ sendsDeletedEvents: true, pushesTombstones: false });
  sim.deleteMessage('northpine', own);
  expect((await list()).body.items.at(-1).snippet).toMatchObject({
    type: 'messageDeletedEvent',
    messageDeletedDetails: { deletedMessageId: own },
  });
});

test('a poll is opened once, shown beside every page, and closed', async () => {
  const { api, tokens, chatId, list } = await room();
  const metadata = { questionText: 'left or right?', options: [{ optionText: 'left' }, { optionText: 'right' }] };
  const open = () =>
    api('POST', 'liveChat/messages', tokens.owner, SNIPPET, {
      snippet: { liveChatId: chatId, type: 'pollEvent', pollDetails: { metadata } },
    });
  const { id } = (await open()).body;
  expect((await open()).reason).toBe('preconditionCheckFailed');
  expect((await list()).body.activePollItem).toMatchObject({ id, snippet: { pollDetails: { status: 'active' } } });
  const closed = await api('POST', 'liveChat/messages/transition', tokens.owner, { id, status: 'closed' });
  expect(closed.body.snippet.pollDetails.status).toBe('closed');
  expect((await list()).body).not.toHaveProperty('activePollItem');
});
