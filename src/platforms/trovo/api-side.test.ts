import { expect, test } from 'vitest';
import { type ApiWorld, type StreamerPerson, startApiWorld } from '../../../test/support/api-world.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { ShiftedClock } from '../../../test/support/shifted-clock.ts';
import { simulatedTrovo } from '../../../test/support/trovo-world.ts';

const { url } = await createTestDatabase();
let names = 0;

/** A streamer who has linked nothing, and no bot. */
async function world(env: Readonly<Record<string, string>> = {}) {
  const sim = await simulatedTrovo();
  const clock = new ShiftedClock();
  const api = await startApiWorld(url, { env: { ...sim.env(), ...env }, clock });
  // Every simulated Trovo hands out the same ids.
  for (const table of ['GlobalTrovoBotCredential', 'TrovoChatBotSubscription', 'ExternalAccount']) {
    await api.pg.query(`delete from "${table}"`);
  }
  const streamer = await api.streamer();
  const name = `streamer${++names}`;
  const trovoId = sim.addPerson({ login: name, id: String(7_000 + names) }).id;
  return {
    sim,
    api,
    clock,
    streamer,
    name,
    trovoId,
    channelId: sim.room(name).id,
    enable: async (body: object = {}, as: StreamerPerson = streamer) => {
      const answer = await api.ask(as, 'PATCH', '/streamer/bots/trovo', { body: { enabled: true, ...body } });
      return { status: answer.status, ...answer.json };
    },
    async linkStreamer(scopes = ['user_details_self', 'chat_connect', 'send_to_my_channel'], as = streamer) {
      const { access, refresh } = sim.issueToken(name, scopes);
      await linkAccount(api, as.userId, trovoId, access, refresh, scopes);
    },
    async linkBot() {
      const { id } = sim.addPerson('helperbot');
      const { access, refresh } = sim.issueToken('helperbot', ['chat_send_self']);
      const { userId } = await api.person('admin');
      const account = await linkAccount(api, userId, `${id}-${names}`, access, refresh, ['chat_send_self']);
      await api.pg.query('insert into "GlobalTrovoBotCredential" ("externalAccountId") values ($1)', [account]);
    },
    stored: async () => {
      const { rows } = await api.pg.query(
        'select "userId", "trovoChannelId", enabled from "TrovoChatBotSubscription" where "channelId" = $1',
        [streamer.channelId],
      );
      return rows;
    },
  };
}

async function linkAccount(
  { pg }: ApiWorld,
  userId: string,
  providerAccountId: string,
  access: string,
  refresh: string,
  scopes: readonly string[],
): Promise<string> {
  const { rows } = await pg.query(
    `insert into "ExternalAccount" ("userId", provider, "providerAccountId", "accessToken", "refreshToken", scopes)
     values ($1, 'trovo', $2, $3, $4, $5) returning id`,
    [userId, providerAccountId, access, refresh, scopes.join(' ')],
  );
  return rows[0].id;
}

test('the checks come in the order of the contract, and nothing is written before the last', async () => {
  const { sim, enable, linkStreamer, linkBot, stored, channelId, streamer } = await world();
  expect(await enable({ trovoChannelId: '1' })).toMatchObject({
    status: 400,
    errorCode: 'TROVO_NOT_LINKED',
    code: 'TROVO_NOT_LINKED',
  });
  await linkStreamer();
  expect(await enable({ trovoChannelId: '424242' })).toMatchObject({ status: 403, errorCode: 'CHANNEL_NOT_OWNED' });
  expect(await enable()).toMatchObject({ status: 503, errorCode: 'TROVO_BOT_NOT_CONFIGURED' });
  expect(await stored()).toEqual([]);

  await linkBot();
  expect(await enable()).toMatchObject({ status: 200, ok: true });
  expect(await stored()).toEqual([{ userId: streamer.userId, trovoChannelId: channelId, enabled: true }]);
  expect(sim.calls.some(({ path }) => path.endsWith('/getuserinfo'))).toBe(true);
});

test('without the id of the application the bot is not configured, whatever else is right', async () => {
  const { enable, linkStreamer, linkBot } = await world({ TROVO_CLIENT_ID: '' });
  await linkStreamer();
  await linkBot();
  expect(await enable()).toMatchObject({ status: 503, errorCode: 'TROVO_BOT_NOT_CONFIGURED' });
});

test("an id that is the linked account's own is believed while Trovo cannot be asked, and only then", async () => {
  const { sim, enable, linkStreamer, linkBot, trovoId, stored } = await world();
  await linkStreamer();
  await linkBot();
  // In this Trovo a channel has another id than its owner.
  expect(await enable({ trovoChannelId: trovoId })).toMatchObject({ status: 403, errorCode: 'CHANNEL_NOT_OWNED' });
  await sim.faults.refuse();
  expect(await enable()).toMatchObject({ status: 502, errorCode: 'UPSTREAM_UNAVAILABLE' });
  expect(await enable({ trovoChannelId: ` ${trovoId} ` })).toMatchObject({ status: 200 });
  expect(await stored()).toMatchObject([{ trovoChannelId: trovoId }]);
});

test('an admin may name any channel, but not one that another channel uses', async () => {
  const { api, enable, linkStreamer, linkBot, channelId } = await world();
  await linkBot();
  await linkStreamer();
  expect(await enable()).toMatchObject({ status: 200 });
  const admin = await api.streamer({ role: 'admin' });
  await linkAccount(api, admin.userId, `admin-${names}`, 'token', 'refresh', []);
  expect(await enable({ trovoChannelId: channelId }, admin)).toMatchObject({
    status: 409,
    errorCode: 'CHANNEL_ALREADY_ENABLED',
  });
  expect(await enable({ trovoChannelId: `9${channelId}` }, admin)).toMatchObject({ status: 200 });
});

test('a token that ran out is renewed for the question; a grant that is over counts as no link', async () => {
  const { sim, clock, name: login, enable, linkStreamer, linkBot } = await world();
  await linkStreamer();
  await linkBot();
  sim.faults.expireTokens(login);
  expect(await enable()).toMatchObject({ status: 200 });
  expect(sim.tokensRefreshed).toBe(1);
  sim.faults.revokeGrant(login);
  // A token that was renewed a moment ago may be late rather than dead.
  clock.shift(31_000);
  expect(await enable()).toMatchObject({ status: 400, errorCode: 'TROVO_NOT_LINKED' });
});

test('an answer that names no channel, or refuses, is told with what to do', async () => {
  const { sim, enable, linkStreamer, linkBot } = await world();
  await linkStreamer();
  await linkBot();
  const answers = async (body: object, status = 200) => {
    sim.faults.http({ kind: 'answer', status, body, path: '/openplatform/getuserinfo', times: 1 });
    const { status: answered, errorCode } = await enable();
    return [answered, errorCode];
  };
  expect(await answers({ userId: '5', channelId: '0' })).toEqual([400, 'BAD_REQUEST']);
  expect(await answers({ status: 11730, error: 'scope' }, 400)).toEqual([400, 'BAD_REQUEST']);
  expect(await answers({ status: 20000 }, 500)).toEqual([502, 'UPSTREAM_UNAVAILABLE']);
  // As older answers were written.
  expect(await answers({ user_id: 5, channel_id: 123_123 })).toEqual([200, undefined]);
});

test('a link that allows too little is enabled with warnings that name the right', async () => {
  const { enable, linkStreamer, linkBot } = await world();
  await linkStreamer(['user_details_self']);
  await linkBot();
  const { status, warnings } = await enable();
  expect(status).toBe(200);
  expect(warnings.join()).toContain('chat_connect');
  expect(warnings.join()).toContain('send_to_my_channel');
});

test('switching off asks nobody, and keeps the channel for the next time', async () => {
  const { sim, api, streamer, enable, linkStreamer, linkBot, stored, channelId } = await world();
  await linkStreamer();
  await linkBot();
  await enable();
  await sim.faults.refuse();
  const answer = await api.ask(streamer, 'PATCH', '/streamer/bots/trovo', { body: { enabled: false } });
  expect(answer.status).toBe(200);
  expect(await stored()).toMatchObject([{ trovoChannelId: channelId, enabled: false }]);
});

test('the list of capabilities says since when Trovo is closed, and that its roles admit nobody', async () => {
  const { api, streamer } = await world();
  const { json } = await api.ask(streamer, 'GET', '/capabilities');
  expect(JSON.stringify(json)).toContain('2026-06-30');
});
