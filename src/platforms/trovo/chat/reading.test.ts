import { expect, test } from 'vitest';
import { kinds, MAGIC_TYPES } from '../../../../simulators/trovo/chats.ts';
import { BOT, STREAMER, trovoWorld } from '../../../../test/support/trovo-world.ts';

test('a line is read with its author as the chat names him, whatever the type of his id', async () => {
  const { sim, read, heard, until } = await trovoWorld();
  await read();
  const { id } = sim.addPerson({ login: 'mira_k', displayName: 'Mira K' });
  const messageId = sim.say(STREAMER, 'mira_k', 'hello :wave');
  sim.show(STREAMER, [
    { kind: kinds.normal('text id'), person: 'mira_k', set: { uid: id, avatar: 'mira.jpeg', send_time: undefined } },
    { kind: kinds.normal('only a sender'), person: 'mira_k', omit: ['uid', 'nick_name', 'roles'] },
    { kind: kinds.normal('no names'), person: 'mira_k', set: { nick_name: '', user_name: '', custom_role: 'null' } },
  ]);
  await until(() => expect(heard).toHaveLength(4));
  expect(heard[0]).toMatchObject({ messageId, text: 'hello :wave', isBacklog: false, isOwn: false });
  expect(heard.map(({ author }) => author.platformUserId)).toEqual([id, id, id, id]);
  expect(heard.map(({ author }) => [author.login, author.displayName])).toEqual([
    ['mira_k', 'Mira K'],
    ['mira_k', 'Mira K'],
    ['mira_k', 'mira_k'],
    [null, id],
  ]);
  expect(heard[0]?.author.avatarUrl).toMatch(/^https:/);
  expect(heard[1]?.author.avatarUrl).toBe('https://headicon.trovo.live/user/mira.jpeg');
});

test('two lines in one frame, the second without an author: the first is read, the connection stays', async () => {
  const { sim, read, texts, until, side, clock } = await trovoWorld();
  await read();
  sim.show(STREAMER, [
    { kind: kinds.normal('first'), person: 'mira_k' },
    { kind: kinds.normal('second'), person: 'mira_k', omit: ['uid', 'sender_id'] },
  ]);
  sim.show(STREAMER, [{ kind: kinds.normal('no type'), person: 'mira_k', set: { type: { a: 1 } } }]);
  sim.show(STREAMER, [{ kind: kinds.normal('never shown'), person: 'mira_k' }], { hasChats: false });
  sim.say(STREAMER, 'mira_k', 'third');
  await until(() => expect(texts()).toEqual(['first', 'third']));
  expect(side.details?.()).toEqual({ oddities: { line_incomplete: 1, item_unreadable: 1 } });
  expect(sim.connections).toBe(1);
  expect(clock.monotonicMs()).toBe(0);
});

test('magic chat is chat; spells, gifts and announcements are not, whatever they contain', async () => {
  const { sim, read, heard, until } = await trovoWorld();
  await read();
  for (const magic of Object.keys(MAGIC_TYPES) as (keyof typeof MAGIC_TYPES)[]) {
    sim.show(STREAMER, [{ kind: kinds.magic(magic, magic), person: 'mira_k' }]);
  }
  const spell = { gift: 'Stay Safe', num: 3, giftValue: 100, currency: 'Mana' } as const;
  const said = [
    kinds.spell(spell),
    kinds.customSpell({ ...spell, currency: 'Elixir' }, 's1'),
    kinds.gift(1, 100, 'Elixir'),
    kinds.subscription(1),
    kinds.renewal(3),
    kinds.system('!hi'),
    kinds.follow(),
    kinds.welcome(),
    kinds.giftSubs(5),
    kinds.giftSub('a', 'b'),
    kinds.activity('item_drop_box_unleash'),
    kinds.raid(7),
    kinds.unfollow(),
    { type: 5, content: 'no JSON at all' },
  ];
  sim.show(
    STREAMER,
    said.map((kind) => ({ kind, person: 'mira_k' })),
  );
  sim.say(STREAMER, 'mira_k', 'end');
  await until(() => expect(heard.map(({ text }) => text)).toEqual([...Object.keys(MAGIC_TYPES), 'end']));
});

test('an unknown type of item is counted, told once, and skipped', async () => {
  const { sim, read, texts, until, side, lines } = await trovoWorld();
  await read();
  for (const type of [5010, 5010, 7777]) {
    sim.show(STREAMER, [{ kind: { type, content: '!hi' }, person: 'mira_k' }]);
  }
  sim.say(STREAMER, 'mira_k', 'end');
  await until(() => expect(texts()).toEqual(['end']));
  expect(side.details?.()).toEqual({ oddities: { 'unknown_item_type 5010': 2, 'unknown_item_type 7777': 1 } });
  const told = lines.filter(({ event }) => event === 'trovo_chatbot.unknown_item_type');
  expect(told).toMatchObject([{ type: 5010 }, { type: 7777 }]);
});

test('garbage, unknown frames and answers to questions nobody asked change nothing', async () => {
  const { sim, read, texts, until, side } = await trovoWorld();
  await read();
  sim.faults.garbage();
  sim.faults.garbage(Buffer.from([0xff, 0xfe, 0x00]));
  sim.faults.garbage('{"type":"DANCE","nonce":"n"}');
  sim.faults.garbage('null');
  sim.faults.strayResponse('never-asked', 'go away');
  sim.say(STREAMER, 'mira_k', 'still here');
  await until(() => expect(texts()).toEqual(['still here']));
  expect(side.details?.()).toEqual({ oddities: { frame_unreadable: 4 } });
});

test('an oversized frame costs the connection, and another one takes its place', async () => {
  const { sim, read, texts, states, passUntil } = await trovoWorld();
  await read();
  sim.faults.oversizedFrame();
  await passUntil(() => expect(states.get(STREAMER)?.kind).toBe('degraded'));
  await passUntil(() => expect(states.get(STREAMER)).toEqual({ kind: 'live', reason: null }));
  sim.say(STREAMER, 'mira_k', 'back');
  await passUntil(() => expect(texts()).toEqual(['back']));
});

test('frames of another chat are not read, and the streamer is told', async () => {
  const { sim, read, heard, until, states, lines } = await trovoWorld();
  await read();
  sim.faults.garbage(
    JSON.stringify({
      type: 'CHAT',
      channel_info: { channel_id: 424242 },
      data: { eid: '1_424242_1_1', chats: [{ type: 0, content: '!hi', uid: 5, message_id: 'x' }] },
    }),
  );
  await until(() => expect(states.get(STREAMER)).toEqual({ kind: 'needs_user_action', reason: 'other_channel' }));
  expect(heard).toEqual([]);
  expect(lines.map(({ event }) => event)).toContain('trovo_chatbot.other_channel');
  sim.say(STREAMER, 'mira_k', 'here after all');
  await until(() => expect(states.get(STREAMER)).toEqual({ kind: 'live', reason: null }));
});

test('a listener of ours that fails costs its line alone: the connection stays, and so does the process', async () => {
  const { sim, read, heard, texts, until, events } = await trovoWorld();
  await read();
  Object.defineProperty(heard, 'push', {
    configurable: true,
    value: () => {
      throw new Error('the pipeline fell over');
    },
  });
  sim.say(STREAMER, 'mira_k', 'into the failure');
  await until(() => expect(events()).toContain('trovo_chatbot.listener_failed'));
  Reflect.deleteProperty(heard, 'push');
  sim.say(STREAMER, 'mira_k', 'after it');
  await until(() => expect(texts()).toEqual(['after it']));
  expect(sim.connections).toBe(1);
});

test("stream_on and stream_off are the stream's begin and end, at the time the chat gives them", async () => {
  const { sim, read, facts, until, clock } = await trovoWorld();
  await read();
  sim.goLive(STREAMER);
  sim.show(STREAMER, [{ kind: { type: 5012, content: 'offline' } }, { kind: { type: 5012, content: 'who knows' } }]);
  sim.show(STREAMER, [{ kind: kinds.streamState(false), omit: ['send_time'] }]);
  await until(() => expect(facts.map(({ isLive }) => isLive)).toEqual([true, false, false]));
  for (const { at } of facts) expect(at).toEqual(clock.now());
});

test('our own line is known as ours, and tells whether the rules against spam spare us', async () => {
  const { sim, read, heard, until, side, botCredential } = await trovoWorld();
  const channel = await read();
  const as = botCredential();
  sim.setCustomRole(STREAMER, BOT, 'mod');
  sim.say(STREAMER, BOT, 'one');
  await until(() => expect(heard).toMatchObject([{ text: 'one', isOwn: true }]));
  expect(side.sender.isPrivileged(channel, as)).toBe(false);

  sim.setRole(STREAMER, BOT, 'mod');
  sim.say(STREAMER, BOT, 'two');
  await until(() => expect(heard).toHaveLength(2));
  expect(side.sender.isPrivileged(channel, as)).toBe(true);
  side.reader.setChannels([]);
  expect(side.sender.isPrivileged(channel, as)).toBe(false);
});
