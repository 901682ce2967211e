import { expect, onTestFinished, test, vi } from 'vitest';
import { createTestDatabase } from '../../../test/support/database.ts';
import { recordingLog } from '../../../test/support/recording-log.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { slowLine } from '../../../test/support/slow-line.ts';
import { createPool } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { systemClock } from '../../lib/clock.ts';
import { Knowledge } from './knowledge.ts';

async function world() {
  const { url } = await createTestDatabase({ forTest: true });
  const line = await slowLine(url);
  const open = (databaseUrl: string) => {
    const pool = createPool(databaseUrl, { applicationName: 'knowledge-test', slowMs: 60_000, log: silentLog() });
    onTestFinished(() => pool.end());
    return pool;
  };
  const { db } = open(url);
  const held = new Set<ChannelId>();
  const { log, lines } = recordingLog();
  const knowledge = new Knowledge({
    db: open(line.url).db,
    clock: systemClock,
    random: Math.random,
    log,
    logPrefix: '',
    held: () => new Map([...held].map((channelId) => [channelId, null])),
    isListening: () => true,
  });
  onTestFinished(() => knowledge.stop());
  return {
    db,
    line,
    lines,
    held,
    knowledge,
    answer: (channelId: ChannelId) => knowledge.of(channelId).byTrigger.get('!hi')?.response,
    async channel(slug: string): Promise<ChannelId> {
      const { id } = await db
        .insertInto('Channel')
        .values({ slug, name: slug })
        .returning('id')
        .executeTakeFirstOrThrow();
      const command = { channelId: id, trigger: '!hi', triggerNormalized: '!hi', response: 'hello' };
      await db.insertInto('ChatBotCommand').values(command).execute();
      return id as ChannelId;
    },
    edit: (channelId: ChannelId) =>
      db.updateTable('ChatBotCommand').set({ response: 'bonjour' }).where('channelId', '=', channelId).execute(),
  };
}

test('what was read for a channel that is about to be served outlives the reload of another', async () => {
  const { held, knowledge, channel, edit, answer } = await world();
  const served = await channel('northpine');
  const coming = await channel('southoak');
  held.add(served);
  await knowledge.prepare([coming]);
  await edit(served);
  knowledge.commandsChanged(served);
  await vi.waitFor(() => expect(answer(served)).toBe('bonjour'));
  held.add(coming);
  knowledge.serve();
  expect(answer(coming)).toBe('hello');
});

test('a command that changes while its channel is about to be served is known as it is now', async () => {
  const { line, held, knowledge, channel, edit, answer } = await world();
  const coming = await channel('southoak');
  // Connects: what is held back are answers to questions that were asked before the edit.
  await knowledge.prepare([await channel('northpine')]);
  line.hold();
  const prepared = knowledge.prepare([coming]);
  await vi.waitFor(() => expect(line.asked).toBe(3));
  await edit(coming);
  knowledge.commandsChanged(coming);
  line.flow();
  await prepared;
  held.add(coming);
  knowledge.serve();
  await vi.waitFor(() => expect(answer(coming)).toBe('bonjour'));
});

test('of two triggers that are compared as equal the older command answers, and the other one is told of once', async () => {
  const { db, held, lines, knowledge, channel, edit, answer } = await world();
  const channelId = await channel('northpine');
  held.add(channelId);
  const { id } = await db
    .insertInto('ChatBotCommand')
    .values({
      channelId,
      trigger: '!hi\u034f',
      triggerNormalized: '!hi\u034f',
      response: 'other',
      createdAt: new Date(Date.now() + 1000),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await knowledge.prepare([channelId]);
  expect(answer(channelId)).toBe('hello');
  await edit(channelId);
  knowledge.commandsChanged(channelId);
  await vi.waitFor(() => expect(answer(channelId)).toBe('bonjour'));
  const told = () => lines.filter(({ event }) => event === 'commands_collide');
  expect(told()).toMatchObject([{ level: 'warn', channelId, commandId: id, olderCommandId: expect.any(String) }]);
  await db.updateTable('ChatBotCommand').set({ enabled: false }).where('id', '!=', id).execute();
  knowledge.commandsChanged(channelId);
  await vi.waitFor(() => expect(knowledge.of(channelId).byTrigger.get('!hi')?.id).toBe(id));
  expect(told()).toHaveLength(1);
});
