import { expect, test, vi } from 'vitest';
import { recordLive } from '../../src/engine/live/record-live.ts';
import type { ChannelId, ProviderId } from '../../src/lib/brand.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { scriptedCreditsApi } from '../support/scripted-credits-api.ts';
import { ShiftedClock } from '../support/shifted-clock.ts';
import { BOT_LOGIN, linkAccount, PATIENCE, type WorkerWorld, workerWorld } from '../support/worker-world.ts';

const SLUG = 'northpine';
const twitch = 'twitch' as ProviderId;

/** One channel with the command `!mark`, read by one worker. */
async function room(prepare: (world: WorkerWorld, channelId: ChannelId) => Promise<unknown> = async () => {}) {
  const world = await workerWorld();
  const { [SLUG]: id = '' } = await world.channels(SLUG);
  const channelId = id as ChannelId;
  await world.addCommand(channelId, '!mark', 'marked');
  await prepare(world, channelId);
  const { worker, log } = world.startWorker();
  await world.joined(SLUG);
  return {
    ...world,
    channelId,
    worker,
    log,
    write: (author: string, text: string, more = {}) => world.sim.say(SLUG, author, text, more),
    /** What was said since the last call; lines of a channel are answered in order, so the mark closes the list. */
    async answers(): Promise<string[]> {
      const before = world.said(SLUG).filter((text) => text === 'marked').length;
      world.sim.say(SLUG, 'stage_hand', '!mark');
      const since = () => world.said(SLUG).slice(before === 0 ? 0 : indexOfNth(world.said(SLUG), 'marked', before) + 1);
      await vi.waitFor(() => expect(since()).toContain('marked'), PATIENCE);
      return since().filter((text) => text !== 'marked');
    },
  };
}

function indexOfNth(texts: readonly string[], wanted: string, nth: number): number {
  let found = 0;
  return texts.findIndex((text) => text === wanted && ++found === nth);
}

test.for(['helix', 'irc'] as const)(
  'a viewer asks, the bot answers by %s, and the answer has a fate',
  async (speaksBy) => {
    const world = await workerWorld({ speaksBy });
    const { [SLUG]: channelId = '' } = await world.channels(SLUG);
    await world.addCommand(channelId, '!hi', 'Привет! 👋');
    world.startWorker();
    await world.joined(SLUG);

    world.sim.say(SLUG, 'mira_k', ' !HI ');
    await vi.waitFor(() => expect(world.said(SLUG)).toEqual(['Привет! 👋']), PATIENCE);
    const said = world.sim.messagesIn(SLUG).find(({ transport }) => transport !== 'script');
    await vi.waitFor(async () => {
      const rows = await world.outbox(channelId);
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({ status: 'sent', source: 'command', attempts: 1, platformMessageId: said?.id });
    }, PATIENCE);
  },
);

test('only a whole line is a command: no prefix, no arguments, whatever its case and invisible edges', async () => {
  const { write, answers, addCommand, channelId } = await room();
  await addCommand(channelId, 'Two  Words', 'two');
  await vi.waitFor(async () => {
    write('mira_k', 'two  words');
    expect(await answers()).toContain('two');
  }, PATIENCE);
  for (const line of ['!mark now', 'say !mark', '!marks', 'two words', 'two', '!']) write('mira_k', line);
  expect(await answers()).toEqual([]);
  for (const line of [' TWO  words \u034f', '\u200btwo  words\ufeff']) {
    write('mira_k', line);
    expect(await answers()).toEqual(['two']);
  }
});

test('a command in the words of a resub or a watch streak is answered like any other, in its own channel alone', async () => {
  const { write, answers, sim } = await room((world, channelId) => world.addCommand(channelId, '!year', 'thanks'));
  sim.shareChat(SLUG, sim.addChannel('southoak'));
  for (const notice of ['resub', 'viewermilestone', 'announcement']) {
    write('mira_k', '!year', { notice });
    expect(await answers()).toEqual(['thanks']);
  }
  sim.say('southoak', 'mira_k', '!year', { notice: 'resub' });
  expect(await answers()).toEqual([]);
});

test('a restricted command admits named users and roles, refuses everybody else without a word', async () => {
  const { write, answers, worker } = await room(async (world, channelId) => {
    const lists = { allowedUsers: '["mira_k"]', allowedRoles: '["moderator","follower"]' };
    await world.addCommand(channelId, '!secret', 'psst', lists);
  });
  write('stranger', '!secret');
  write('sub', '!secret', { badges: 'subscriber/12,vip/1' });
  expect(await answers()).toEqual([]);
  expect(worker.pipeline.stats()).toMatchObject({ refused: 2 });
  for (const [author, badges] of [['Mira_K'], ['mod', 'moderator/1'], ['owner', 'broadcaster/1']] as const) {
    write(author, '!secret', { badges });
    expect(await answers()).toEqual(['psst']);
  }
});

test('a command whose lists are no lists answers nobody, and harms no other', async () => {
  const { write, answers, pg, log } = await room(async (world, channelId) => {
    for (const trigger of ['!one', '!two', '!three']) await world.addCommand(channelId, trigger, 'opened');
    await world.pg.query(
      `update "ChatBotCommand" set "allowedUsers" = case trigger when '!one' then '{}' when '!two' then '"mira_k"' else '3' end::jsonb
      where trigger <> '!mark'`,
    );
  });
  for (const line of ['!one', '!two', '!three']) write('mira_k', line);
  expect(await answers()).toEqual([]);
  await pg.query(`update "ChatBotCommand" set "allowedUsers" = 'null' where trigger = '!one'`);
  await vi.waitFor(async () => {
    write('mira_k', '!one');
    expect(await answers()).toContain('opened');
  }, PATIENCE);
  expect(log.filter(({ level }) => level === 'error')).toEqual([]);
});

test('an only-when-live command is silent until any platform says the channel is live, and again after the end', async () => {
  const { write, answers, db, channelId } = await room(async (world, id) => {
    await world.addCommand(id, '!live', 'we are', { onlyWhenLive: true });
  });
  const tell = (provider: string, isLive: boolean) =>
    recordLive({ db, clock: systemClock }, provider as ProviderId, channelId, { isLive, at: new Date() });
  write('mira_k', '!live');
  expect(await answers()).toEqual([]);
  await tell('kick', true);
  await vi.waitFor(async () => {
    write('mira_k', '!live');
    expect(await answers()).toContain('we are');
  }, PATIENCE);
  await tell('kick', false);
  await vi.waitFor(async () => {
    write('mira_k', '!live');
    expect(await answers()).toEqual([]);
  }, PATIENCE);
});

test('the duration command tells the running time, wins over a static one, and leaves it the word when silent', async () => {
  const { write, answers, db, channelId } = await room(async (world, id) => {
    await world.addCommand(id, '!time', 'static');
    const settings = {
      enabled: true,
      trigger: '!TIME',
      responseTemplate: 'live {hours}h {minutes}m',
      onlyWhenLive: true,
    };
    await world.db
      .updateTable('Channel')
      .set({ streamDurationCommandJson: JSON.stringify({ ...settings, triggerNormalized: '!time' }) })
      .where('id', '=', id)
      .execute();
  });
  write('mira_k', '!time');
  expect(await answers()).toEqual(['static']);
  const at = new Date(Date.now() - 95 * 60_000);
  await recordLive({ db, clock: systemClock }, twitch, channelId, { isLive: true, at });
  await vi.waitFor(async () => {
    write('mira_k', '!time');
    expect(await answers()).toEqual(['live 1h 35m']);
  }, PATIENCE);
});

test('a line older than a minute and a line delivered twice are credited, and answered never and once', async () => {
  const { write, answers, worker, sim } = await room();
  write('mira_k', '!mark', { tags: { 'tmi-sent-ts': String(Date.now() - 61_000) } });
  sim.faults.duplicateLines();
  write('mira_k', '!mark');
  await vi.waitFor(
    () => expect(worker.pipeline.stats()).toMatchObject({ lines: 3, expired: 1, duplicates: 1 }),
    PATIENCE,
  );
  expect(await answers()).toEqual([]);
  expect(worker.pipeline.stats()).toMatchObject({ answered: 2 });
});

test('the bot never answers itself, under its own name or an override, even when it says a trigger', async () => {
  const { write, answers, worker } = await room(async (world, channelId) => {
    world.sim.addPerson('own_voice');
    const externalAccountId = await linkAccount(world.db, world.sim, 'own_voice', ['chat:read', 'chat:edit']);
    await world.db.insertInto('TwitchBotIntegration').values({ channelId, externalAccountId, enabled: true }).execute();
    await world.addCommand(channelId, '!loop', '!mark');
  });
  write('memalerts_bot', '!mark');
  write('own_voice', '!mark');
  write('mira_k', '!loop');
  // `!mark`, said by the bot, is seen in the chat and stays without an answer.
  await vi.waitFor(() => expect(worker.pipeline.stats().own).toBeGreaterThanOrEqual(3), PATIENCE);
  expect(await answers()).toEqual(['!mark']);
});

test('an override speaks only while its channel is entitled; without, the shared bot does', async () => {
  const { write, answers, db, sim, channelId, log } = await room(async (world, id) => {
    world.sim.addPerson('own_voice');
    const externalAccountId = await linkAccount(world.db, world.sim, 'own_voice', ['chat:read', 'chat:edit']);
    await world.db
      .insertInto('TwitchBotIntegration')
      .values({ channelId: id, externalAccountId, enabled: true })
      .execute();
  });
  const authors = () =>
    sim
      .messagesIn(SLUG)
      .filter(({ transport }) => transport !== 'script')
      .map(({ author }) => author);
  await answers();
  expect(authors()).toEqual(['memalerts_bot']);
  await db.insertInto('ChannelEntitlement').values({ channelId, key: 'custom_bot', enabled: true }).execute();
  await vi.waitFor(async () => {
    await answers();
    expect(authors().at(-1)).toBe('own_voice');
  }, PATIENCE);
  await db.deleteFrom('ChannelEntitlement').where('channelId', '=', channelId).execute();
  await vi.waitFor(async () => {
    await answers();
    expect(authors().at(-1)).toBe('memalerts_bot');
  }, PATIENCE);
  write('mira_k', 'thanks');
  expect(log.filter(({ event }) => event === 'chatbot.sender_fallback')).toEqual([]);
});

test('an answer to the bot is read without what the client put in front; one to others keeps its text', async () => {
  const { write, answers, sim } = await room(async ({ addCommand }, channelId) => {
    await addCommand(channelId, '!hi', 'hello');
    await addCommand(channelId, '!yo', 'yes');
  });
  expect(await answers()).toEqual([]);
  const ours = sim.messagesIn(SLUG).find(({ transport }) => transport !== 'script')?.id;
  const theirs = write('mira_k', 'good evening');
  // A name that nobody told us: only the tags say whom the answer means.
  sim.person(BOT_LOGIN).displayName = 'Помощник';
  write('mira_k', '@Помощник !hi', { replyTo: ours });
  write('mira_k', '@mira_k !hi', { replyTo: theirs });
  write('mira_k', '!y Kappa o');
  write('mira_k', 'Kappa !yo LUL Kappa');
  expect(await answers()).toEqual(['hello', 'yes']);
});

test('everybody who writes is credited: whoever is refused, asks while nothing is live, or is answered', async () => {
  const world = await workerWorld();
  const { [SLUG]: channelId = '' } = await world.channels(SLUG);
  await world.addCommand(channelId, '!secret', 'psst', { allowedUsers: '["mira_k"]' });
  await world.addCommand(channelId, '!live', 'we are', { onlyWhenLive: true });
  await world.addCommand(channelId, '!hi', 'hello');
  const api = await scriptedCreditsApi();
  world.startWorker({ relay: { baseUrls: [api.baseUrl], secret: null } });
  await world.joined(SLUG);
  for (const [author, text] of [
    ['refused', '!secret'],
    ['early', '!live'],
    ['answered', '!hi'],
    ['talker', 'good evening'],
  ] as const) {
    world.sim.say(SLUG, author, text);
  }
  await vi.waitFor(() => expect(api.names).toEqual(['refused', 'early', 'answered', 'talker']), PATIENCE);
  await vi.waitFor(() => expect(world.said(SLUG)).toEqual(['hello']), PATIENCE);
});

test('a clock that is set forth and back again silences the bot for no longer, and the worker says so once', async () => {
  const clock = new ShiftedClock();
  const world = await workerWorld();
  const { [SLUG]: channelId = '' } = await world.channels(SLUG);
  await world.addCommand(channelId, '!hi', 'hello');
  const { worker, log } = world.startWorker({ clock });
  await world.joined(SLUG);
  const ask = async (stats: object) => {
    world.sim.say(SLUG, 'mira_k', '!hi');
    await vi.waitFor(() => expect(worker.pipeline.stats()).toMatchObject(stats), PATIENCE);
  };
  clock.setWall(3_600_000);
  await ask({ expired: 1 });
  await ask({ expired: 2 });
  expect(log.filter(({ event }) => event === 'chatbot.commands_expired')).toMatchObject([{ ageSeconds: 3600 }]);
  clock.setWall(-7_200_000);
  await ask({ answered: 1 });
  await vi.waitFor(() => expect(world.said(SLUG)).toEqual(['hello']), PATIENCE);
  clock.setWall(3_600_000);
  await ask({ answered: 2 });
  await vi.waitFor(() => expect(world.said(SLUG)).toEqual(['hello', 'hello']), PATIENCE);
});
