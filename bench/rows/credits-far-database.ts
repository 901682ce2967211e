/** Whether credits leave the API room for everything else when each statement takes a tenth of a second. */
import { setTimeout as pause } from 'node:timers/promises';
import { thousands } from '../figures.ts';
import { type Caller, signIn } from '../lab/caller.ts';
import { startFarLine } from '../lab/far-line.ts';
import type { Lab } from '../lab/lab.ts';
import { addChannels } from '../lab/seed.ts';
import type { World } from '../lab/world.ts';
import type { Figure, Row } from '../row.ts';

const EACH_WAY_MS = 50;
const CHANNELS = 500;
const LINES_PER_SECOND = 500;
const MESSAGES = 400;
const BETWEEN_MS = 200;
/** Chat lines flow this long before the first `say` and after the last one. */
const AROUND_SECONDS = 3;
const SUCCESS_MIN = 0.99;
const WORSE_MAX = 0.01;

interface Run {
  readonly succeeded: number;
  readonly slowestMs: number;
  readonly stored: number;
}

export const creditsFarDatabase: Row = {
  name: 'credits-far-database',
  measure: async (lab) => {
    const off = await run(lab, false);
    const on = await run(lab, true);
    const share = on.succeeded / MESSAGES;
    const figure: Figure = {
      what: `${MESSAGES} say with ${LINES_PER_SECOND} lines/s, ${EACH_WAY_MS} ms each way to the database, credits on / off`,
      measured: `${on.succeeded} / ${off.succeeded} succeed`,
      budget: `≥ ${SUCCESS_MIN * 100} %, ≤ ${WORSE_MAX * 100} % below off`,
      isMet: share >= SUCCESS_MIN && share >= off.succeeded / MESSAGES - WORSE_MAX,
      note:
        `slowest say ${Math.round(on.slowestMs)} / ${Math.round(off.slowestMs)} ms, ` +
        `chatters stored ${thousands(on.stored)} / ${thousands(off.stored)}`,
      values: {
        succeeded: on.succeeded,
        succeededCreditsOff: off.succeeded,
        slowestMs: on.slowestMs,
        slowestCreditsOffMs: off.slowestMs,
        stored: on.stored,
      },
    };
    return [figure];
  },
};

function run(lab: Lab, withCredits: boolean): Promise<Run> {
  return lab.inWorld({ speaksBy: 'irc' }, async (world) => {
    await using line = await startFarLine(world.databaseUrl, EACH_WAY_MS);
    const channels = await addChannels(world, CHANNELS);
    const api = await world.startApi({ DATABASE_URL: line.url });
    await world.startWorker({
      DATABASE_URL: line.url,
      ...(withCredits ? { CHATBOT_BACKEND_BASE_URLS: api.url } : {}),
    });
    await world.joined(CHANNELS);
    const callers = await signIn(world, api.url, channels);
    const seconds = 2 * AROUND_SECONDS + (MESSAGES * BETWEEN_MS) / 1000;
    const chat = world.twitch.load({ linesPerSecond: LINES_PER_SECOND, seconds, chatters: 5000 });
    await pause(AROUND_SECONDS * 1000);
    const said = await sayAll(callers);
    await chat;
    return { ...said, stored: await countStored(world) };
  });
}

async function sayAll(callers: readonly Caller[]): Promise<Pick<Run, 'succeeded' | 'slowestMs'>> {
  const calls: Promise<number | null>[] = [];
  for (let number = 0; number < MESSAGES; number += 1) {
    const caller = callers[number % callers.length];
    if (caller !== undefined) calls.push(timed(caller, `said ${number}`));
    await pause(BETWEEN_MS);
  }
  const durations = (await Promise.all(calls)).filter((duration) => duration !== null);
  return { succeeded: durations.length, slowestMs: Math.max(0, ...durations) };
}

/** @returns milliseconds; null when the call failed */
async function timed(caller: Caller, message: string): Promise<number | null> {
  const startMs = performance.now();
  return caller.call('POST', '/streamer/bot/say', { message }).then(
    () => performance.now() - startMs,
    () => null,
  );
}

async function countStored({ pg }: World): Promise<number> {
  const { rows } = await pg.query<{ stored: number }>(`select count(*)::int as stored from "CreditsChatter"`);
  return rows[0]?.stored ?? 0;
}
