/** Finding broadcasts, keeping order, and who may call at all. */
import { expect, test } from 'vitest';
import { liveRoom, READ, textMessage, WRITE } from '../../test/support/youtube-simulator.ts';

test('liveBroadcasts shows the own broadcasts by exactly one filter, and events alone unless asked for all', async () => {
  const { sim, api, tokens, broadcast, chatId } = await liveRoom();
  const instant = sim.startBroadcast('northpine', { kind: 'persistent', privacy: 'unlisted' });
  const upcoming = sim.startBroadcast('northpine', { scheduledAt: new Date('2026-11-23T10:00:00Z') });
  sim.startBroadcast('southoak');
  const list = (query: Record<string, string>) =>
    api('GET', 'liveBroadcasts', tokens.streamer, { part: 'id,snippet,status', ...query });
  const ids = async (query: Record<string, string>) =>
    (await list(query)).body.items.map(({ id }: { id: string }) => id);

  expect(await ids({ broadcastStatus: 'active' })).toEqual([broadcast.id]);
  expect(await ids({ broadcastStatus: 'active', broadcastType: 'all' })).toEqual([instant.id, broadcast.id]);
  expect(await ids({ broadcastStatus: 'upcoming', broadcastType: 'all' })).toEqual([upcoming.id]);
  expect(await ids({ broadcastStatus: 'completed', broadcastType: 'all' })).toEqual([]);
  expect(await ids({ mine: 'true', broadcastType: 'all', maxResults: '2' })).toEqual([upcoming.id, instant.id]);
  const [first] = (await list({ id: broadcast.id })).body.items;
  expect(first).toMatchObject({
    snippet: { liveChatId: chatId, actualStartTime: '2026-11-22T10:00:00Z', title: 'demo' },
    status: { lifeCycleStatus: 'live', privacyStatus: 'public' },
  });
  expect((await list({ mine: 'true', broadcastStatus: 'active' })).reason).toBe('incompatibleParameters');
  expect((await list({})).reason).toBe('missingRequiredParameter');
  expect(await list({ id: 'unknown' })).toMatchObject({ status: 404, reason: 'liveBroadcastNotFound' });
  expect((await list({ mine: 'true', maxResults: '51' })).reason).toBe('invalidParameter');
  sim.channel('northpine').canStream = false;
  expect((await list({ mine: 'true' })).reason).toBe('liveStreamingNotEnabled');
});

test('lists of broadcasts go on where a page ended', async () => {
  const { sim, api, tokens, broadcast } = await liveRoom();
  for (let index = 0; index < 5; index += 1) sim.startBroadcast('northpine');
  const list = (more: object) =>
    api('GET', 'liveBroadcasts', tokens.streamer, { part: 'id', mine: 'true', broadcastType: 'all', ...more });
  const first = (await list({})).body;
  expect(first.items).toHaveLength(5);
  const second = (await list({ pageToken: first.nextPageToken })).body;
  expect(second.items).toMatchObject([{ id: broadcast.id }]);
  expect(second).not.toHaveProperty('nextPageToken');
});

test('videos name the chat from the waiting room to its end, and leave out what is private or unknown', async () => {
  const { sim, api, tokens } = await liveRoom();
  const show = sim.startBroadcast('southoak', { scheduledAt: new Date('2026-11-22T11:00:00Z') });
  const hidden = sim.startBroadcast('southoak', { privacy: 'private' });
  const look = async () => {
    const query = { part: 'snippet,liveStreamingDetails', id: `${show.id},${hidden.id},unknown` };
    const { items } = (await api('GET', 'videos', tokens.bot, query)).body;
    expect(items).toHaveLength(1);
    return { ...items[0].liveStreamingDetails, content: items[0].snippet.liveBroadcastContent };
  };
  const waiting = { activeLiveChatId: show.chat.id, content: 'upcoming', scheduledStartTime: '2026-11-22T11:00:00Z' };
  expect(await look()).toEqual(waiting);
  sim.broadcasts.goLive(show);
  expect(await look()).toMatchObject({ ...waiting, content: 'live', concurrentViewers: '42' });
  show.staleContent = 'upcoming';
  expect(await look()).toMatchObject({ content: 'upcoming', actualStartTime: '2026-11-22T10:00:00Z' });
  show.chat.state = 'disabled';
  expect(await look()).toHaveProperty('activeLiveChatId');
  show.chat.state = 'open';
  sim.broadcasts.endChat(show);
  const over = await look();
  expect(over).not.toHaveProperty('activeLiveChatId');
  expect(over).toHaveProperty('actualEndTime');
});

test('channels are found by id, handle and token, search and uploads by channel', async () => {
  const { sim, api, tokens, streamer, broadcast } = await liveRoom();
  const byHandle = await api('GET', 'channels', tokens.bot, { part: 'contentDetails', forHandle: '@NorthPine' });
  expect(byHandle.body.items).toMatchObject([
    { id: streamer.id, contentDetails: { relatedPlaylists: { uploads: `UU${streamer.id.slice(2)}` } } },
  ]);
  expect(byHandle.body.items[0]).not.toHaveProperty('snippet');
  expect((await api('GET', 'channels', tokens.bot, { part: 'id', id: 'UCnobody' })).body).not.toHaveProperty('items');
  const query = { part: 'snippet', channelId: streamer.id, type: 'video', eventType: 'live' };
  expect((await api('GET', 'search', tokens.bot, query)).body.items).toMatchObject([{ id: { videoId: broadcast.id } }]);
  expect((await api('GET', 'search', tokens.bot, { part: 'snippet', eventType: 'live' })).reason).toBe(
    'incompatibleParameters',
  );
  const uploads = { part: 'contentDetails', playlistId: `UULV${streamer.id.slice(2)}` };
  expect((await api('GET', 'playlistItems', tokens.bot, uploads)).body.items).toMatchObject([
    { contentDetails: { videoId: broadcast.id } },
  ]);
  const none = { part: 'id', playlistId: `UULV${sim.addChannel('southoak').id.slice(2)}` };
  expect(await api('GET', 'playlistItems', tokens.bot, none)).toMatchObject({
    status: 404,
    reason: 'playlistNotFound',
  });
});

test('strangers, dead tokens, wrong keys, missing scopes and a closed project are told apart', async () => {
  const { sim, api, tokens, chatId } = await liveRoom();
  const broadcasts = { part: 'id', mine: 'true' };
  const refusal = async (
    access: string | null,
    path = 'liveBroadcasts',
    query: Record<string, string> = broadcasts,
  ) => {
    const { status, reason, body } = await api('GET', path, access, query);
    return [status, reason, body.error.status, body.error.details?.[0].reason];
  };
  expect(await refusal(null)).toEqual([403, 'forbidden', 'PERMISSION_DENIED', undefined]);
  expect(await refusal('nothing')).toEqual([401, 'authError', 'UNAUTHENTICATED', 'ACCESS_TOKEN_INVALID']);
  expect(await refusal(null, 'videos', { part: 'id', id: 'x', key: 'wrong' })).toEqual([
    400,
    'badRequest',
    'INVALID_ARGUMENT',
    'API_KEY_INVALID',
  ]);
  expect(await refusal(null, 'liveBroadcasts', { ...broadcasts, key: sim.apiKey })).toEqual([
    401,
    'required',
    'UNAUTHENTICATED',
    'CREDENTIALS_MISSING',
  ]);
  expect(await refusal(sim.issueToken('northpine', ['openid']).access)).toEqual([
    403,
    'insufficientPermissions',
    'PERMISSION_DENIED',
    'ACCESS_TOKEN_SCOPE_INSUFFICIENT',
  ]);
  const write = await api('POST', 'liveChat/messages', tokens.streamer, { part: 'snippet' }, textMessage(chatId, 'x'));
  expect(write.reason).toBe('insufficientPermissions');
  sim.faults.expireTokens(sim.personOf('helperbot'));
  expect((await refusal(tokens.bot))[1]).toBe('authError');
  sim.faults.setApiEnabled(false);
  expect(await refusal(tokens.streamer)).toEqual([403, 'accessNotConfigured', 'PERMISSION_DENIED', 'SERVICE_DISABLED']);
});

test('only the owner sees and names moderators; owner and moderators ban, and lift a ban by its id alone', async () => {
  const { sim, api, tokens, bot, chatId } = await liveRoom();
  const read = sim.issueToken('northpine', [READ]).access;
  const list = (access: string) =>
    api('GET', 'liveChat/moderators', access, { liveChatId: chatId, part: 'id,snippet' });
  const ban = (access: string, channelId: string | null, more: object = {}) =>
    api(
      'POST',
      'liveChat/bans',
      access,
      { part: 'snippet' },
      {
        snippet: { liveChatId: chatId, type: 'temporary', bannedUserDetails: channelId ? { channelId } : {}, ...more },
      },
    );
  const troll = sim.addChannel('troll');
  expect((await list(tokens.bot)).reason).toBe('forbidden');
  expect((await ban(tokens.bot, troll.id)).reason).toBe('insufficientPermissions');

  const entry = { snippet: { liveChatId: chatId, moderatorDetails: { channelId: bot.id } } };
  const named = await api('POST', 'liveChat/moderators', tokens.owner, { part: 'id,snippet' }, entry);
  expect((await list(read)).body.items).toMatchObject([
    { id: named.body.id, snippet: { moderatorDetails: { channelId: bot.id, displayName: 'helperbot' } } },
  ]);
  const banned = await ban(tokens.bot, troll.id);
  expect(banned.body.snippet).toMatchObject({ type: 'temporary', banDurationSeconds: '300' });
  expect((await ban(tokens.bot, sim.channel('northpine').id)).reason).toBe('liveChatBanInsertionNotAllowed');
  expect((await ban(tokens.bot, null)).reason).toBe('bannedUserChannelIdRequired');
  expect((await ban(tokens.bot, 'UCnobody')).reason).toBe('liveChatUserNotFound');
  const trollToken = sim.issueToken('troll', [WRITE]).access;
  const write = () => api('POST', 'liveChat/messages', trollToken, { part: 'snippet' }, textMessage(chatId, 'hm'));
  expect((await write()).reason).toBe('forbidden');
  const lift = () => api('DELETE', 'liveChat/bans', tokens.bot, { id: banned.body.id });
  expect((await lift()).status).toBe(204);
  expect((await lift()).reason).toBe('liveChatBanNotFound');
  expect((await write()).status).toBe(200);
  const dismissed = await api('DELETE', 'liveChat/moderators', tokens.owner, { id: named.body.id });
  expect(dismissed.status).toBe(204);
  expect((await list(read)).body.items).toEqual([]);
});
