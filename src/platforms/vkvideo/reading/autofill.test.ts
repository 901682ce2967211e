import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { silentLog } from '../../../../test/support/silent-log.ts';
import { channelNamed, STREAMER, vkvideoWorld } from '../../../../test/support/vkvideo-world.ts';
import { createPool } from '../../../db/pool.ts';
import type { ChannelId } from '../../../lib/brand.ts';

const ADDRESS = `https://live.vkvideo.ru/${STREAMER}`;

/** A subscription that names no URL, and the streamer's account. */
async function world({ target = STREAMER, linked = true } = {}) {
  const { url } = await createTestDatabase({ forTest: true });
  const { db, pg, end } = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(end);
  const { id } = await db
    .insertInto('Channel')
    .values({ slug: STREAMER, name: STREAMER })
    .returning('id')
    .executeTakeFirstOrThrow();
  await db
    .insertInto('VkVideoChatBotSubscription')
    .values({ channelId: id, vkvideoChannelId: target, vkvideoChannelUrl: null, enabled: true })
    .execute();
  const given = await vkvideoWorld({ db });
  const channel = { ...channelNamed(target, { vkvideoChannelUrl: null }), channelId: id as ChannelId };
  if (linked) given.accounts.owners.set(id, given.accounts.link(STREAMER));
  return {
    ...given,
    pg,
    channel,
    stored: async () =>
      (await db.selectFrom('VkVideoChatBotSubscription').select('vkvideoChannelUrl').executeTakeFirstOrThrow())
        .vkvideoChannelUrl,
    isRead: () => given.until(() => expect(given.sim.readersOf(STREAMER)).toHaveLength(1)),
  };
}

test("a URL the subscription lacks is found by the streamer's account, kept, and spoken to", async () => {
  const { side, channel, stored, isRead, events, sim, accounts, until } = await world();
  sim.addChannel(STREAMER, 'second_channel');
  side.reader.setChannels([channel]);
  await isRead();
  await until(async () => expect(await stored()).toBe(ADDRESS));
  expect(events('vkvideo_chatbot.subscription_autofilled_channel_url')).toHaveLength(1);
  const sender = accounts.shared;
  expect(sender && (await side.sender.send(channel, 'hello', sender, 2_000))).toMatchObject({ kind: 'sent' });
  // What was found comes back with the next sync: nothing is joined anew.
  side.reader.setChannels([{ ...channel, extra: { vkvideoChannelUrl: ADDRESS } }]);
  side.reader.setChannels([channel]);
  expect(events('vkvideo_pubsub.ws_open')).toHaveLength(1);
});

test('the only channel of the account is meant, whatever the old id was', async () => {
  const { side, channel, stored, isRead, until } = await world({ target: '4242' });
  side.reader.setChannels([channel]);
  await isRead();
  await until(async () => expect(await stored()).toBe(ADDRESS));
});

test('of several none is guessed, and the line support looks for is written', async () => {
  const { side, channel, stored, events, sim, until } = await world({ target: '4242' });
  sim.addChannel(STREAMER, 'second_channel');
  side.reader.setChannels([channel]);
  await until(() => expect(events('vkvideo_chatbot.subscription_missing_channel_url')).toHaveLength(1));
  expect(events('vkvideo_chatbot.subscription_autofill_failed')).toMatchObject([{ candidates: 2 }]);
  expect(await stored()).toBeNull();
});

test('a streamer without an account, and a platform that does not tell, are asked again later', async () => {
  const { side, channel, events, sim, accounts, until, isRead, leapUntil } = await world({ linked: false });
  side.reader.setChannels([channel]);
  await until(() => expect(events('vkvideo_chatbot.subscription_missing_access_token')).toHaveLength(1));
  sim.faults.http({ kind: 'answer', status: 502, path: '/v1/current_user', times: 1 });
  accounts.owners.set(channel.channelId, accounts.link(STREAMER));
  await leapUntil(() => expect(events('vkvideo_chatbot.current_user_failed')).toHaveLength(1));
  await leapUntil(() => expect(sim.readersOf(STREAMER)).toHaveLength(1));
  await isRead();
  expect(events('vkvideo_chatbot.subscription_missing_channel_url')).toHaveLength(1);
});

test('a URL that cannot be kept is used all the same', async () => {
  const { side, channel, isRead, events, pg, until } = await world();
  await pg.query('drop table "VkVideoChatBotSubscription" cascade');
  side.reader.setChannels([channel]);
  await isRead();
  await until(() => expect(events('vkvideo_chatbot.subscription_autofill_persist_failed')).toHaveLength(1));
});
