/** The API and the Kick worker as processes of their own, as an operator runs them, and the simulated Kick between them. */
import { onTestFinished, vi } from 'vitest';
import { createPool } from '../../src/db/pool.ts';
import { createTestDatabase } from './database.ts';
import { addKickChannel, type KickChannel, linkDefaultKickBot, simulatedKick } from './kick-world.ts';
import { startApiProcess, startWorkerProcess } from './processes.ts';
import { silentLog } from './silent-log.ts';

const HOST = 'bots.example';
const PATIENCE = { timeout: 30_000, interval: 20 };

/** Resolves when the chats of so many streamers reach the worker. */
export async function kickProcesses(streamers: number, more: Readonly<Record<string, string>> = {}) {
  const { url: databaseUrl } = await createTestDatabase({ forTest: true });
  const sim = await simulatedKick();
  const pool = createPool(databaseUrl, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  await linkDefaultKickBot(pool.db, sim);
  const channels: KickChannel[] = [];
  for (let index = 0; index < streamers; index += 1) channels.push(await addKickChannel(pool.db, sim, `pine${index}`));
  const env = {
    ...sim.env(),
    DATABASE_URL: databaseUrl,
    CHATBOT_BACKEND_BASE_URLS: 'http://127.0.0.1:9',
    HOST: '127.0.0.1',
    DOMAIN: HOST,
    JWT_SECRET: 'a test secret that nobody guesses',
    KICK_CHANNEL_SEND_PER_S: '0',
    TWITCH_CLIENT_ID: 'cid',
    TWITCH_CLIENT_SECRET: 'shh',
    TWITCH_EVENTSUB_SECRET: 'pinecone-secret-01',
    ...more,
  };
  const api = await startApiProcess(env);
  await api.ready();
  sim.mapHost(HOST, api.url);
  sim.setApplication({ webhookUrl: `https://${HOST}/webhooks/kick/events` });
  const worker = await startWorkerProcess(env, 'src/bots/kickChatbotRunner.ts');
  await worker.ready();
  await vi.waitFor(() => {
    for (const { slug } of channels) if (!sim.isRead(slug)) throw new Error(`nobody reads ${slug}`);
  }, PATIENCE);
  return {
    sim,
    db: pool.db,
    channels,
    worker,
    /** Of the worker. @param name with its labels as far as they matter, e.g. `some_total{fate="read"` */
    async metric(name: string): Promise<number> {
      const text = await (await fetch(`${worker.url}/metrics`)).text();
      const line = text.split('\n').find((each) => each.startsWith(name));
      return Number(line?.split(' ').at(-1) ?? Number.NaN);
    },
  };
}
