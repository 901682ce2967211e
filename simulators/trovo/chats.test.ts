/** The simulated Trovo's CHAT frames: every kind of item, the history, and everything they may lack (docs/platforms/trovo.md#chat-frame to docs/platforms/trovo.md#history-on-connect). */
import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { kinds, MAGIC_TYPES } from './chats.ts';
import { ROLE_NAMES, ROLE_TYPES } from './room.ts';
import type { Shown } from './simulator.ts';
import { ask, BareChat, type Parsed, simulator } from './test-support.ts';

const START = new Date(1_767_323_045_000);

async function watched() {
  const clock = new ManualClock(START);
  const sim = await simulator({ clock, limits: 'off' });
  sim.addPerson({ login: 'northpine', channelId: '100000001' });
  sim.addPerson({ login: 'alice', displayName: 'Alice', id: '100000202' });
  const chat = await BareChat.join(sim, 'northpine');
  /** Shows one item and returns it as it arrived. */
  const shown = async (kind: Shown['kind'], more: Omit<Shown, 'kind'> = { person: 'alice' }): Promise<Parsed> => {
    const seen = chat.frames.length;
    sim.show('northpine', [{ kind, ...more }]);
    await chat.ping();
    return chat.frames[seen].data.chats[0];
  };
  return { sim, clock, chat, shown };
}

test('a line arrives with every member of the documented frame', async () => {
  const { sim, chat } = await watched();
  sim.setRole('northpine', 'alice', 'mod');
  sim.setRole('northpine', 'alice', 'follower');
  const id = sim.say('northpine', 'alice', 'hello :wave');
  const frame = await chat.frame(({ type }) => type === 'CHAT');
  expect(frame).toEqual({
    type: 'CHAT',
    channel_info: { channel_id: '100000001' },
    data: {
      eid: expect.stringMatching(/^1767323045\d{6}_100000001_\d{10}_1$/),
      chats: [
        {
          type: 0,
          content: 'hello :wave',
          message_id: id,
          uid: 100_000_202,
          sender_id: 100_000_202,
          user_name: 'alice',
          nick_name: 'Alice',
          avatar: 'https://headicon.trovo.live/user/100000202.jpeg',
          sub_lv: 'L0',
          sub_tier: '0',
          medals: [],
          decos: [],
          roles: ['mod', 'follower'],
          custom_role: '[{"roleName":"mod","roleType":100001},{"roleName":"follower","roleType":100006}]',
          send_time: 1_767_323_045,
          content_data: { normal_emote_enabled: '' },
        },
      ],
    },
  });
  expect(id).toMatch(/^1767323045\d{9}_100000001_100000202_\d{10}_1$/);
});

test('built-in roles have their numbers, and a role of the streamer’s own is 200000 whatever its name', async () => {
  const { sim, chat } = await watched();
  for (const name of ROLE_NAMES.filter((each) => each !== 'streamer')) {
    sim.setRole('northpine', 'alice', name);
    sim.say('northpine', 'alice', name);
    const { roles, custom_role } = await chat.item(name);
    expect(roles).toEqual([name]);
    expect(JSON.parse(custom_role)).toEqual([{ roleName: name, roleType: ROLE_TYPES[name] }]);
    sim.setRole('northpine', 'alice', name, false);
  }
  sim.setCustomRole('northpine', 'alice', 'mod');
  sim.say('northpine', 'alice', 'fake');
  expect(JSON.parse((await chat.item('fake')).custom_role)).toEqual([{ roleName: 'mod', roleType: 200_000 }]);
  sim.say('northpine', 'northpine', 'mine');
  expect(await chat.item('mine')).toMatchObject({ roles: ['streamer'] });
});

test('subscribers and aces carry their badges', async () => {
  const { sim, chat } = await watched();
  sim.setRole('northpine', 'alice', 'ace');
  sim.setRole('northpine', 'alice', 'subscriber');
  sim.say('northpine', 'alice', 'with badges');
  expect(await chat.item('with badges')).toMatchObject({ sub_lv: 'L1', sub_tier: '1', medals: ['ace', 'sub_L1_T1'] });
});

test('spells are JSON in a string, with either currency', async () => {
  const { shown } = await watched();
  const spell = { gift: 'Stay Safe', num: 3, giftValue: 100, currency: 'Mana' } as const;
  const mana = await shown(kinds.spell(spell));
  expect(mana.type).toBe(5);
  expect(JSON.parse(mana.content)).toEqual({
    gift_id: 520_010_002,
    gift: 'Stay Safe',
    num: 3,
    gift_value: 100,
    value_type: 'Mana',
  });
  const custom = await shown(kinds.customSpell({ ...spell, currency: 'Elixir' }, 's-1'));
  expect(custom.type).toBe(5009);
  expect(JSON.parse(custom.content)).toMatchObject({ value_type: 'Elixir', sid: 's-1' });
  const gift = await shown(kinds.gift(2, 100, 'Elixir'));
  expect(JSON.parse(gift.content)).toMatchObject({ num: 2, price: 100 });
  expect(gift).toMatchObject({
    type: 19,
    content_data: { combo_info: { num: 2 }, gift_price_info: { currencyType: 'Elixir', number: 100 } },
  });
});

test('every other kind has its number and its content', async () => {
  const { shown } = await watched();
  for (const [magic, type] of Object.entries(MAGIC_TYPES)) {
    const kind = kinds.magic(magic as keyof typeof MAGIC_TYPES, 'wow');
    expect(await shown(kind)).toMatchObject({ type, content: 'wow' });
  }
  expect(Object.values(MAGIC_TYPES)).toEqual([6, 7, 8, 9]);
  expect(await shown(kinds.subscription(1))).toMatchObject({ type: 5001, content: expect.stringContaining('Tier 1') });
  expect((await shown(kinds.renewal(4))).content).toMatch(/has renewed subscription .*4 months/);
  expect(await shown(kinds.follow())).toMatchObject({ type: 5003, user_name: 'alice' });
  expect(await shown(kinds.welcome())).toMatchObject({ type: 5004, content: expect.stringContaining('{nickname}') });
  expect(await shown(kinds.giftSubs(5))).toMatchObject({ type: 5005, content: '5' });
  expect(await shown(kinds.giftSub('alice', 'bob'))).toMatchObject({ type: 5006, content: 'alice,bob' });
  expect(await shown(kinds.activity('item_drop_box_unleash'))).toMatchObject({
    type: 5007,
    content_data: { activity_topic: 'item_drop_box_unleash' },
  });
  expect(await shown(kinds.raid(12))).toMatchObject({
    type: 5008,
    content: expect.stringContaining('{raiderNum}'),
    content_data: { raiderNum: '12' },
  });
  expect(await shown(kinds.unfollow())).toMatchObject({ type: 5013 });
  const system = { type: 5002, uid: 0, sender_id: 0, user_name: '', nick_name: '', roles: [] };
  expect(await shown(kinds.system('Hello'), {})).toMatchObject(system);
  expect(await shown({ type: 5011, content: '?' })).toMatchObject({ type: 5011 });
});

test('members may be missing or of another type', async () => {
  const { sim, chat, shown } = await watched();
  const omit = ['roles', 'send_time', 'uid', 'sender_id', 'content_data'];
  const bare = await shown(kinds.normal('bare'), { person: 'alice', omit, set: { custom_role: 'null' } });
  for (const name of omit) expect(bare).not.toHaveProperty(name);
  expect(bare.custom_role).toBe('null');
  sim.say('northpine', 'alice', 'strings', { set: { uid: '100000202', avatar: 'abc.jpeg', unheard_of: [1] } });
  expect(await chat.item('strings')).toMatchObject({ uid: '100000202', avatar: 'abc.jpeg', unheard_of: [1] });
});

test('one frame may carry several items, none, or no list of them', async () => {
  const { sim, chat } = await watched();
  sim.show('northpine', [
    { kind: kinds.normal('first'), person: 'alice' },
    { kind: kinds.normal('second'), omit: ['uid', 'sender_id'] },
  ]);
  sim.show('northpine', []);
  sim.show('northpine', [], { hasChats: false, hasChannelInfo: false });
  await chat.ping();
  const [two, none, missing] = chat.frames.filter(({ type }) => type === 'CHAT');
  expect(two.data.chats.map(({ content }: Parsed) => content)).toEqual(['first', 'second']);
  expect(none.data.chats).toEqual([]);
  expect(missing).toEqual({ type: 'CHAT', data: { eid: expect.any(String) } });
});

test('a line can arrive twice, with one id and changed attributes', async () => {
  const { sim, chat } = await watched();
  sim.faults.duplicateLines();
  sim.say('northpine', 'alice', 'twice');
  sim.say('northpine', 'alice', 'once');
  await chat.item('once');
  expect(chat.contents).toEqual(['twice', 'twice', 'once']);
  const [first, second] = chat.frames.filter(({ type }) => type === 'CHAT');
  expect(second.data.eid).not.toBe(first.data.eid);
  expect(second.data.chats[0].avatar).not.toBe(first.data.chats[0].avatar);
  expect(second.data.chats[0].message_id).toBe(first.data.chats[0].message_id);
});

test('a stream that begins and ends is told by type 5012 and by channels/id, or by the latter alone', async () => {
  const { sim, chat } = await watched();
  const isLive = async () =>
    (await ask(sim, 'POST channels/id', { body: { channel_id: '100000001' } })).body.is_live as boolean;
  sim.goLive('northpine');
  expect(await chat.item('stream_on')).toMatchObject({ type: 5012 });
  expect(await isLive()).toBe(true);
  sim.goOffline('northpine');
  expect(await chat.item('stream_off')).toMatchObject({ type: 5012 });
  expect(await isLive()).toBe(false);
  sim.goLive('northpine', { isAnnounced: false });
  expect(await isLive()).toBe(true);
  await chat.ping();
  expect(chat.contents).toEqual(['stream_on', 'stream_off']);
  // Nothing of it is history.
  const late = await BareChat.join(sim, 'northpine');
  await late.ping();
  expect(late.contents).toEqual([]);
});

test('whoever is let in is shown the last lines, old ones included, with or without the hints', async () => {
  const { sim, clock } = await watched();
  sim.say('northpine', 'alice', 'an hour ago', { sentAt: new Date(START.getTime() - 3_600_000) });
  for (let line = 1; line <= 30; line += 1) sim.say('northpine', 'alice', `line ${line}`);
  await clock.advance(5000);
  const historyOf = async () => {
    const chat = await BareChat.join(sim, 'northpine');
    await chat.ping();
    return chat.frames[1];
  };
  const bare = await historyOf();
  expect(bare).not.toHaveProperty('channel_info');
  expect(bare.data.eid.split('_')[1]).toBe('0');
  const texts = bare.data.chats.map(({ content }: Parsed) => content);
  expect(texts).toEqual(Array.from({ length: 30 }, (_, index) => `line ${index + 1}`));
  expect(bare.data.chats[0].send_time).toBe(START.getTime() / 1000);

  sim.setHistory({ messagesMax: 31, hasChannelInfo: true, hasZeroEid: false });
  const full = await historyOf();
  expect(full.channel_info).toEqual({ channel_id: '100000001' });
  expect(full.data.eid.split('_')[1]).toBe('100000001');
  expect(full.data.chats[0]).toMatchObject({ content: 'an hour ago', send_time: START.getTime() / 1000 - 3600 });
  sim.setHistory({ messagesMax: 0 });
  expect(await historyOf()).toMatchObject({ type: 'PONG' });
});

test('the history can come before the answer that lets the client in', async () => {
  const { sim } = await watched();
  sim.say('northpine', 'alice', 'early');
  sim.faults.historyBeforeResponse();
  const chat = await BareChat.join(sim, 'northpine');
  await chat.ping();
  expect(chat.frames.map(({ type }) => type)).toEqual(['CHAT', 'RESPONSE', 'CHAT', 'PONG']);
});
