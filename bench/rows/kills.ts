/** The worker is killed five times in the middle of a thousand deliveries. */
import { ms } from '../figures.ts';
import { addChannels, fates, queue } from '../lab/seed.ts';
import type { Ear } from '../lab/simulator.ts';
import { epochMs, until } from '../lab/until.ts';
import type { World } from '../lab/world.ts';
import type { Figure, Row } from '../row.ts';

const CHANNELS = 50;
const MESSAGES = 1000;
/** A kill each time so many more have arrived. */
const KILL_AFTER = [100, 270, 440, 610, 780];
/** The platform takes its time to answer, so that every kill finds messages taken over and not yet confirmed. */
const ANSWER_DELAY_MS = 100;
const BUDGET_MS = 20_000;

export const kills: Row = {
  name: 'kills',
  measure: async (lab) => [await lab.inWorld({ speaksBy: 'irc' }, measure)],
};

async function measure(world: World): Promise<Figure> {
  const channels = await addChannels(world, CHANNELS);
  let worker = await world.startWorker();
  await world.joined(CHANNELS);
  await world.twitch.control('delaySendAnswers', { delayMs: ANSWER_DELAY_MS, times: 1_000_000 });
  const ear = await world.twitch.listen();
  await queue(world, channels, MESSAGES);
  let inFlight = 0;
  let killedAtMs = 0;
  for (const count of KILL_AFTER) {
    await until(60, `${count} messages arrived`, () => distinct(ear) >= count, 2);
    killedAtMs = epochMs();
    await worker.kill();
    inFlight += await processing(world);
    worker = await world.startWorker();
  }
  await until(120, 'every message has its end', async () => {
    const unfinished = `select from "ChatBotOutboxMessage" where status in ('pending', 'processing') limit 1`;
    return (await world.pg.query(unfinished)).rows.length === 0;
  });
  ear.stop();
  const tookMs = Math.max(...ear.messages.map(({ arrivedAtMs }) => arrivedAtMs)) - killedAtMs;
  const lost = MESSAGES - distinct(ear);
  const doubled = ear.messages.length - distinct(ear);
  const sent = (await fates(world)).get('sent') ?? 0;
  return {
    what: 'kill -9 five times in 1 000 deliveries: lost / doubled / all there after',
    measured: `${lost} / ${doubled} / ${ms(tookMs)}`,
    budget: `0 / ≤ ${inFlight} / ≤ 20 s`,
    isMet: lost === 0 && doubled <= inFlight && tookMs <= BUDGET_MS && sent === MESSAGES,
    note: `${inFlight} sends were in flight at the kills; counted from the last kill; answers delayed by ${ANSWER_DELAY_MS} ms`,
    values: { lost, doubled, inFlight, tookMs, recordedSent: sent },
  };
}

function distinct(ear: Ear): number {
  return new Set(ear.messages.map(({ channelId, text }) => `${channelId} ${text.trim()}`)).size;
}

async function processing({ pg }: World): Promise<number> {
  const { rows } = await pg.query<{ rows: number }>(
    `select count(*)::int as rows from "ChatBotOutboxMessage" where status = 'processing'`,
  );
  return rows[0]?.rows ?? 0;
}
