/** The simulated chat keeps Twitch's rules, also the nasty ones. */
import { expect, test, vi } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { NO_LIMITS } from '../limits.ts';
import { BareChat, simulator, tagsOf } from '../test-support.ts';

test('a join answers in the order JOIN, 353, 366, USERSTATE, ROOMSTATE; a repeated or unknown one not at all', async () => {
  const sim = await simulator();
  sim.addChannel('northpine');
  sim.setRole('northpine', sim.addPerson('helperbot'), 'moderator');
  const bot = await BareChat.join(sim, 'helperbot');

  const answer = await bot.ask('JOIN #northpine');

  const commands = answer.map((line) => line.replace(/^@\S+ /, '').split(' ')[1]);
  expect(commands).toEqual(['JOIN', '353', '366', 'USERSTATE', 'ROOMSTATE']);
  expect(tagsOf(answer[3] ?? '')).toMatchObject({ mod: '1', badges: 'moderator/1' });
  expect(Object.keys(tagsOf(answer[4] ?? '')).sort()).toEqual(
    ['emote-only', 'followers-only', 'r9k', 'room-id', 'slow', 'subs-only'].sort(),
  );
  expect(await bot.ask('JOIN #northpine')).toEqual([]);
  expect(await bot.ask('JOIN #nobodyhere')).toEqual([]);
  expect(sim.readersOf('northpine')).toEqual(['helperbot']);
});

test('a sender is not shown its own message but gets USERSTATE with the id others see; other connections see it', async () => {
  const sim = await simulator();
  sim.addChannel('northpine');
  const [bot, other] = [
    await BareChat.join(sim, 'helperbot', 'northpine'),
    await BareChat.join(sim, 'mira_k', 'northpine'),
  ];

  const answer = await bot.ask('@client-nonce=77aa PRIVMSG #northpine :hello');

  const { id = '', 'client-nonce': nonce } = tagsOf(answer.find((line) => line.includes('USERSTATE')) ?? '');
  expect(nonce).toBe('77aa');
  expect(answer).toHaveLength(1);
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  const seen = tagsOf(await other.line('PRIVMSG #northpine :hello'));
  expect(seen).toMatchObject({ id, 'client-nonce': '77aa', 'room-id': sim.person('northpine').id });
  expect(sim.messagesIn('northpine').map((message) => message.id)).toEqual([id]);
});

test('tags travel escaped, emote offsets count code points, a broadcaster has mod=0', async () => {
  const sim = await simulator();
  sim.addChannel('northpine');
  const bot = await BareChat.join(sim, 'helperbot', 'northpine');

  const parent = sim.say('northpine', 'northpine', 'a;b c\\d 🎉 Kappa');
  sim.say('northpine', 'mira_k', '@northpine yes', { replyTo: parent });

  expect(tagsOf(await bot.line('a;b c'))).toMatchObject({ mod: '0', badges: 'broadcaster/1', emotes: '25:10-14' });
  const reply = await bot.line('@northpine yes');
  expect(reply).toContain('reply-parent-msg-body=a\\:b\\sc\\\\d\\s🎉\\sKappa;');
  expect(tagsOf(reply)).toMatchObject({ 'reply-parent-msg-id': parent, 'reply-parent-msg-body': 'a;b c\\d 🎉 Kappa' });
});

test('the words of an event come in a USERNOTICE of the server, and to the rest of a shared chat as its copy', async () => {
  const sim = await simulator();
  for (const name of ['northpine', 'southoak']) sim.addChannel(name);
  sim.shareChat('northpine', 'southoak');
  const here = await BareChat.join(sim, 'helperbot', 'northpine');
  const there = await BareChat.join(sim, 'otherbot', 'southoak');
  const id = sim.say('northpine', 'mira_k', 'a year already', { notice: 'resub' });

  const line = await here.line('a year already');
  expect(line).toContain(' :tmi.twitch.tv USERNOTICE #northpine :a year already');
  expect(tagsOf(line)).toMatchObject({ id, login: 'mira_k', 'msg-id': 'resub', 'user-id': sim.person('mira_k').id });
  expect(tagsOf(line)['system-msg']).not.toBe('');
  const copy = tagsOf(await there.line('USERNOTICE #southoak :a year already'));
  expect(copy).toMatchObject({ 'msg-id': 'sharedchatnotice', 'source-msg-id': 'resub', 'source-id': id });
  expect([...here.lines, ...there.lines].filter((each) => each.includes('PRIVMSG'))).toEqual([]);
});

test('a client without capabilities gets neither tags nor command lines', async () => {
  const sim = await simulator();
  sim.addChannel('northpine');
  const bot = await BareChat.connect(sim.urls.irc);
  bot.send('NICK justinfan123\r\nJOIN #northpine\r\n');
  await bot.line('366');

  sim.say('northpine', 'mira_k', 'hi');

  expect(await bot.line('PRIVMSG')).toBe(':mira_k!mira_k@mira_k.tmi.twitch.tv PRIVMSG #northpine :hi');
  expect(bot.lines.filter((line) => /USERSTATE|ROOMSTATE/.test(line))).toEqual([]);
});

test('dead tokens, wrong order and too many attempts end the connection as on Twitch', async () => {
  const sim = await simulator({ limits: { loginsPer10s: 3 } });
  const { access } = sim.issueToken(sim.addPerson('helperbot'), ['chat:read']);
  const attempt = async (...lines: string[]) => {
    const chat = await BareChat.connect(sim.urls.irc);
    chat.send(...lines);
    await chat.closed();
    return chat.lines;
  };
  sim.faults.expireTokens('helperbot');

  expect(await attempt(`PASS oauth:${access}`, 'NICK helperbot')).toEqual([
    ':tmi.twitch.tv NOTICE * :Login authentication failed',
  ]);
  expect(await attempt('NICK helperbot')).toEqual([':tmi.twitch.tv NOTICE * :Improperly formatted auth']);
  sim.faults.failLogins(1, 'Error logging in');
  expect(await attempt('PASS oauth:x', 'NICK helperbot')).toEqual([':tmi.twitch.tv NOTICE * :Error logging in']);
  expect(await attempt('PASS oauth:x', 'NICK helperbot')).toEqual([]);
});

test('the 21st join within 10 s closes the connection', async () => {
  const sim = await simulator({ clock: new ManualClock() });
  for (let index = 0; index < 21; index += 1) sim.addChannel(`room${index}`);
  const bot = await BareChat.join(sim, 'helperbot');

  bot.send(`JOIN ${Array.from({ length: 20 }, (_, index) => `#room${index}`).join(',')}`);
  await bot.line('ROOMSTATE #room19');
  bot.send('JOIN #room20');

  await bot.closed();
  expect(Object.keys(sim.joinedChannels())).toEqual([]);
});

test('privileged messages fill the small bucket: the next one elsewhere mutes the account for an hour, silently', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock });
  const bot = sim.addPerson('helperbot');
  for (const name of ['home', 'away']) sim.addChannel(name);
  sim.setRole('home', bot, 'moderator');
  const chat = await BareChat.join(sim, 'helperbot', 'home', 'away');
  for (let index = 0; index < 20; index += 1) chat.send(`PRIVMSG #home :${index}`);
  await chat.roundTrip();

  expect(await chat.ask('PRIVMSG #away :one too many')).toEqual([]);
  await clock.advance(59 * 60_000);
  await chat.line('PING :tmi.twitch.tv');
  const later = await BareChat.join(sim, 'helperbot', 'away', 'home');
  expect(await later.ask('PRIVMSG #away :still deaf')).toEqual([]);
  expect((await later.ask('PRIVMSG #home :at home it works')).join()).toContain('USERSTATE #home');
  await clock.advance(61_000);
  expect((await later.ask('PRIVMSG #away :back')).join()).toContain('USERSTATE #away');

  expect(sim.messagesIn('home')).toHaveLength(21);
  expect(sim.messagesIn('away').map(({ text }) => text)).toEqual(['back']);
});

test.each([
  ['msg_duplicate', (chat: BareChat) => chat.ask('PRIVMSG #northpine :first  one')],
  ['unrecognized_cmd', (chat: BareChat) => chat.ask('PRIVMSG #northpine :/ban mira_k')],
])('%s is said in a NOTICE and nothing is shown', async (code, ask) => {
  const sim = await simulator({ limits: { ...NO_LIMITS, duplicateSeconds: 30 } });
  sim.addChannel('northpine');
  const chat = await BareChat.join(sim, 'helperbot', 'northpine');
  await chat.ask('PRIVMSG #northpine :first one');

  const answer = await ask(chat);

  expect(answer.map(tagsOf)).toEqual([{ 'msg-id': code }]);
  expect(sim.messagesIn('northpine')).toHaveLength(1);
});

test('the second message within a second, slow mode, subscribers-only, a timeout and scripted drops each say why', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock });
  sim.addChannel('northpine');
  const chat = await BareChat.join(sim, 'helperbot', 'northpine');
  const code = async (text: string) => tagsOf((await chat.ask(`PRIVMSG #northpine :${text}`)).at(-1) ?? '@=')['msg-id'];

  expect(await code('1')).toBeUndefined();
  expect(await code('2')).toBe('msg_ratelimit');
  await clock.advance(1000);
  sim.setModes('northpine', { slowSeconds: 10 });
  expect(await code('3')).toBe('msg_slowmode');
  expect(tagsOf(await chat.line('slow=10'))).toEqual({ 'room-id': sim.person('northpine').id, slow: '10' });
  await clock.advance(10_000);
  sim.setModes('northpine', { subscribersOnly: true });
  expect(await code('4')).toBe('msg_subsonly');
  sim.setModes('northpine', { subscribersOnly: false });
  await clock.advance(10_000);
  sim.faults.dropMessages('msg_rejected');
  expect(await code('5')).toBe('msg_rejected');
  sim.exclude('northpine', 'helperbot', 60);
  expect(await code('6')).toBe('msg_timedout');
  await clock.advance(60_000);
  expect(await code('7')).toBeUndefined();
  expect(sim.messagesIn('northpine').map(({ text }) => text)).toEqual(['1', '7']);
});

test('a ban puts the account out of the room; joining again is refused', async () => {
  const sim = await simulator();
  sim.addChannel('northpine');
  const chat = await BareChat.join(sim, 'helperbot', 'northpine');

  sim.exclude('northpine', 'helperbot', null);

  expect(await chat.line('CLEARCHAT')).not.toContain('ban-duration');
  await chat.line('PART #northpine');
  expect((await chat.ask('JOIN #northpine')).map(tagsOf)).toEqual([{ 'msg-id': 'msg_banned' }]);
});

test('shared chat: each room gets its own copy that names the source', async () => {
  const sim = await simulator();
  for (const name of ['here', 'there']) sim.addChannel(name);
  const bot = await BareChat.join(sim, 'helperbot', 'here', 'there');
  sim.shareChat('here', 'there');

  const id = sim.say('here', 'mira_k', 'hi both');

  const own = tagsOf(await bot.line('#here :hi both'));
  const copy = tagsOf(await bot.line('#there :hi both'));
  const here = sim.person('here').id;
  expect(own).toMatchObject({ id, 'room-id': here, 'source-id': id, 'source-room-id': here });
  expect(copy).toMatchObject({ 'room-id': sim.person('there').id, 'source-id': id, 'source-room-id': here });
  expect(copy.id).not.toBe(id);
});

test('a mute connection stays open and says nothing, a new one works', async () => {
  const sim = await simulator();
  sim.addChannel('northpine');
  const mute = await BareChat.join(sim, 'helperbot', 'northpine');
  const before = mute.lines.length;
  sim.faults.mute();
  mute.send('PING are-you-there', 'PRIVMSG #northpine :lost');

  const fresh = await BareChat.join(sim, 'helperbot', 'northpine');
  sim.say('northpine', 'mira_k', 'only the new one hears');
  await fresh.line('only the new one hears');

  expect(mute.lines.length).toBe(before);
  expect(mute.socket.readyState).toBe(mute.socket.OPEN);
  expect(sim.messagesIn('northpine').map(({ text }) => text)).toEqual(['only the new one hears']);
});

test('who does not answer PING is closed; who does stays', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock });
  const [polite, rude] = [await BareChat.join(sim, 'polite'), await BareChat.join(sim, 'rude')];

  await clock.advance(300_000);
  await polite.line('PING :tmi.twitch.tv');
  polite.send('PONG');
  await polite.roundTrip();
  await clock.advance(10_000);

  await rude.closed();
  await polite.roundTrip();
});

test('RECONNECT comes before the close; refused connections are refused until accepted; a rename moves the room', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock });
  sim.addChannel('northpine');
  const bot = await BareChat.join(sim, 'helperbot', 'northpine');

  sim.faults.reconnect(10_000);
  await bot.line('RECONNECT');
  await bot.roundTrip();
  await clock.advance(10_000);
  await bot.closed();

  await sim.faults.refuse();
  await expect(BareChat.connect(sim.urls.irc)).rejects.toThrow('ECONNREFUSED');
  await sim.faults.accept();
  const again = await BareChat.join(sim, 'helperbot', 'northpine');

  sim.rename('northpine', 'southpine');
  sim.say('southpine', 'mira_k', 'nobody hears this');
  expect(await again.ask('JOIN #northpine')).toEqual([]);
  expect((await again.ask('JOIN #southpine')).join()).toContain('ROOMSTATE #southpine');
  expect(again.lines.join()).not.toContain('nobody hears this');
});

test('a taken message may stay unanswered or be answered late, and a line may come twice with one id', async () => {
  const clock = new ManualClock();
  const sim = await simulator({ clock, limits: 'off' });
  sim.addChannel('northpine');
  const bot = await BareChat.join(sim, 'helperbot', 'northpine');
  const reader = await BareChat.join(sim, 'mira_k', 'northpine');

  sim.faults.loseSendAnswers();
  expect(await bot.ask('PRIVMSG #northpine :lost answer')).toEqual([]);
  sim.faults.delaySendAnswers(5000);
  expect(await bot.ask('PRIVMSG #northpine :late answer')).toEqual([]);
  await clock.advance(5000);
  const late = sim.messagesIn('northpine').at(-1);
  await bot.line(`id=${late?.id}`);
  sim.faults.duplicateLines();
  const id = sim.say('northpine', 'northpine', 'twice');
  await reader.line('twice');

  expect(sim.messagesIn('northpine').map(({ text }) => text)).toEqual(['lost answer', 'late answer', 'twice']);
  expect(reader.lines.filter((line) => line.includes(`id=${id}`))).toHaveLength(2);
});

test('garbage and an oversized line reach the client as they are', async () => {
  const sim = await simulator();
  const bot = await BareChat.join(sim, 'helperbot');
  sim.faults.garbage('\u0000:@@@ nonsense\r\n');
  sim.faults.oversizedFrame(1_000_000);
  await bot.line('nonsense');
  await vi.waitFor(() => expect(Math.max(...bot.lines.map((line) => line.length))).toBeGreaterThan(1_000_000));
});
