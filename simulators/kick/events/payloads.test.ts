/** The bodies of all ten events, with the oddities real ones have. */
import { expect, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import type { KickSimulator } from '../simulator.ts';
import { simulator, streamer, subscribe, Webhook } from '../test-support.ts';
import { EVENT_NAMES } from './catalogue.ts';

const NOW = '2026-01-02T03:04:05Z';
const BROADCASTER = {
  is_anonymous: false,
  user_id: expect.any(Number),
  username: 'northpine',
  is_verified: false,
  profile_picture: '',
  channel_slug: 'northpine',
  identity: null,
};
const MIRA = { ...BROADCASTER, username: 'mira_k', channel_slug: 'mira-k' };
const { is_anonymous: _, identity: __, ...PLAIN_BROADCASTER } = BROADCASTER;
const PLAIN_MIRA = { ...PLAIN_BROADCASTER, username: 'mira_k', channel_slug: 'mira-k' };

async function everything() {
  const sim = await simulator({ clock: new ManualClock(new Date('2026-01-02T03:04:05.678Z')) });
  const webhook = await Webhook.of(sim);
  await subscribe(sim, streamer(sim).token, ...EVENT_NAMES);
  /** What the event looks like, with its name. */
  const told = async (happen: (sim: KickSimulator) => unknown) => {
    const before = webhook.received.length;
    happen(sim);
    const delivery = (await webhook.next(before + 1))[before];
    return { type: delivery?.headers['kick-event-type'], ...delivery?.body };
  };
  return { sim, told };
}

test('a chat line names sender, badges and emotes; positions count code points and include both ends', async () => {
  const { told } = await everything();
  const badges = [
    { text: 'Moderator', type: 'moderator' },
    { text: 'Subscriber', type: 'subscriber', count: 3 },
  ];
  expect(
    await told((sim) => sim.say('northpine', 'mira_k', '🎉 [emote:55:LUL] wp [emote:55:LUL]', { badges })),
  ).toEqual({
    type: 'chat.message.sent',
    message_id: expect.any(String),
    broadcaster: BROADCASTER,
    sender: { ...MIRA, identity: { username_color: '#1E90FF', badges } },
    content: '🎉 [emote:55:LUL] wp [emote:55:LUL]',
    emotes: [
      {
        emote_id: '55',
        positions: [
          { s: 2, e: 15 },
          { s: 20, e: 33 },
        ],
      },
    ],
    created_at: NOW,
  });
});

test('the streamer wears the broadcaster badge', async () => {
  const { told } = await everything();
  const badges = [{ text: 'Broadcaster', type: 'broadcaster' }];
  expect(await told((sim) => sim.say('northpine', 'northpine', 'hello'))).toMatchObject({
    sender: { identity: { badges } },
  });
});

test('a follow has no time of its own', async () => {
  const { told } = await everything();
  const followed = { type: 'channel.followed', broadcaster: BROADCASTER, follower: MIRA };
  expect(await told((sim) => sim.follow('northpine', 'mira_k'))).toEqual(followed);
});

test('subscriptions are new or renewed and end a month later', async () => {
  const { told } = await everything();
  const whole = { broadcaster: BROADCASTER, subscriber: MIRA, created_at: NOW, expires_at: '2026-02-02T03:04:05Z' };
  const first = await told((sim) => sim.subscribe('northpine', 'mira_k'));
  expect(first).toEqual({ type: 'channel.subscription.new', duration: 1, ...whole });
  const renewed = await told((sim) => sim.subscribe('northpine', 'mira_k', 4));
  expect(renewed).toEqual({ type: 'channel.subscription.renewal', duration: 4, ...whole });
});

test('gifts name all who were given one; an anonymous giver is nulls', async () => {
  const { told } = await everything();
  const given = await told((sim) => sim.gift('northpine', 'mira_k', ['zed', 'ada']));
  const giftees = [{ username: 'zed' }, { username: 'ada' }];
  expect(given).toMatchObject({ type: 'channel.subscription.gifts', gifter: MIRA, giftees, created_at: NOW });
  const nobody = {
    is_anonymous: true,
    user_id: null,
    username: null,
    is_verified: null,
    profile_picture: null,
    channel_slug: null,
    identity: null,
  };
  expect(await told((sim) => sim.gift('northpine', null, ['zed']))).toMatchObject({ gifter: nobody });
});

test('a redemption comes again under its id when it is decided; its people have neither identity nor anonymity', async () => {
  const { sim, told } = await everything();
  let id = '';
  const pending = await told(() => {
    id = sim.redeem('northpine', 'mira_k', { input: 'hello' });
  });
  expect(pending).toEqual({
    type: 'channel.reward.redemption.updated',
    id,
    user_input: 'hello',
    status: 'pending',
    redeemed_at: '2026-01-02T03:04:05.678Z',
    reward: { id: expect.any(String), title: 'Hydrate', cost: 100, description: '' },
    redeemer: PLAIN_MIRA,
    broadcaster: PLAIN_BROADCASTER,
  });
  expect(await told(() => sim.redeem('northpine', 'mira_k', { id, status: 'accepted' }))).toMatchObject({
    id,
    status: 'accepted',
  });
});

test('a stream begins and ends with the same start, in whatever offset', async () => {
  const { told } = await everything();
  const startedAt = new Date('2026-01-02T03:00:00Z');
  const whole = { type: 'livestream.status.updated', broadcaster: BROADCASTER, title: 'Hi' };
  const began = await told((sim) => sim.goLive('northpine', { startedAt, title: 'Hi', offsetMinutes: -90 }));
  expect(began).toEqual({ ...whole, is_live: true, started_at: '2026-01-02T01:30:00-01:30', ended_at: null });
  expect(await told((sim) => sim.goOffline('northpine'))).toEqual({
    ...whole,
    is_live: false,
    started_at: '2026-01-02T01:30:00-01:30',
    ended_at: '2026-01-02T01:34:05-01:30',
  });
});

test('new metadata tells title and category', async () => {
  const { sim, told } = await everything();
  const category = { id: 15, name: 'Just Chatting', thumbnail: '' };
  const metadata = { title: 'New', language: 'en', has_mature_content: false, category };
  const whole = { type: 'livestream.metadata.updated', broadcaster: BROADCASTER };
  expect(await told(() => sim.retitle('northpine', 'New'))).toEqual({ ...whole, metadata });
  sim.setQuirks(['category_twice']);
  const doubled = { ...whole, metadata: { ...metadata, Category: category } };
  expect(await told(() => sim.retitle('northpine', 'New'))).toEqual(doubled);
});

test('a ban tells until when, or null for good', async () => {
  const { told } = await everything();
  const people = { broadcaster: BROADCASTER, moderator: BROADCASTER, banned_user: MIRA };
  expect(await told((sim) => sim.ban('northpine', 'mira_k', 60_000))).toEqual({
    type: 'moderation.banned',
    ...people,
    metadata: { reason: 'spam', created_at: NOW, expires_at: '2026-01-02T03:05:05Z' },
  });
  expect(await told((sim) => sim.ban('northpine', 'mira_k'))).toMatchObject({ metadata: { expires_at: null } });
});

test('kicks tell amount and message; their people have neither identity nor anonymity', async () => {
  const { told } = await everything();
  const facts = { amount: 500, name: 'Rage Quit', message: 'w' };
  expect(await told((sim) => sim.sendKicks('northpine', 'mira_k', facts))).toEqual({
    type: 'kicks.gifted',
    broadcaster: PLAIN_BROADCASTER,
    sender: PLAIN_MIRA,
    gift: { ...facts, type: 'LEVEL_UP', tier: 'MID', pinned_time_seconds: 600 },
    created_at: '2026-01-02T03:04:05.678Z',
  });
});

test('payloads have the oddities that are switched on, for all lines or for one', async () => {
  const { sim, told } = await everything();
  const say = (...quirks: Parameters<KickSimulator['setQuirks']>[0]) =>
    told(() => sim.say('northpine', 'mira_k', 'gg [emote:55:LUL]', { quirks }));
  expect(await say('emotes_null')).toMatchObject({ content: 'gg [emote:55:LUL]', emotes: null });
  expect(await say('numeric_emote_ids')).toMatchObject({ emotes: [{ emote_id: 55 }] });
  expect(await say('identity_null')).toMatchObject({ sender: { identity: null } });
  expect(((await say('identity_absent')) as { sender?: object }).sender).not.toHaveProperty('identity');
  expect(await say('verified_null')).toMatchObject({
    sender: { is_verified: null },
    broadcaster: { is_verified: null },
  });
  expect(await say()).not.toHaveProperty('replies_to');
  expect(await say('replies_null')).toMatchObject({ replies_to: null });
  expect(await say('offset_times')).toMatchObject({ created_at: '2026-01-02T14:04:05+11:00' });
  sim.setQuirks(['extra_fields']);
  const extra = { added_tomorrow: expect.any(String) };
  expect(await say()).toMatchObject({ ...extra, sender: extra });
});
