import { expect, test, vi } from 'vitest';
import { kickProcesses } from '../../../test/support/kick-processes.ts';

const PATIENCE = { timeout: 30_000, interval: 10 };
/** As many answers as may wait in a chat; of equal ones a chat gets one. */
const COMMANDS = 20;

test('1,000 deliveries, a fifth doubled, a tenth too late, a hundredth forged: every line has the fate it should', async () => {
  // Between a line that is fresh and one that is too late lie minutes: a busy machine takes its time.
  const { sim, db, channels, metric } = await kickProcesses(50, { COMMAND_MAX_AGE_SECONDS: '300' });
  for (const { channelId } of channels) {
    await db
      .insertInto('ChatBotCommand')
      .values(
        Array.from({ length: COMMANDS }, (_, turn) => {
          const trigger = `!mark${turn}`;
          return { channelId, trigger, triggerNormalized: trigger, response: `marked ${turn}` };
        }),
      )
      .execute();
  }
  const report = await sim.load({
    channels: channels.map(({ slug }) => slug),
    deliveries: 1000,
    duplicatedShare: 0.2,
    delayedShare: 0.1,
    forgedShare: 0.01,
    delayedByMs: 400_000,
    perSecond: 50,
    command: { text: '!mark', reply: 'marked' },
    commands: COMMANDS,
    graceMs: 120_000,
  });
  console.log(`webhook answers, ms: ${JSON.stringify(report.latencyMs)} at ${report.perSecond}/s`);

  expect(report.posted).toEqual({ fresh: 690, sameId: 100, newId: 100, delayed: 100, forged: 10 });
  expect(report.statuses).toEqual({
    fresh: { 200: 690 },
    sameId: { 200: 100 },
    newId: { 200: 100 },
    delayed: { 200: 100 },
    forged: { 403: 10 },
  });
  expect(report).toMatchObject({ answered: 690, unanswered: 0, extra: 0 });
  const lines = async (fate: string) => metric(`memalerts_chat_lines_total{fate="${fate}"`);
  await vi.waitFor(async () => expect(await lines('read')).toBe(790), PATIENCE);
  for (const [fate, count] of Object.entries({ answered: 690, expired: 100, duplicates: 0, refused: 0 })) {
    expect([fate, await lines(fate)]).toEqual([fate, count]);
  }
  await vi.waitFor(async () => {
    const left = await db.selectFrom('WebhookInbox').select('seq').where('status', '=', 'pending').execute();
    expect(left).toEqual([]);
  }, PATIENCE);
  const rows = await db.selectFrom('KickChatBotOutboxMessage').select(['status', 'attempts']).execute();
  expect(rows).toHaveLength(690);
  for (const row of rows) expect(row).toEqual({ status: 'sent', attempts: 1 });
}, 240_000);
