import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startApiWorld } from '../../test/support/api-world.ts';
import { type CuttableLine, cuttableLine } from '../../test/support/cuttable-line.ts';
import { startApiProcess } from '../../test/support/processes.ts';
import { BOT_LOGIN, linkAccount, PATIENCE, type WorkerWorld, workerWorld } from '../../test/support/worker-world.ts';
import { startInlineCreditsBot } from './inlineCreditsBot.ts';

const ON = { CHAT_BOT_ENABLED: 'on', CHAT_BOT_CHANNELS: 'northpine:northpine' };

interface Setting {
  readonly env?: Readonly<Record<string, string>>;
  /** False: it is not waited for. */
  readonly reads?: boolean;
  /** Before the API starts. @returns another way to the database, when there is one */
  readonly prepare?: (world: WorkerWorld) => Promise<string | undefined>;
}

/** An API with the bot inside, a simulated Twitch, and one channel that has no worker unless the test starts one. */
async function stage({ env = ON, reads = true, prepare = async () => undefined }: Setting = {}) {
  const world = await workerWorld();
  const channels = await world.channels('northpine', 'quiet');
  const url = (await prepare(world)) ?? world.databaseUrl;
  const api = await startApiWorld(url, { env: { ...world.sim.env(), ...env }, companion: startInlineCreditsBot });
  if (reads) await world.joined('northpine');
  return {
    ...world,
    api,
    channelId: channels.northpine ?? '',
    events: () => api.lines.map((text) => JSON.parse(text)),
    write: (author: string, text = 'hello', channel = 'northpine') => world.sim.say(channel, author, text),
    /** `name userId` of everybody in the roll of a channel, in order. */
    async credited(slug = 'northpine'): Promise<string[]> {
      const { rows } = await world.pg.query(
        `select p."displayName" || ' ' || p."userId" as person from "CreditsChatter" p
         join "Channel" c on c.id = p."channelId" where c.slug = $1 order by p.seq`,
        [slug],
      );
      return rows.map(({ person }) => person);
    },
    /** How somebody nobody knows is listed. */
    stranger: (login: string) => `${login} twitch:${world.sim.person(login).id}`,
  };
}

test('whoever writes in a mapped chat is in the credits once, whoever writes elsewhere is not, and nothing is said', async () => {
  const world = await stage();
  const { write, credited, stranger, said } = world;
  await world.addCommand(world.channelId, '!hi', 'hello');
  for (const text of ['!hi', 'again']) write('mira_k', text);
  write('stage_hand', 'elsewhere', 'quiet');
  write('otto');
  await vi.waitFor(async () => expect(await credited()).toEqual([stranger('mira_k'), stranger('otto')]), PATIENCE);
  expect(await credited('quiet')).toEqual([]);
  expect(world.sim.readersOf('quiet')).toEqual([]);
  expect(said('northpine')).toEqual([]);
  const { rows } = await world.pg.query(
    'select (select count(*)::int from "ChatBotOutboxMessage") as outbox, (select count(*)::int from "BotChannelLease") as leases',
  );
  expect(rows).toEqual([{ outbox: 0, leases: 0 }]);
  const lines = world.events().filter(({ event }) => /^chatbot\.(started|connected|join)$/.test(event));
  expect(lines.map(({ event, inline }) => [event, inline])).toEqual([
    ['chatbot.started', true],
    ['chatbot.connected', true],
    ['chatbot.join', true],
  ]);
});

test('the chatters reach the overlay of the channel', async () => {
  const world = await stage();
  const who = await world.api.streamer();
  await world.pg.query(`update "Channel" set slug = 'moved' where slug = 'northpine'`);
  await world.pg.query(`update "Channel" set slug = 'NorthPine' where id = $1`, [who.channelId]);
  world.write('mira_k');
  await vi.waitFor(async () => {
    const { json } = await world.api.ask(who, 'GET', '/streamer/credits/state');
    expect(json.chatters).toEqual([{ name: 'mira_k', avatarUrl: null, provider: 'twitch' }]);
  }, PATIENCE);
});

test('together with a worker it lists nobody twice', async () => {
  let linkedId = '';
  const world = await stage({
    prepare: async (early) => {
      linkedId = await linkViewer(early);
      return undefined;
    },
  });
  const { worker } = world.startWorker({ relay: { baseUrls: [world.api.url], secret: null } });
  await vi.waitFor(() => expect(world.sim.readersOf('northpine')).toEqual([BOT_LOGIN, BOT_LOGIN]), PATIENCE);
  for (let time = 0; time < 3; time += 1) {
    for (const author of ['linked', 'mira_k', 'otto']) world.write(author);
  }
  await vi.waitFor(() => expect(worker.credits.stats().delivered).toBe(3), PATIENCE);
  await world.api.close();
  const expected = [`linked ${linkedId}`, world.stranger('mira_k'), world.stranger('otto')];
  expect((await world.credited()).sort()).toEqual(expected.sort());
});

test('our own accounts are nobody to credit, wherever they speak', async () => {
  const { write, credited, stranger } = await stage({
    prepare: async ({ sim, db, pg }) => {
      sim.addPerson('custom_bot');
      const externalAccountId = await linkAccount(db, sim, 'custom_bot', []);
      const { rows } = await pg.query(`select id from "Channel" where slug = 'quiet'`);
      const override = { channelId: rows[0].id, externalAccountId, enabled: true };
      await db.insertInto('TwitchBotIntegration').values(override).execute();
      return undefined;
    },
  });
  for (const author of [BOT_LOGIN, 'custom_bot', 'mira_k']) write(author);
  await vi.waitFor(async () => expect(await credited()).toEqual([stranger('mira_k')]), PATIENCE);
});

test.for([
  ['it is not switched on', { CHAT_BOT_CHANNELS: 'northpine:northpine' }, []],
  ['the switch says off', { ...ON, CHAT_BOT_ENABLED: 'off' }, []],
  ['no channel is named', { CHAT_BOT_ENABLED: '1' }, ['chatbot.missing_channel_map']],
  [
    'no entry can be used',
    { CHAT_BOT_ENABLED: '1', CHAT_BOT_CHANNELS: 'northpine', CHAT_BOT_CHANNEL_MAP_JSON: '{}' },
    ['chatbot.missing_channel_map'],
  ],
] as const)('Twitch hears nothing of it while %s', async ([, env, said]) => {
  const chat = await deafServer();
  const { api, sim, events } = await stage({ env: { TWITCH_IRC_URL: chat.url, ...env }, reads: false });
  await vi.waitFor(() => expect(events().map(({ event }) => event)).toContain('db.listening'), PATIENCE);
  await api.close();
  expect(chat.callers).toBe(0);
  expect(sim.calls).toEqual([]);
  expect(events().flatMap(({ event }) => (event.startsWith('chatbot.') ? [event] : []))).toEqual(said);
});

test('a dropped connection and a token that ended are renewed by itself, and credits go on', async () => {
  const world = await stage();
  world.sim.faults.expireTokens(BOT_LOGIN);
  world.sim.faults.dropConnections();
  await vi.waitFor(() => expect(world.sim.readersOf('northpine')).toEqual([]), PATIENCE);
  await world.joined('northpine');
  world.write('mira_k');
  await vi.waitFor(async () => expect(await world.credited()).toEqual([world.stranger('mira_k')]), PATIENCE);
  expect(world.sim.calls.filter(({ path }) => path === '/oauth2/token')).toHaveLength(1);
});

test('who writes while the database is away is credited when it is back, under the account they linked', async () => {
  let line: CuttableLine | undefined;
  let linkedId = '';
  const world = await stage({
    prepare: async (early) => {
      linkedId = await linkViewer(early);
      line = await cuttableLine(early.databaseUrl);
      return line.url;
    },
  });
  line?.cut();
  for (const author of ['linked', 'mira_k']) world.write(author);
  await vi.waitFor(() => {
    expect(world.events().filter(({ event }) => event === 'chatbot.credits_postponed')).toHaveLength(1);
  }, PATIENCE);
  expect(world.sim.readersOf('northpine')).toEqual([BOT_LOGIN]);
  line?.mend();
  await vi.waitFor(async () => {
    expect(await world.credited()).toEqual([`linked ${linkedId}`, world.stranger('mira_k')]);
  }, PATIENCE);
});

test('without a default bot it reads as the account the environment names, which is nobody to credit', async () => {
  const { sim, write, credited, stranger } = await stage({
    env: { ...ON, CHAT_BOT_LOGIN: 'oldbot' },
    reads: false,
    prepare: async (world) => {
      await withoutDefaultBot(world);
      const { id: twitchUserId } = world.sim.addPerson('oldbot');
      const { access: twitchAccessToken } = world.sim.issueToken('oldbot', ['chat:read']);
      const user = { displayName: 'OldBot', twitchUserId, twitchAccessToken };
      await world.db.insertInto('User').values(user).execute();
      return undefined;
    },
  });
  await vi.waitFor(() => expect(sim.readersOf('northpine')).toEqual(['oldbot']), PATIENCE);
  for (const author of ['oldbot', 'mira_k']) write(author);
  await vi.waitFor(async () => expect(await credited()).toEqual([stranger('mira_k')]), PATIENCE);
});

test('with nobody to read as it says which variable is missing, once, and begins when a bot is linked', async () => {
  const world = await stage({ reads: false, prepare: withoutDefaultBot });
  const missing = () => world.events().filter(({ event }) => event === 'chatbot.missing_login');
  await vi.waitFor(() => expect(missing()).toHaveLength(1), PATIENCE);
  expect(missing()[0]).toMatchObject({ level: 'warn', key: 'CHAT_BOT_LOGIN', inline: true });
  await vi.waitFor(() => expect(world.events().map(({ event }) => event)).toContain('db.listening'), PATIENCE);
  const externalAccountId = await linkAccount(world.db, world.sim, BOT_LOGIN, ['chat:read']);
  await world.db.insertInto('GlobalTwitchBotCredential').values({ externalAccountId, enabled: true }).execute();
  await world.joined('northpine');
  expect(missing()).toHaveLength(1);
});

test('it stops with the API and leaves the chat', async () => {
  const { api, sim, events } = await stage();
  await api.close();
  await vi.waitFor(() => expect(sim.readersOf('northpine')).toEqual([]), PATIENCE);
  expect(events().at(-1)).toMatchObject({ event: 'chatbot.stopped', inline: true });
});

test('it is part of the API process: started by its environment, ended by its signal', async () => {
  const world = await workerWorld();
  await world.channels('northpine');
  const api = await startApiProcess({
    ...world.processEnv,
    ...ON,
    HOST: '127.0.0.1',
    JWT_SECRET: 'a test secret that nobody guesses',
    TWITCH_EVENTSUB_SECRET: 'pinecone-secret-01',
    CHAT_BOT_CHANNELS: 'broken,northpine:northpine',
  });
  await world.joined('northpine');
  expect(api.lines.join('\n')).toContain('CHAT_BOT_CHANNELS: 1 entry is ignored');
  expect(await api.kill('SIGTERM')).toBe(0);
  expect(api.lines.join('\n')).toContain('"chatbot.stopped"');
  await vi.waitFor(() => expect(world.sim.readersOf('northpine')).toEqual([]), PATIENCE);
});

/** A viewer who linked their account. @returns the MemAlerts user */
async function linkViewer({ sim, db, pg }: WorkerWorld): Promise<string> {
  sim.addPerson('linked');
  await linkAccount(db, sim, 'linked', []);
  const { rows } = await pg.query(`select id from "User" where "displayName" = 'linked'`);
  return rows[0].id;
}

async function withoutDefaultBot({ pg }: WorkerWorld): Promise<undefined> {
  await pg.query('delete from "GlobalTwitchBotCredential"');
  await pg.query('delete from "ExternalAccount"');
  return undefined;
}

/** Counts who calls, and answers nobody. */
async function deafServer() {
  let callers = 0;
  const server = createServer((socket) => {
    callers += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get callers() {
      return callers;
    },
  };
}
