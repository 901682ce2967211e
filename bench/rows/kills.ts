/** The worker is killed five times in the middle of a thousand deliveries. */
import { ms } from '../figures.ts';
import { countDistinct, countProcessing, everyMessageEnded, fates, queue } from '../lab/outbox.ts';
import { addChannels } from '../lab/seed.ts';
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
    await until(60, `${count} messages arrived`, () => countDistinct(ear) >= count, 2);
    killedAtMs = epochMs();
    await worker.kill();
    inFlight += await countProcessing(world);
    worker = await world.startWorker();
  }
  await everyMessageEnded(world, 120);
  ear.stop();
  const tookMs = Math.max(...ear.messages.map(({ arrivedAtMs }) => arrivedAtMs)) - killedAtMs;
  const lost = MESSAGES - countDistinct(ear);
  const doubled = ear.messages.length - countDistinct(ear);
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
