import { expect, test, vi } from 'vitest';
import { createPool } from '../src/db/pool.ts';
import { createTestDatabase } from './support/database.ts';
import { startApiProcess, startWorkerProcess } from './support/processes.ts';
import { silentLog } from './support/silent-log.ts';
import { PATIENCE, workerWorld } from './support/worker-world.ts';

const API = {
  JWT_SECRET: 'a test secret that nobody guesses',
  TWITCH_EVENTSUB_SECRET: 'pinecone-secret-01',
  WEB_URL: 'http://127.0.0.1:9',
};

test('every API instance a worker knows receives every chatter, and one that is away holds nobody up', async () => {
  const world = await workerWorld();
  await world.channels('northpine');
  // An instance of its own shows what it received in a database of its own.
  const beta = await createTestDatabase({ forTest: true });
  const betaPool = createPool(beta.url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  await betaPool.db.insertInto('Channel').values({ slug: 'northpine', name: 'northpine' }).execute();
  const [first, second] = await Promise.all([
    startApiProcess({ ...world.processEnv, ...API }),
    startApiProcess({ ...world.processEnv, ...API, DATABASE_URL: beta.url }),
  ]);
  await Promise.all([first.ready(), second.ready()]);
  const away = 'http://127.0.0.1:9';
  await startWorkerProcess({
    ...world.processEnv,
    CHATBOT_BACKEND_BASE_URLS: `${away},${first.url},${second.url}/,${second.url}/some/path`,
  });
  await world.joined('northpine');
  for (const viewer of ['mira_k', 'ivan_p', 'yuki_n']) world.sim.say('northpine', viewer, 'hello');
  const names = async (db: typeof world.db) => {
    const rows = await db.selectFrom('CreditsChatter').select('displayName').orderBy('seq').execute();
    return rows.map(({ displayName }) => displayName.toLowerCase()).sort();
  };
  await vi.waitFor(async () => {
    expect(await names(world.db)).toEqual(['ivan_p', 'mira_k', 'yuki_n']);
    expect(await names(betaPool.db)).toEqual(['ivan_p', 'mira_k', 'yuki_n']);
  }, PATIENCE);
  expect(await first.kill('SIGTERM')).toBe(0);
  world.sim.say('northpine', 'late_zoe', 'hello');
  await vi.waitFor(async () => expect(await names(betaPool.db)).toContain('late_zoe'), PATIENCE);
  await betaPool.end();
}, 60_000);
