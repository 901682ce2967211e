import { expect, onTestFinished, test } from 'vitest';
import { SCOPES } from '../../../simulators/vkvideo/oauth.ts';
import { LeapingClock } from '../../../test/conformance/leaping-clock.ts';
import * as rows from '../../../test/conformance/rows.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { startTestWorker } from '../../../test/support/running-worker.ts';
import { scriptedCreditsApi } from '../../../test/support/scripted-credits-api.ts';
import { silentLog } from '../../../test/support/silent-log.ts';
import { BOT, STREAMER, simulatedVkVideo } from '../../../test/support/vkvideo-world.ts';
import { createPool } from '../../db/pool.ts';
import { vkvideo } from './index.ts';

const MESSAGES = 1_000;
const COMMAND_EVERY = 5;
/** Messages while a second passes. */
const PER_SECOND = 5;

/** A worker on a real database, reading one chat whose server remembers the last hundred messages. */
async function world() {
  const { url } = await createTestDatabase({ forTest: true });
  const { db, pg, end } = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(end);
  const clock = new LeapingClock();
  const sim = await simulatedVkVideo({ clock });
  const credits = await scriptedCreditsApi();
  const { access, refresh } = sim.issueToken(BOT, SCOPES);
  await rows.linkDefaultBot(db, vkvideo, {
    platformUserId: sim.person(BOT).id,
    login: BOT,
    accessToken: access,
    refreshToken: refresh,
    scopes: SCOPES,
  });
  const extra = { vkvideoChannelUrl: sim.channel(STREAMER).url };
  const channelId = await rows.addChannel(db, vkvideo, STREAMER, {
    target: STREAMER,
    stableId: null,
    extra,
    account: null,
  });
  for (let index = 0; index < MESSAGES; index += COMMAND_EVERY) {
    await rows.addCommand(db, channelId, `!${index}`, `answer ${index}`, {});
  }
  sim.faults.keepHistory(sim.socketName(STREAMER, 'chat'), 100);
  const env = { DATABASE_URL: url, CHATBOT_BACKEND_BASE_URLS: credits.baseUrl, ...sim.env() };
  startTestWorker(vkvideo, { ...env, VKVIDEO_CHANNEL_SEND_PER_S: '0' }, { clock });
  const breathe = () => pg.query('select 1');
  await clock.leapUntil(() => expect(sim.readersOf(STREAMER)).toEqual([BOT]), 60_000, breathe);
  return { sim, clock, credits, breathe, fates: () => rows.outboxFates(db, vkvideo, channelId) };
}

test('connections that drop, tokens that end and memory that is lost cost no credit and bring no second answer', async () => {
  const { sim, clock, credits, breathe, fates } = await world();
  const chat = sim.socketName(STREAMER, 'chat');
  const troubles: Readonly<Record<number, () => unknown>> = {
    100: () => sim.faults.dropConnections(),
    200: () => sim.faults.expireSocketTokens('connection'),
    300: () => {
      sim.faults.expireTokens(BOT);
      sim.faults.kick(3001);
    },
    400: () => {
      sim.faults.dropConnections();
      sim.faults.loseHistory(chat);
    },
    500: () => sim.faults.kick(3500),
    550: () => sim.faults.unsubscribe(chat, 2501),
    600: () => sim.faults.garbage(),
    650: () => sim.faults.unsubscribe(chat, 2000),
    700: () => {
      sim.faults.expireTokens(BOT);
      sim.faults.expireSocketTokens('subscription');
      sim.faults.dropConnections();
    },
    800: () => {
      sim.faults.duplicateLines(20);
      sim.faults.oversizedFrame();
    },
    900: () => sim.faults.refuse(3_000),
  };
  const viewers: string[] = [];
  let untilMs = clock.monotonicMs();
  for (let index = 0; index < MESSAGES; index += 1) {
    await troubles[index]?.();
    const viewer = `viewer${index}`;
    sim.say(STREAMER, viewer, index % COMMAND_EVERY === 0 ? `!${index}` : `line ${index}`);
    viewers.push(viewer);
    if (index % PER_SECOND !== PER_SECOND - 1) continue;
    untilMs += 1_000;
    const isOver = () => {
      if (clock.monotonicMs() < untilMs) throw new Error('the second is not over');
    };
    await clock.leapUntil(isOver, 60_000, breathe);
  }
  const asked = viewers.length / COMMAND_EVERY;
  await clock.leapUntil(() => expect(new Set(credits.names).size).toBe(MESSAGES), 300_000, breathe);
  expect(credits.names.toSorted()).toEqual(viewers.toSorted());

  await clock.leapUntil(
    async () => {
      for (const { status } of await fates()) expect(['sent', 'failed']).toContain(status);
    },
    900_000,
    breathe,
  );
  const said = sim
    .messagesIn(STREAMER)
    .filter(({ transport }) => transport === 'api')
    .map(({ text }) => text);
  expect(new Set(said).size).toBe(said.length);
  const settled = await fates();
  expect(new Set(settled.map(({ message }) => message)).size).toBe(settled.length);
  expect(settled.filter(({ status }) => status === 'sent').map(({ message }) => message)).toEqual(said);
  // What came back as history alone is credited and not answered; most came in time.
  expect(said.length).toBeGreaterThan(asked / 2);
}, 120_000);
