/** The load driver's figures, against webhooks that behave well and badly. */
import { expect, test } from 'vitest';
import type { KickSimulator } from './simulator.ts';
import { ask, isGenuine, publicKey, type Received, simulator, streamer, Webhook } from './test-support.ts';

const COMMAND = { text: '!hello', reply: 'hello there' };
const AGE_MAX_MS = 60_000;

/** A bot that answers in chat whatever `isAnswered` picks, once each. */
async function answering(sim: KickSimulator, isAnswered: (received: Received) => boolean): Promise<Webhook> {
  const webhook = await Webhook.of(sim);
  sim.addPerson('helperbot');
  const token = sim.issueToken('helperbot', ['chat:write']).access;
  webhook.onReceived = (received) => {
    if (!isAnswered(received)) return;
    const { user_id: target } = received.body.broadcaster as { user_id: number };
    const body = { type: 'user', content: COMMAND.reply, broadcaster_user_id: target };
    void ask(sim, 'POST', 'chat', { token, body });
  };
  return webhook;
}

test('a bot that does everything right answers every fresh line once, and nothing doubled, late or forged', async () => {
  const sim = await simulator({ limits: 'off' });
  for (const name of ['northpine', 'southoak']) streamer(sim, name);
  const pem = await publicKey(sim);
  const seen = new Set<unknown>();
  const webhook = await answering(sim, (received) => {
    if (!isGenuine(received, pem) || seen.has(received.body.message_id)) return false;
    seen.add(received.body.message_id);
    return Date.now() - Date.parse(String(received.body.created_at)) < AGE_MAX_MS;
  });
  webhook.statusOf = (received) => (isGenuine(received, pem) ? 200 : 403);

  const report = await sim.load({ deliveries: 200, perSecond: 1000, command: COMMAND });

  expect(report.posted).toEqual({ fresh: 138, sameId: 20, newId: 20, delayed: 20, forged: 2 });
  expect(report.statuses).toEqual({
    fresh: { 200: 138 },
    sameId: { 200: 20 },
    newId: { 200: 20 },
    delayed: { 200: 20 },
    forged: { 403: 2 },
  });
  expect(report).toMatchObject({ answered: 138, unanswered: 0, extra: 0 });
  expect(webhook.received).toHaveLength(200);
  const { p50, p99, max } = report.latencyMs;
  expect([p50, p99, max].every((ms) => ms !== null && ms > 0)).toBe(true);
});

test('answers to doubled, late and forged lines are counted as too many', async () => {
  const sim = await simulator({ limits: 'off' });
  streamer(sim);
  await answering(sim, () => true);
  const report = await sim.load({ deliveries: 100, perSecond: 1000, command: COMMAND });
  expect(report).toMatchObject({ answered: 69, unanswered: 0, extra: 31 });
});

test('lines nobody answers are counted, and a webhook that is not there answers null', async () => {
  const sim = await simulator({ limits: 'off' });
  streamer(sim);
  const report = await sim.load({ deliveries: 20, perSecond: 1000, command: COMMAND, graceMs: 0 });
  expect(report).toMatchObject({ answered: 0, unanswered: report.posted.fresh, extra: 0 });
  expect(report.statuses.fresh).toEqual({ null: report.posted.fresh });
});
