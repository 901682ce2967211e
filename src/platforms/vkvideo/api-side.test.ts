import { expect, test } from 'vitest';
import { SCOPES } from '../../../simulators/vkvideo/oauth.ts';
import { type ApiWorld, type StreamerPerson, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ShiftedClock } from '../../../test/support/shifted-clock.ts';
import { simulatedVkVideo } from '../../../test/support/vkvideo-world.ts';

const { url } = await createTestDatabase();
const ADDRESS = 'https://live.vkvideo.ru/';
let names = 0;

/** A streamer who has linked nothing, with one channel on the platform, and no bot. */
async function world(env: Readonly<Record<string, string>> = {}) {
  const sim = await simulatedVkVideo();
  const clock = new ShiftedClock();
  const api = await startApiWorld(url, { env: { ...sim.env(), ...env }, clock });
  // Every simulated platform hands out the same ids.
  for (const table of ['GlobalVkVideoBotCredential', 'VkVideoChatBotSubscription', 'ExternalAccount']) {
    await api.pg.query(`delete from "${table}"`);
  }
  names += 1;
  const name = `streamer${names}`;
  sim.addChannel(name);
  const streamer = await api.streamer();
  return {
    sim,
    api,
    clock,
    name,
    streamer,
    enable: async (body: object = {}, as: StreamerPerson = streamer) => {
      const answer = await api.ask(as, 'PATCH', '/streamer/bots/vkvideo', { body: { enabled: true, ...body } });
      return { status: answer.status, ...answer.json };
    },
    candidates: async () => {
      const answer = await api.ask(streamer, 'GET', '/streamer/bots/vkvideo/candidates');
      return { status: answer.status, ...answer.json };
    },
    linkStreamer: async (as = streamer) => {
      const { access, refresh } = sim.issueToken(name);
      await link(api, as.userId, sim.person(name).id, access, refresh);
    },
    async linkBot() {
      const { id } = sim.addPerson('helperbot');
      const { access, refresh } = sim.issueToken('helperbot');
      const { userId } = await api.person('admin');
      const account = await link(api, userId, `${id}-${names}`, access, refresh);
      await api.pg.query('insert into "GlobalVkVideoBotCredential" ("externalAccountId") values ($1)', [account]);
    },
    stored: async (as = streamer) => {
      const { rows } = await api.pg.query(
        `select "userId", "vkvideoChannelId" as id, "vkvideoChannelUrl" as url, enabled
         from "VkVideoChatBotSubscription" where "channelId" = $1`,
        [as.channelId],
      );
      return rows;
    },
  };
}

async function link({ pg }: ApiWorld, userId: string, id: string, access: string, refresh: string | null) {
  const { rows } = await pg.query(
    `insert into "ExternalAccount" ("userId", provider, "providerAccountId", "accessToken", "refreshToken", scopes)
     values ($1, 'vkvideo', $2, $3, $4, $5) returning id`,
    [userId, id, access, refresh, SCOPES.join(' ')],
  );
  return rows[0].id;
}

test('the checks come in the order of the contract, and nothing is written before the last', async () => {
  const { enable, linkBot, linkStreamer, stored, name, streamer } = await world();
  expect(await enable({ vkvideoChannelUrl: 'two words' })).toMatchObject({
    status: 503,
    errorCode: 'VKVIDEO_BOT_NOT_CONFIGURED',
  });
  await linkBot();
  expect(await enable({ vkvideoChannelUrl: 'https://evil.example/northpine' })).toMatchObject({
    status: 400,
    errorCode: 'BAD_REQUEST',
    channelUrl: 'https://evil.example/northpine',
  });
  expect(await enable({ vkvideoChannelUrl: 7 })).toMatchObject({ status: 400, errorCode: 'BAD_REQUEST' });
  expect(await enable({ vkvideoChannelUrl: name, vkvideoChannelId: 'another' })).toMatchObject({
    status: 400,
    errorCode: 'BAD_REQUEST',
    vkvideoChannelId: 'another',
    vkvideoChannelUrl: name,
  });
  for (const body of [{}, { vkvideoChannelUrl: name }, { vkvideoChannelId: name }]) {
    const code = 'VKVIDEO_NOT_LINKED';
    expect(await enable(body)).toMatchObject({ status: 400, errorCode: code, code });
  }
  await linkStreamer();
  expect(await enable({ vkvideoChannelUrl: 'northpine' })).toMatchObject({
    status: 403,
    errorCode: 'CHANNEL_NOT_OWNED',
  });
  expect(await enable({ vkvideoChannelId: 'northpine' })).toMatchObject({ status: 400, errorCode: 'BAD_REQUEST' });
  expect(await stored()).toEqual([]);

  expect(await enable()).toMatchObject({ status: 200, ok: true });
  expect(await stored()).toEqual([{ userId: streamer.userId, id: name, url: ADDRESS + name, enabled: true }]);
});

test.for([
  ['its name', (name: string) => ({ vkvideoChannelUrl: name })],
  ['host and name', (name: string) => ({ vkvideoChannelUrl: ` live.vkvideo.ru/${name}/ ` })],
  ['its address', (name: string) => ({ vkvideoChannelUrl: `${ADDRESS}${name}?from=mail#chat` })],
  ['its id', (name: string) => ({ vkvideoChannelId: name.toUpperCase() })],
  ['both', (name: string) => ({ vkvideoChannelId: name, vkvideoChannelUrl: ADDRESS + name })],
] as const)('a channel given by %s is stored in one form', async ([, given]) => {
  const { enable, linkBot, linkStreamer, stored, name } = await world();
  await linkBot();
  await linkStreamer();
  expect(await enable(given(name))).toMatchObject({ status: 200, ok: true });
  expect(await stored()).toMatchObject([{ id: name, url: ADDRESS + name }]);
});

test('with several channels the caller has to say which, and is shown them', async () => {
  const { sim, enable, linkBot, linkStreamer, stored, name, candidates } = await world();
  sim.addChannel(name, `${name}_second`);
  await linkBot();
  await linkStreamer();
  const channels = [ADDRESS + name, `${ADDRESS}${name}_second`];
  expect(await enable()).toMatchObject({ status: 400, errorCode: 'BAD_REQUEST', channels });
  expect(await candidates()).toEqual({
    status: 200,
    items: [
      { url: channels[0], vkvideoChannelId: name },
      { url: channels[1], vkvideoChannelId: `${name}_second` },
    ],
  });
  expect(await enable({ vkvideoChannelId: `${name}_second` })).toMatchObject({ status: 200, ok: true });
  expect(await stored()).toMatchObject([{ id: `${name}_second` }]);
});

test('an account without a channel has nothing to choose from', async () => {
  const { sim, api, streamer, enable, linkBot, candidates } = await world();
  await linkBot();
  const { id } = sim.addPerson('plain_viewer');
  const { access, refresh } = sim.issueToken('plain_viewer');
  await link(api, streamer.userId, id, access, refresh);
  expect(await candidates()).toEqual({ status: 200, items: [] });
  expect(await enable()).toMatchObject({ status: 400, errorCode: 'BAD_REQUEST' });
});

test('an administrator names any channel, and the platform is not asked', async () => {
  const { sim, api, enable, linkBot, stored } = await world();
  await linkBot();
  const admin = await api.streamer({ role: 'admin' });
  expect(await enable({ vkvideoChannelUrl: 'northpine' }, admin)).toMatchObject({ status: 200, ok: true });
  expect(await stored(admin)).toMatchObject([{ id: 'northpine', userId: admin.userId }]);
  expect(sim.calls).toEqual([]);
});

test('a token that ended is renewed on the way; a dead grant and an outage are told apart', async () => {
  const { sim, clock, enable, linkBot, linkStreamer, candidates, name } = await world();
  await linkBot();
  await linkStreamer();
  sim.faults.expireTokens(name);
  expect(await candidates()).toMatchObject({ status: 200, items: [{ vkvideoChannelId: name }] });
  expect(sim.tokensRefreshed).toBe(1);

  const failed = { status: 400, errorCode: 'VKVIDEO_CURRENT_USER_FAILED', code: 'VKVIDEO_CURRENT_USER_FAILED' };
  for (const status of [403, 500]) {
    sim.faults.http({ kind: 'answer', status, path: '/v1/current_user', times: 1 });
    expect(await enable()).toMatchObject(failed);
  }
  sim.faults.http({ kind: 'answer', status: 200, path: '/v1/current_user', body: '<html>', times: 1 });
  expect(await candidates()).toMatchObject(failed);

  sim.faults.revokeGrant(name);
  // A token that was renewed a moment ago may be late rather than dead.
  expect(await candidates()).toMatchObject(failed);
  clock.shift(31_000);
  expect(await candidates()).toMatchObject({ status: 400, errorCode: 'VKVIDEO_NOT_LINKED' });
});

test('switching off asks nobody, and a channel another streamer uses is taken', async () => {
  const { sim, api, enable, linkBot, linkStreamer, streamer, stored, name } = await world();
  await linkBot();
  await linkStreamer();
  await enable();
  const admin = await api.streamer({ role: 'admin' });
  expect(await enable({ vkvideoChannelUrl: name }, admin)).toMatchObject({
    status: 409,
    errorCode: 'CHANNEL_ALREADY_ENABLED',
  });
  await sim.stop();
  const off = await api.ask(streamer, 'PATCH', '/streamer/bots/vkvideo', { body: { enabled: false } });
  expect([off.status, off.json]).toEqual([200, { ok: true }]);
  expect(await stored()).toMatchObject([{ enabled: false, id: name }]);
});
