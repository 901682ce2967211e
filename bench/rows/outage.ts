/** The platform is away for eight seconds with messages queued: each arrives, once. */
import { setTimeout as pause } from 'node:timers/promises';
import { ms } from '../figures.ts';
import { countDistinct, everyMessageEnded, fates, queue } from '../lab/outbox.ts';
import { addChannels, type SpeaksBy } from '../lab/seed.ts';
import { epochMs } from '../lab/until.ts';
import type { World } from '../lab/world.ts';
import type { Figure, Row } from '../row.ts';

const CHANNELS = 25;
const MESSAGES = 50;
const AWAY_MS = 8000;

export const outage: Row = {
  name: 'outage',
  measure: async (lab) => {
    const figures: Figure[] = [];
    for (const speaksBy of ['irc', 'helix'] as const) {
      figures.push(await lab.inWorld({ speaksBy }, (world) => measure(world, speaksBy)));
    }
    return figures;
  },
};

async function measure(world: World, speaksBy: SpeaksBy): Promise<Figure> {
  const channels = await addChannels(world, CHANNELS);
  await world.startWorker();
  await world.joined(CHANNELS);
  const ear = await world.twitch.listen();
  await world.twitch.control('refuse');
  await queue(world, channels, MESSAGES);
  await pause(AWAY_MS);
  const backAtMs = epochMs();
  await world.twitch.control('accept');
  await everyMessageEnded(world, 90);
  await pause(200);
  ear.stop();
  const delivered = countDistinct(ear);
  const doubled = ear.messages.length - delivered;
  const sent = (await fates(world)).get('sent') ?? 0;
  const tookMs = Math.max(...ear.messages.map(({ arrivedAtMs }) => arrivedAtMs)) - backAtMs;
  return {
    what: `8 s outage with 50 messages queued, by ${speaksBy}`,
    measured: `${delivered} delivered, ${doubled} doubled`,
    budget: `${MESSAGES} delivered, each once`,
    isMet: delivered === MESSAGES && doubled === 0 && sent === MESSAGES,
    note: `${sent} recorded as sent; all there ${ms(tookMs)} after the platform was back`,
    values: { delivered, doubled, recordedSent: sent, tookMs },
  };
}
