/** The control interface: what scripts outside of this process can do. */
import { expect, test } from 'vitest';
import { BareStream, bearer, READ, simulator } from '../../test/support/youtube-simulator.ts';

test('a script sets a scene, breaks things and looks at what was spent, also while nobody gets through', async () => {
  const sim = await simulator();
  const control = async (name: string, input: object = {}) => {
    const response = await fetch(`${sim.urls.control}/${name}`, { method: 'POST', body: JSON.stringify(input) });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok) throw new Error(String(answer.error));
    return answer;
  };
  await control('addChannel', { name: 'northpine' });
  const { liveChatId } = await control('startBroadcast', { channel: 'northpine', title: 'demo' });
  await control('setModerator', { channel: 'northpine', name: 'mira_k' });
  await control('say', { channel: 'northpine', name: 'mira_k', text: 'hi' });
  await control('post', {
    channel: 'northpine',
    type: 'newSponsorEvent',
    author: 'mira_k',
    details: { memberLevelName: 'gold' },
  });
  const { access } = await control('issueToken', { name: 'northpine', scopes: [READ] });
  const stream = new BareStream(sim, { liveChatId: String(liveChatId), metadata: bearer(String(access)) });
  await stream.said('hi');
  expect(stream.items[0]?.authorDetails).toMatchObject({ isChatModerator: true });
  expect(await control('isRead', { channel: 'northpine' })).toEqual({ isRead: true });
  expect(await control('spending')).toMatchObject({ units: 5 });
  expect(await control('environment')).toMatchObject({ YOUTUBE_GRPC_TARGET: sim.urls.grpc });

  await control('refuse');
  expect(await stream.ended()).toBe(14);
  await expect(fetch(sim.urls.api)).rejects.toThrow();
  await control('accept');
  expect((await fetch(`${sim.urls.api}/tokeninfo`)).status).toBe(400);
  await control('setBehaviour', { streamSeconds: 60 });
  await control('setLimits', { limits: 'off' });
  await expect(control('setBehaviour', { moonPhase: 1 })).rejects.toThrow('moonPhase');
  await expect(control('say', { channel: 'nowhere', name: 'x', text: 'hi' })).rejects.toThrow(
    'no channel is called nowhere',
  );
});

test('trouble of HTTP is scripted by path: errors, cut answers and answers that never come', async () => {
  const sim = await simulator();
  const ask = () => fetch(`${sim.urls.api}/youtube/v3/videos?part=id&id=x&key=${sim.apiKey}`);
  sim.faults.refuseCalls('backendError', '/youtube/v3/videos');
  expect((await ask()).status).toBe(503);
  sim.faults.http({ kind: 'cut', path: '/youtube/v3/videos', times: 1 });
  await expect(ask()).rejects.toThrow();
  sim.faults.http({ kind: 'answer', status: 200, body: 'not json', path: '/youtube/v3/videos', times: 1 });
  expect(await (await ask()).text()).toBe('not json');
  expect((await ask()).status).toBe(200);
});
