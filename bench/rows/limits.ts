/** A platform that enforces its limit: what it carries is delivered, the rest ends with a reason, nothing is a lie. */
import { thousands } from '../figures.ts';
import { everyMessageEnded, fates, queue } from '../lab/outbox.ts';
import { addChannels, BOT_LOGIN } from '../lab/seed.ts';
import type { World } from '../lab/world.ts';
import type { Figure, Row } from '../row.ts';

const CHANNELS = 50;
const MESSAGES = 1000;
/** Scaled down from ten minutes, so that the bench stays short. */
const LIFE_MINUTES = 1;
const PER_30S = 100;
/** The worker keeps a little below the platform's limit; two whole windows fit into a minute. */
const CARRIED_MIN = 0.9 * PER_30S * (LIFE_MINUTES * 2);

export const limits: Row = {
  name: 'limits',
  measure: async (lab) => [await lab.inWorld({ speaksBy: 'irc', limits: 'real' }, measure)],
};

async function measure(world: World): Promise<Figure> {
  const channels = await addChannels(world, CHANNELS, { withCommand: false });
  for (const { login } of channels) {
    await world.twitch.control('setRole', { channel: login, person: BOT_LOGIN, role: 'moderator' });
  }
  // Joining is not what is measured here.
  await world.twitch.control('setLimits', { limits: { joinsPer10s: 0 } });
  await world.startWorker({ TWITCH_JOINS_PER_10S: '0', OUTBOX_TTL_MINUTES: String(LIFE_MINUTES) });
  await world.joined(CHANNELS);
  const ear = await world.twitch.listen();
  await queue(world, channels, MESSAGES, { lifeMinutes: LIFE_MINUTES });
  await everyMessageEnded(world, LIFE_MINUTES * 60 + 45);
  ear.stop();
  const heard = new Set(ear.messages.map(({ id }) => id));
  const { rows } = await world.pg.query<{ status: string; platformMessageId: string | null }>(
    'select status, "platformMessageId" from "ChatBotOutboxMessage"',
  );
  const sent = rows.filter(({ status }) => status === 'sent');
  // Said to be sent and not there, or there and not said to be sent.
  const lies = sent.filter(({ platformMessageId }) => !heard.has(platformMessageId ?? '')).length;
  const wrong = lies + (ear.messages.length - (sent.length - lies));
  const byFate = await fates(world);
  const expired = byFate.get('failed: expired') ?? 0;
  const isComplete = sent.length + expired === MESSAGES;
  return {
    what: '1 000 queued messages, the platform enforces 100 per 30 s',
    measured: `${sent.length} sent, ${expired} expired, ${wrong} wrong`,
    budget: `≥ ${CARRIED_MIN} sent, 0 wrong`,
    isMet: wrong === 0 && isComplete && sent.length >= CARRIED_MIN,
    note: `a message lives ${LIFE_MINUTES} minute here instead of 10; ${[...byFate].map(([fate, count]) => `${fate} ${thousands(count)}`).join(', ')}`,
    values: { sent: sent.length, expired, recordedWrongly: wrong, unfinishedOrOther: MESSAGES - sent.length - expired },
  };
}
