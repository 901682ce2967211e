/** Pushed chat: what streams carry, how they are resumed, how they end, and everything that can go wrong with them. */
import { expect, test } from 'vitest';
import { BareStream, bearer, CHAT_ENDED, liveRoom, until } from '../../test/support/youtube-simulator.ts';

async function room(options: Parameters<typeof liveRoom>[0] = {}) {
  const world = await liveRoom(options);
  const { sim, chatId, tokens } = world;
  const open = (pageToken?: string, access = tokens.streamer, liveChatId = chatId) =>
    new BareStream(sim, { liveChatId, ...(pageToken ? { pageToken } : {}), metadata: bearer(access) });
  const say = (text: string) => sim.say('northpine', 'mira_k', text);
  return { ...world, open, say };
}

test('a stream that ended is resumed at its last page token: nothing is lost, nothing repeated', async () => {
  const { sim, open, say } = await room({ behaviour: { streamResponses: 3 } });
  const first = open();
  await first.begun();
  for (const text of ['one', 'two']) {
    say(text);
    await until(() => first.texts.includes(text));
  }
  expect(await first.ended()).toBe(0);
  sim.setBehaviour({ streamResponses: 0 });
  say('three');
  say('four');

  const second = open(first.responses.at(-1)?.nextPageToken);
  await second.said('three', 'four');
  expect(sim.streamOpens.map(({ code }) => code)).toEqual([0, 0]);
  expect(sim.spending().units).toBe(10);
});

test('page tokens pass between list and stream, unless they are set not to', async () => {
  const { sim, open, say, api, tokens, chatId } = await room();
  say('one');
  const list = { liveChatId: chatId, part: 'id' };
  const { nextPageToken } = (await api('GET', 'liveChat/messages', tokens.streamer, list)).body;
  say('two');
  await open(nextPageToken).said('two');
  sim.setBehaviour({ sharesPageTokens: false });
  expect(await open(nextPageToken).ended()).toBe(3);
});

test('a stream is refused with the published status for each cause', async () => {
  const { sim, open, broadcast, chatId } = await room({ limits: { streamOpensPerMin: 0 } });
  expect(await open(undefined, 'nothing').ended()).toBe(16);
  expect(await new BareStream(sim, { liveChatId: chatId, metadata: {} }).ended()).toBe(16);
  expect(await open(undefined, undefined, 'nowhere').ended()).toBe(5);
  expect(await open(undefined, undefined, '').ended()).toBe(3);
  expect(await open('bm9uZQ').ended()).toBe(3);
  expect(await open(undefined, sim.issueToken('northpine', ['openid']).access).ended()).toBe(7);
  broadcast.chat.state = 'disabled';
  expect(await open().ended()).toBe(9);
  broadcast.chat.state = 'open';
  const hidden = sim.startBroadcast('southoak', { privacy: 'private' });
  expect(await open(undefined, undefined, hidden.chat.id).ended()).toBe(7);
  sim.faults.refuseStreams('backendError', 1, 13);
  expect(await open().ended()).toBe(13);
  sim.broadcasts.endChat(broadcast);
  expect(await open().ended()).toBe(9);
});

test('whoever reopens a stream all the time is told RESOURCE_EXHAUSTED, and let in again later', async () => {
  const { clock, open } = await room({ limits: { streamOpensPerMin: 2 } });
  await open().begun();
  await open().begun();
  expect(await open().ended()).toBe(8);
  await clock.advance(60_000);
  await open().begun();
});

test('the end of a broadcast is told by offline_at, the end of its chat by its last item and status OK', async () => {
  const { sim, clock, open, say, broadcast } = await room();
  const stream = open();
  await stream.begun();
  sim.broadcasts.goOffline(broadcast);
  await until(() => stream.responses.at(-1)?.offlineAt === '2026-11-22T10:00:00.000Z');
  say('gg');
  await stream.said('gg');
  await clock.advance(60_000);
  expect(await stream.ended()).toBe(0);
  expect(stream.items.at(-1)?.snippet.type).toBe(CHAT_ENDED);
});

test('a stream of one broadcast says nothing of another, also of the same channel', async () => {
  const { sim, open, say, broadcast } = await room();
  const second = sim.startBroadcast('northpine');
  const streams = [broadcast, second].map(({ chat }) => open(undefined, undefined, chat.id));
  for (const stream of streams) await stream.begun();
  sim.say('northpine', 'mira_k', 'first', { broadcast: broadcast.id });
  sim.say('northpine', 'mira_k', 'second', { broadcast: second.id });
  await streams[0]?.said('first');
  await streams[1]?.said('second');
  sim.broadcasts.endChat(second);
  expect(await streams[1]?.ended()).toBe(0);
  say('still here');
  await streams[0]?.said('first', 'still here');
});

test('typed items keep their numbers over gRPC, a type of the future is number 99', async () => {
  const { sim, open } = await room();
  const stream = open();
  await stream.begun();
  const money = { amountMicros: '18446744073709551615', currency: 'EUR', tier: 3 };
  sim.post('northpine', 'superChatEvent', { author: 'mira_k', details: money });
  sim.post('northpine', 'giftEvent', {
    details: { giftName: 'Rose', jewelsAmount: 10, comboCount: 2, giftDuration: '3.5s' },
  });
  sim.post('northpine', 'futureEvent', { details: { anything: 1 } });
  sim.ban('northpine', 'troll', 300);
  await until(() => stream.items.length === 4);
  expect(stream.items.map(({ snippet }) => snippet)).toMatchObject([
    { type: 15, superChatDetails: money },
    { type: 21, giftDetails: { comboCount: 2 } },
    { type: 99 },
    { type: 10, userBannedDetails: { banType: 2, banDurationSeconds: '300' } },
  ]);
});

test('a token that runs out leaves open streams alone, unless they are set to end; a withdrawn grant ends them', async () => {
  const { sim, clock, open, say } = await room();
  const first = open();
  await first.begun();
  await clock.advance(3_600_000);
  say('still read');
  await first.said('still read');
  expect(await open().ended()).toBe(16);

  sim.setBehaviour({ endsStreamsOfExpiredTokens: true });
  const renewed = sim.issueToken('northpine', ['https://www.googleapis.com/auth/youtube.readonly']);
  const second = open(undefined, renewed.access);
  await second.begun();
  await clock.advance(3_600_000);
  expect(await second.ended()).toBe(16);
  sim.faults.revokeGrant(sim.personOf('northpine'));
  expect(await first.ended()).toBe(16);
});

test('streams are ended, failed, sent away, cut and refused on request', async () => {
  const { sim, open } = await room({ limits: { streamOpensPerMin: 0 } });
  const during = async (fault: () => unknown) => {
    const stream = open();
    await stream.begun();
    await fault();
    return stream.ended();
  };
  expect(await during(() => sim.faults.endStreams())).toBe(0);
  expect(await during(() => sim.faults.failStreams('rateLimitExceeded'))).toBe(8);
  expect(await during(() => sim.faults.failStreams('authError'))).toBe(16);
  expect(await during(() => sim.faults.dropConnections())).toBe(14);
  expect(await during(() => sim.faults.goAway())).toBeGreaterThan(0);
  expect(await during(() => sim.faults.garbageFrames())).toBeGreaterThan(0);
  expect(await during(() => sim.faults.garbage())).toBe(13);
  expect(await during(() => sim.faults.oversizedResponse())).toBe(8);
  expect(await during(() => sim.faults.refuseGrpc())).toBe(14);
  expect(await open().ended()).toBe(14);
  await sim.faults.accept();
  await open().begun();
});

test('a mute stream stays open and silent, and its keepalive finds it; new ones work', async () => {
  const { sim, open, say, chatId, tokens } = await room();
  const request = { liveChatId: chatId, metadata: bearer(tokens.streamer) };
  const watched = new BareStream(sim, request, { 'grpc.keepalive_time_ms': 200, 'grpc.keepalive_timeout_ms': 200 });
  const trusting = open();
  for (const stream of [watched, trusting]) await stream.begun();
  sim.faults.mute();
  expect(sim.isRead('northpine')).toBe(false);
  say('unheard');
  expect(await watched.ended()).toBe(14);
  expect([trusting.code, trusting.texts]).toEqual([null, []]);
  const fresh = open();
  await fresh.said('unheard');
});

test('a connection carries a hundred streams; the next one waits for one of them to end', async () => {
  const { sim, tokens } = await room();
  const chats = Array.from({ length: 101 }, (_, index) => sim.startBroadcast(`streamer${index}`).chat);
  const shared = { 'grpc.use_local_subchannel_pool': 0 };
  const streams = chats.map(
    ({ id }) => new BareStream(sim, { liveChatId: id, metadata: bearer(tokens.streamer) }, shared),
  );
  await until(() => streams.filter(({ responses }) => responses.length > 0).length === 100);
  expect(sim.streamOpens).toHaveLength(100);
  const begun = streams.findIndex(({ responses }) => responses.length > 0);
  sim.broadcasts.endChat(sim.broadcast(`streamer${begun}`));
  await until(() => streams.every(({ responses }) => responses.length > 0));
});

test('a line that is delivered twice has one id', async () => {
  const { sim, open, say } = await room();
  const stream = open();
  await stream.begun();
  sim.faults.duplicateLines();
  say('twice');
  await stream.said('twice', 'twice');
  expect(new Set(stream.items.map(({ id }) => id)).size).toBe(1);
});

test('a chat without history greets its streams or not', async () => {
  const { open, say } = await room({ behaviour: { greetsStreams: false } });
  const stream = open();
  await until(() => stream.call.getPeer() !== 'unknown');
  say('first');
  await stream.said('first');
  expect(stream.responses).toHaveLength(1);
});

test('the HTTP form refuses before its header like any call, and in the middle with an element', async () => {
  const { sim, say, tokens, chatId } = await room();
  const get = (query: string, access = tokens.streamer) =>
    fetch(`${sim.urls.api}/youtube/v3/liveChat/messages/stream?part=snippet&liveChatId=${chatId}${query}`, {
      headers: { authorization: `Bearer ${access}` },
    });
  expect((await get('&alt=sse')).status).toBe(400);
  sim.setBehaviour({ wrapsStreamErrors: true });
  expect(await (await get('&alt=sse')).json()).toMatchObject([{ error: { code: 400 } }]);
  expect((await get('', 'nothing')).status).toBe(401);
  const failing = await get('');
  say('one');
  await until(() => sim.isRead('northpine'));
  sim.faults.failStreams('backendError');
  const elements = (await failing.json()) as { items?: object[]; error?: { code: number } }[];
  expect(elements.at(-1)).toMatchObject({ error: { code: 503 } });
  const ending = await get('');
  sim.broadcasts.endChat(sim.broadcast('northpine'));
  const all = (await ending.json()) as { items: { snippet: { type: string } }[] }[];
  expect(all.flatMap(({ items }) => items).at(-1)?.snippet.type).toBe('chatEndedEvent');
  expect((await get('')).status).toBe(403);
});
