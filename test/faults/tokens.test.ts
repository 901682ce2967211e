import { expect, test, vi } from 'vitest';
import { BOT_LOGIN, PATIENCE, workerWorld } from '../support/worker-world.ts';

test.for(['helix', 'irc'] as const)(
  'a token that expires while connected is renewed once, and no message by %s is lost',
  async (speaksBy) => {
    const world = await workerWorld({ speaksBy });
    const { room0: channelId = '' } = await world.channels('room0');
    world.startWorker();
    await world.joined('room0');
    await world.queue(channelId, 'before');
    await vi.waitFor(() => expect(world.said('room0')).toEqual(['before']), PATIENCE);

    world.sim.faults.expireTokens(BOT_LOGIN);
    world.sim.faults.dropConnections();
    await world.queue(channelId, 'after');
    await vi.waitFor(() => expect(world.said('room0')).toEqual(['before', 'after']), PATIENCE);
    await world.joined('room0');
    await vi.waitFor(async () => {
      expect((await world.outbox(channelId)).map(({ status, attempts }) => [status, attempts])).toEqual([
        ['sent', 1],
        ['sent', 1],
      ]);
    }, PATIENCE);
    expect(world.sim.tokensRefreshed).toBe(1);
  },
);

test('a revoked grant stops speaking and reading at once, says what to do, and a new link heals it without a restart', async () => {
  const world = await workerWorld();
  const { room0: channelId = '' } = await world.channels('room0');
  const { worker } = world.startWorker();
  await world.joined('room0');
  world.sim.faults.revokeGrant(BOT_LOGIN);
  await world.queue(channelId, 'unheard');
  const health = async () => {
    const { rows } = await world.pg.query('select state, reason from "BotChannelHealth"');
    return rows[0];
  };
  await vi.waitFor(async () => expect(await health()).toMatchObject({ state: 'needs_user_action' }), PATIENCE);
  expect(world.said('room0')).toEqual([]);
  await vi.waitFor(() => {
    expect(worker.sharedSender.report).toMatchObject({ kind: 'none', reason: 'default_bot_relink' });
  }, PATIENCE);

  const { access, refresh } = world.sim.issueToken(BOT_LOGIN, ['chat:read', 'chat:edit', 'user:write:chat']);
  await world.db
    .updateTable('ExternalAccount')
    .set({ accessToken: access, refreshToken: refresh, brokenAt: null, brokenReason: null })
    .where('login', '=', BOT_LOGIN)
    .execute();
  await world.joined('room0');
  await vi.waitFor(() => expect(world.said('room0')).toEqual(['unheard']), PATIENCE);
  await vi.waitFor(async () => expect(await health()).toMatchObject({ state: 'live', reason: null }), PATIENCE);
  await vi.waitFor(() => expect(worker.sharedSender.report).toMatchObject({ kind: 'default', login: BOT_LOGIN }));
  expect(worker.outbox.stats()).toMatchObject({ sent: 1, failed: 0 });
});

test('garbage on the chat connection, and answers that are none, harm nobody', async () => {
  const world = await workerWorld();
  const { room0: channelId = '' } = await world.channels('room0');
  await world.addCommand(channelId, '!hi', 'hello');
  const { worker, log } = world.startWorker();
  await world.joined('room0');
  world.sim.faults.garbage();
  world.sim.faults.garbage(Buffer.from('@=;==;;= :!!@@ PRIVMSG # :\r\nPRIVMSG\r\n\r\n:x\r\n'));
  world.sim.faults.oversizedFrame();
  await world.joined('room0');
  world.sim.faults.http({
    kind: 'answer',
    status: 200,
    body: '<html>not json',
    path: '/helix/chat/messages',
    times: 1,
  });
  await vi.waitFor(() => {
    world.sim.say('room0', 'mira_k', '!hi');
    expect(world.said('room0')).toContain('hello');
  }, PATIENCE);
  expect(worker.presence.channels.held().size).toBe(1);
  expect(log.filter(({ level }) => level === 'error')).toEqual([]);
});
