/** What calls cost, and what is left when the day is spent. */
import { expect, test } from 'vitest';
import { BareStream, bearer, liveRoom, simulator, textMessage } from '../../test/support/youtube-simulator.ts';

const HOUR_MS = 3_600_000;

test('every call is billed to the project at its price, refused ones too, and a search has its own bucket', async () => {
  const { sim, api, tokens, chatId } = await liveRoom();
  const read = { part: 'snippet', liveChatId: chatId };
  await api('GET', 'channels', tokens.bot, { part: 'id', mine: 'true' });
  await api('GET', 'liveChat/messages', tokens.bot, read);
  expect((await api('GET', 'liveChat/messages', tokens.bot, read)).reason).toBe('rateLimitExceeded');
  await api('POST', 'liveChat/messages', tokens.bot, { part: 'snippet' }, textMessage(chatId, 'hello'));
  expect((await api('POST', 'liveChat/messages', tokens.bot, { part: 'snippet' }, {})).reason).toBe(
    'liveChatIdRequired',
  );
  expect((await api('POST', 'liveChat/messages', tokens.streamer, { part: 'snippet' }, {})).reason).toBe(
    'insufficientPermissions',
  );
  const stream = new BareStream(sim, { liveChatId: chatId, metadata: bearer(tokens.streamer) });
  await stream.begun();
  await api('GET', 'search', tokens.bot, { part: 'snippet', type: 'video', eventType: 'live' });

  expect(sim.spending()).toMatchObject({ units: 1 + 5 + 5 + 20 + 20 + 20 + 5, searches: 1, refused: 0 });
  expect(sim.spending().calls).toMatchObject({ 'liveChatMessages.list': 2, 'liveChatMessages.insert': 3 });
});

test('a spent day refuses REST with quotaExceeded and streams with RESOURCE_EXHAUSTED until midnight in California', async () => {
  const { sim, clock, api, tokens, chatId } = await liveRoom({ limits: { unitsPerDay: 25 } });
  const insert = () => api('POST', 'liveChat/messages', tokens.bot, { part: 'snippet' }, textMessage(chatId, 'hello'));
  const videos = () => api('GET', 'videos', tokens.bot, { part: 'id', id: 'none' });
  expect((await insert()).status).toBe(200);
  const refused = await insert();
  expect(refused).toMatchObject({ status: 403, reason: 'quotaExceeded' });
  expect(refused.body.error.errors[0]).toMatchObject({ domain: 'youtube.quota' });
  expect(refused.body.error.message).toContain('<a href=');
  expect((await videos()).reason).toBe('quotaExceeded');
  const metadata = bearer(tokens.streamer);
  expect(await new BareStream(sim, { liveChatId: chatId, metadata }).ended()).toBe(8);
  expect((await api('GET', 'search', tokens.bot, { part: 'snippet' })).status).toBe(200);
  expect(sim.spending()).toMatchObject({ day: '2026-11-22', units: 46, refused: 3 });

  // 10:00 UTC is 02:00 in California: 22 hours to midnight. Tokens of an hour ago are another matter.
  await clock.advance(22 * HOUR_MS - 1000);
  const late = sim.issueToken('helperbot', ['https://www.googleapis.com/auth/youtube']).access;
  expect((await api('GET', 'videos', late, { part: 'id', id: 'none' })).reason).toBe('quotaExceeded');
  await clock.advance(1000);
  expect((await api('GET', 'videos', late, { part: 'id', id: 'none' })).status).toBe(200);
  expect(sim.spending()).toMatchObject({ day: '2026-11-23', units: 1 });
});

test('the day in California follows daylight saving time', async () => {
  const { sim, clock } = await liveRoom();
  // From 22 November, 10:00 UTC to 14 March 2027: clocks go forward that night, midnight comes at 07:00 UTC the day after.
  const day = Date.UTC(2027, 2, 15, 6, 59, 59) - clock.now().getTime();
  await clock.advance(day);
  expect(sim.spending().day).toBe('2027-03-14');
  await clock.advance(1000);
  expect(sim.spending().day).toBe('2027-03-15');
});

test('prices are configuration, searches have their own limit, and a script can spend the day', async () => {
  const sim = await simulator({ prices: { 'videos.list': 7 }, limits: { searchesPerDay: 1 } });
  const ask = async (path: string) => {
    const response = await fetch(`${sim.urls.api}/youtube/v3/${path}&key=${sim.apiKey}`);
    return response.status;
  };
  expect(await ask('videos?part=id&id=x')).toBe(200);
  expect(sim.spending().units).toBe(7);
  expect(await ask('search?part=snippet')).toBe(200);
  expect(await ask('search?part=snippet')).toBe(403);
  expect(await ask('videos?part=id&id=x')).toBe(200);
  sim.faults.exhaustQuota();
  expect(await ask('videos?part=id&id=x')).toBe(403);
  await sim.faults.clear();
  expect(await ask('videos?part=id&id=x')).toBe(200);
});
