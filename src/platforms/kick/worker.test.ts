import { expect, test, vi } from 'vitest';
import { webhookWorld } from '../../../test/support/kick-api-world.ts';
import { linkDefaultKickBot } from '../../../test/support/kick-world.ts';
import { startWorkerProcess } from '../../../test/support/processes.ts';
import { startTestWorker } from '../../../test/support/running-worker.ts';
import { scriptedCreditsApi } from '../../../test/support/scripted-credits-api.ts';
import { kick } from './index.ts';

const PATIENCE = { timeout: 20_000, interval: 10 };
const CHAT = 'chat.message.sent';

/** A streamer whose bot is on and answers `!hi`; no worker yet. */
async function world() {
  const webhook = await webhookWorld();
  const { sim, db, channel, databaseUrl } = webhook;
  await linkDefaultKickBot(db, sim);
  await db
    .insertInto('ChatBotCommand')
    .values({ channelId: channel.channelId, trigger: '!hi', triggerNormalized: '!hi', response: 'hello' })
    .execute();
  const credits = await scriptedCreditsApi();
  const env = {
    ...sim.env(),
    DATABASE_URL: databaseUrl,
    CHATBOT_BACKEND_BASE_URLS: credits.baseUrl,
    KICK_CHANNEL_SEND_PER_S: '0',
  };
  return {
    ...webhook,
    env,
    credits,
    startWorker: (more: Record<string, string> = {}) => startTestWorker(kick, { ...env, ...more }),
    said: () => sim.messagesIn(channel.slug).flatMap(({ text, transport }) => (transport === 'api' ? [text] : [])),
    say: (text: string, more = {}) => sim.say(channel.slug, 'mira_k', text, more),
    subscribed: () =>
      sim.subscriptions
        .all()
        .map(({ event }) => event)
        .toSorted(),
    async health() {
      const row = await db.selectFrom('BotChannelHealth').select(['state', 'reason']).executeTakeFirst();
      return row ?? null;
    },
    /** Resolves when nothing waits for the worker. */
    read: () =>
      vi.waitFor(async () => {
        await sim.deliveries.settled();
        const left = await db.selectFrom('WebhookInbox').select('seq').where('status', '=', 'pending').execute();
        expect(left).toEqual([]);
      }, PATIENCE),
  };
}

test('what was said while no worker ran waits for it, and is credited, and answered only if somebody still waits', async () => {
  const { sim, say, startWorker, said, read, credits } = await world();
  for (let line = 0; line < 5; line += 1) sim.say('northpine', `early${line}`, '!hi', { agoMs: 120_000 });
  say('!hi');
  await sim.deliveries.settled();
  const { worker } = startWorker();
  await vi.waitFor(() => expect(said()).toEqual(['hello']), PATIENCE);
  await read();
  expect(worker.pipeline.stats()).toMatchObject({ lines: 6, answered: 1, expired: 5 });
  await vi.waitFor(
    () => expect(credits.names.toSorted()).toEqual(['early0', 'early1', 'early2', 'early3', 'early4', 'mira_k']),
    PATIENCE,
  );
});

test('a command with an emote behind it is recognised, also where Kick names no emotes', async () => {
  const { say, startWorker, said, read } = await world();
  startWorker();
  say('!hi [emote:55:LUL]', { quirks: ['emotes_null', 'identity_null', 'verified_null'] });
  await vi.waitFor(() => expect(said()).toEqual(['hello']), PATIENCE);
  say('🎉 [emote:55:LUL]', { quirks: ['numeric_emote_ids', 'extra_fields', 'offset_times'] });
  say('!HI [emote:1:x][emote:2:y]', { quirks: ['identity_absent', 'replies_null'] });
  await vi.waitFor(() => expect(said()).toEqual(['hello', 'hello']), PATIENCE);
  await read();
});

test('a second subscription made behind our back doubles nothing, and goes at the next look', async () => {
  const { sim, channel, say, startWorker, said, subscribed, read } = await world();
  sim.subscriptions.add(channel.broadcasterId, CHAT);
  say('!hi');
  await sim.deliveries.settled();
  startWorker();
  await vi.waitFor(() => expect(subscribed()).toEqual([CHAT, 'livestream.status.updated']), PATIENCE);
  await read();
  await vi.waitFor(() => expect(said()).toEqual(['hello']), PATIENCE);
  say('!hi');
  await read();
  await vi.waitFor(() => expect(said()).toEqual(['hello', 'hello']), PATIENCE);
});

test('a bot that is switched off gives its subscriptions back, though the streamer’s grant is dead', async () => {
  const { sim, channel, startWorker, subscribed, pg, health } = await world();
  startWorker();
  await vi.waitFor(async () => expect(await health()).toEqual({ state: 'live', reason: null }), PATIENCE);
  sim.subscriptions.add(channel.broadcasterId, 'kicks.gifted');
  sim.faults.disconnect(channel.slug);
  await pg.query('update "KickChatBotSubscription" set enabled = false');
  await vi.waitFor(() => expect(subscribed()).toEqual(['kicks.gifted']), PATIENCE);
  await pg.query('update "KickChatBotSubscription" set enabled = true');
  await vi.waitFor(() => expect(subscribed()).toEqual([CHAT, 'kicks.gifted', 'livestream.status.updated']), PATIENCE);
});

test('a worker that stops leaves the subscriptions to whoever comes next', async () => {
  const { startWorker, subscribed, health } = await world();
  const worker = startWorker();
  await vi.waitFor(async () => expect(await health()).toEqual({ state: 'live', reason: null }), PATIENCE);
  await worker.stop();
  expect(subscribed()).toEqual([CHAT, 'livestream.status.updated']);
});

test('a bot whose refresh token died asks for a new link, reads on, and speaks again once it is linked', async () => {
  const { sim, say, startWorker, said, health, db, credits } = await world();
  startWorker();
  say('!hi');
  await vi.waitFor(() => expect(said()).toEqual(['hello']), PATIENCE);
  sim.faults.setGrantDays(0);
  sim.faults.disconnect('memalerts_bot');
  say('!hi');
  const needsLink = { state: 'needs_user_action', reason: 'Kick bot token is not configured' };
  await vi.waitFor(async () => expect(await health()).toEqual(needsLink), PATIENCE);
  sim.say('northpine', 'otto', 'anybody there?');
  await vi.waitFor(() => expect(credits.names).toContain('otto'), PATIENCE);

  sim.faults.setGrantDays(null);
  const { access, refresh } = sim.issueToken('memalerts_bot', ['chat:write']);
  await db
    .updateTable('ExternalAccount')
    .set({ accessToken: access, refreshToken: refresh })
    .where('login', '=', 'memalerts_bot')
    .execute();
  await vi.waitFor(async () => expect(await health()).toEqual({ state: 'live', reason: null }), PATIENCE);
  say('!hi');
  await vi.waitFor(() => expect(said().length).toBeGreaterThan(1), PATIENCE);
});

test('a chat that is polled besides answers nothing twice', async () => {
  const { sim, say, startWorker, said, read } = await world();
  const { log } = startWorker({
    KICK_CHAT_POLL_URL_TEMPLATE: sim.urls.pollTemplate,
    KICK_CHATBOT_INGEST_POLL_MS: '250',
  });
  const polls = () => sim.calls.filter(({ path }) => path.includes('simulated-chat')).length;
  await vi.waitFor(() => expect(polls()).toBeGreaterThan(1), PATIENCE);
  expect(log.find(({ event }) => event === 'kick_chatbot.started')).toMatchObject({ hasChatIngest: true });
  say('!hi');
  await vi.waitFor(() => expect(said()).toEqual(['hello']), PATIENCE);
  sim.subscriptions.removeAll(CHAT);
  say('!hi');
  await vi.waitFor(() => expect(said()).toEqual(['hello', 'hello']), PATIENCE);
  const before = polls();
  await vi.waitFor(() => expect(polls()).toBeGreaterThan(before + 2), PATIENCE);
  await read();
  expect(said()).toEqual(['hello', 'hello']);
});

test('kill -9 between reading and answering: the next worker answers what is still owed, and nothing twice', async () => {
  const { sim, db, env, say, said, read, startWorker, channel } = await world();
  // As many as may wait in a chat, and no two equal.
  const lines = Array.from({ length: 20 }, (_, index) => `!n${index}`);
  const { channelId } = channel;
  await db
    .insertInto('ChatBotCommand')
    .values(lines.map((line) => ({ channelId, trigger: line, triggerNormalized: line, response: `answer to ${line}` })))
    .execute();
  const first = await startWorkerProcess(env, 'src/bots/kickChatbotRunner.ts');
  await first.ready();
  await vi.waitFor(() => expect(sim.isRead(channel.slug)).toBe(true), PATIENCE);
  for (const line of lines) say(line);
  await vi.waitFor(() => expect(said().length).toBeGreaterThan(3), PATIENCE);
  await first.kill('SIGKILL');
  startWorker();
  await read();
  // The one answer that was on the wire at the kill is never sent again.
  await vi.waitFor(() => expect(said().length).toBeGreaterThanOrEqual(lines.length - 1), PATIENCE);
  expect(new Set(said()).size).toBe(said().length);
}, 60_000);

test('the switch and whatever is missing end the process with the line and the code of the contract', async () => {
  const { env } = await world();
  const run = async (more: Record<string, string>) => {
    const process = await startWorkerProcess({ ...env, ...more }, 'src/bots/kickChatbotRunner.ts');
    await vi.waitFor(() => expect(process.isRunning).toBe(false), PATIENCE);
    return { code: await process.kill('SIGTERM'), lines: process.lines.map((line) => JSON.parse(line)) };
  };
  for (const off of ['0', 'false', ' OFF ']) {
    const { code, lines } = await run({ KICK_CHAT_BOT_ENABLED: off, CHATBOT_BACKEND_BASE_URLS: '', DATABASE_URL: '' });
    expect(code).toBe(0);
    expect(lines).toMatchObject([{ level: 'info', event: 'kick_chatbot.disabled_by_env' }]);
  }
  const noRelay = await run({ CHATBOT_BACKEND_BASE_URLS: '' });
  expect(noRelay.code).toBe(1);
  expect(noRelay.lines).toMatchObject([
    { level: 'error', event: 'kick_chatbot.missing_env', key: 'CHATBOT_BACKEND_BASE_URLS' },
  ]);
  const noDatabase = await run({ DATABASE_URL: '' });
  expect(noDatabase.code).toBe(1);
  expect(noDatabase.lines).toMatchObject([{ level: 'error', event: 'kick_chatbot.missing_env', key: 'DATABASE_URL' }]);
}, 60_000);
