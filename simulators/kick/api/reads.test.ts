/** Users, channels and livestreams as the API tells them. */
import { expect, test } from 'vitest';
import { ask, simulator, streamer } from '../test-support.ts';

test("without a living token everything but the key is 401 with Kick's body", async () => {
  const sim = await simulator();
  for (const path of ['users', 'channels', 'livestreams', 'events/subscriptions']) {
    for (const token of ['', 'nonsense']) {
      const { status, body } = await ask(sim, 'GET', path, token === '' ? {} : { token });
      expect([path, status, body]).toEqual([path, 401, { data: {}, message: 'Unauthorized' }]);
    }
  }
});

test('a token without the scope is 403, and a path there is not is 404', async () => {
  const sim = await simulator();
  sim.addPerson('mira_k');
  const token = sim.issueToken('mira_k', ['chat:write']).access;
  expect((await ask(sim, 'GET', 'users', { token })).status).toBe(403);
  expect((await ask(sim, 'GET', 'channels', { token })).status).toBe(403);
  expect((await ask(sim, 'GET', 'events/subscriptions', { token })).status).toBe(403);
  expect((await ask(sim, 'GET', 'nothing-here', { token })).status).toBe(404);
});

test('users are the owner of the token, or those named; strangers have no address and unknown ones are left out', async () => {
  const sim = await simulator();
  const { id, token } = streamer(sim);
  const other = sim.addPerson({ login: 'mira_k', displayName: 'Mira_K' });
  expect((await ask(sim, 'GET', 'users', { token })).body).toEqual({
    data: [{ user_id: id, name: 'northpine', email: 'northpine@example.test', profile_picture: '' }],
    message: 'OK',
  });
  const asked = await ask(sim, 'GET', `users?id=${other.id}&id=999999`, { token });
  expect(asked.body).toMatchObject({ data: [{ user_id: Number(other.id), name: 'Mira_K', email: '' }] });
});

test('channels are found by owner, by ids and by slugs, never by both, and what is unknown is an empty list', async () => {
  const sim = await simulator();
  const { id, token } = streamer(sim);
  const other = sim.addChannel({ login: 'some_name' });
  const odd = sim.addChannel({ login: 'odd_name', slug: 'odd_name' });
  const slugs = async (query: string) => {
    const { status, body } = await ask(sim, 'GET', `channels${query}`, { token });
    return status === 200 ? (body as { data: { slug: string }[] }).data.map(({ slug }) => slug) : status;
  };
  expect(await slugs('')).toEqual(['northpine']);
  expect(await slugs(`?broadcaster_user_id=${id}&broadcaster_user_id=${other.id}`)).toEqual(['northpine', 'some-name']);
  expect(await slugs('?slug=some-name&slug=odd_name')).toEqual(['some-name', 'odd_name']);
  expect(await slugs('?slug=some_name')).toEqual([]);
  expect(await slugs('?broadcaster_user_id=999999')).toEqual([]);
  expect(await slugs(`?broadcaster_user_id=${odd.id}&slug=northpine`)).toBe(400);
  expect(await slugs(`?slug=${'x'.repeat(26)}`)).toBe(400);
  expect(await slugs(`?${Array(51).fill('broadcaster_user_id=1').join('&')}`)).toBe(400);
});

test('an application may read channels it names', async () => {
  const sim = await simulator();
  const { id } = streamer(sim);
  const token = sim.issueAppToken().access;
  const { body } = await ask(sim, 'GET', `channels?broadcaster_user_id=${id}`, { token });
  expect(body).toMatchObject({ data: [{ broadcaster_user_id: id }] });
  expect((await ask(sim, 'GET', 'channels', { token })).status).toBe(400);
});

test('an offline channel has zero values everywhere and starts in the year one', async () => {
  const sim = await simulator();
  const { token } = streamer(sim);
  expect((await ask(sim, 'GET', 'channels', { token })).body).toMatchObject({
    data: [
      {
        stream_title: '',
        category: { id: 0, name: '' },
        stream: { is_live: false, start_time: '0001-01-01T00:00:00Z', viewer_count: 0, language: '', url: '', key: '' },
      },
    ],
  });
});

test('a live channel tells since when, in whatever offset, and only live ones are livestreams', async () => {
  const sim = await simulator();
  const { id, token } = streamer(sim);
  sim.addChannel('southoak');
  sim.goLive('northpine', { startedAt: new Date('2026-01-02T03:04:05.678Z'), title: 'Hi', offsetMinutes: 660 });
  expect((await ask(sim, 'GET', 'channels', { token })).body).toMatchObject({
    data: [{ stream_title: 'Hi', stream: { is_live: true, start_time: '2026-01-02T14:04:05+11:00' } }],
  });
  const { body } = await ask(sim, 'GET', 'livestreams', { token });
  expect(body).toMatchObject({ data: [{ broadcaster_user_id: id, stream_title: 'Hi' }] });
  sim.goOffline('northpine');
  expect((await ask(sim, 'GET', 'livestreams', { token })).body).toMatchObject({ data: [] });
  expect((await ask(sim, 'GET', 'livestreams?limit=101', { token })).status).toBe(400);
});

test('the polling source gives the streamer what came after the cursor, and nobody else anything', async () => {
  const sim = await simulator();
  const { id, token } = streamer(sim);
  sim.say('northpine', 'mira_k', 'before');
  const poll = async (cursor: string, bearer = token) => {
    const url = sim.urls.pollTemplate.replace('{channelId}', String(id)).replace('{cursor}', cursor);
    const response = await fetch(url, { headers: { authorization: `Bearer ${bearer}` } });
    if (response.status !== 200) return response.status;
    const { data, cursor: next } = (await response.json()) as { data: { content: string }[]; cursor: string };
    return { texts: data.map(({ content }) => content), next };
  };
  expect(await poll('')).toEqual({ texts: ['before'], next: '1' });
  sim.say('northpine', 'mira_k', 'after');
  expect(await poll('1')).toEqual({ texts: ['after'], next: '2' });
  expect(await poll('2')).toEqual({ texts: [], next: '2' });
  sim.addPerson('mira_k');
  expect(await poll('', sim.issueToken('mira_k', ['channel:read']).access)).toBe(401);
});
