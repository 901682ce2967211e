import { spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';
import { freePort } from '../lib/free-port.ts';

const PATIENCE = { timeout: 40_000, interval: 50 };
const WORKERS = ['chatbot', 'kickChatbot', 'trovoChatbot', 'vkvideoChatbot', 'youtubeChatbot'];
/** Off unless it is switched on. */
const OFF = 'vkvideoChatbot';
const NOWHERE = 'http://127.0.0.1:9';

test('start:all runs API and workers in one group, each worker with a health port of its own, and ends all with one SIGTERM', async () => {
  const { url } = await createTestDatabase({ forTest: true });
  const [apiPort, firstPort] = [await freePort(), await freePort()];
  // In the order of their names, those that are switched off included.
  const workerPorts = WORKERS.flatMap((name, index) => (name === OFF ? [] : [firstPort + index]));
  const child = spawn(process.execPath, [fileURLToPath(new URL('start-all.ts', import.meta.url))], {
    cwd: os.tmpdir(),
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: url,
      PORT: String(apiPort),
      HOST: '127.0.0.1',
      JWT_SECRET: 'a test secret that nobody guesses',
      TWITCH_CLIENT_ID: 'cid',
      TWITCH_CLIENT_SECRET: 'shh',
      TWITCH_EVENTSUB_SECRET: 'pinecone-secret-01',
      TWITCH_API_BASE_URL: `${NOWHERE}/helix`,
      TWITCH_AUTH_BASE_URL: `${NOWHERE}/oauth2`,
      TWITCH_IRC_URL: 'ws://127.0.0.1:9',
      CHAT_BOT_LOGIN: 'helperbot',
      CHATBOT_BACKEND_BASE_URLS: `http://127.0.0.1:${apiPort}`,
      CHATBOT_HEALTH_PORT: String(firstPort),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGTERM'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const alive = (port: number) => fetch(`http://127.0.0.1:${port}/readyz`).then(({ status }) => status);

  await vi.waitFor(async () => {
    for (const port of [apiPort, ...workerPorts]) expect(await alive(port), output).toBe(200);
  }, PATIENCE);
  child.kill('SIGTERM');
  const [exitCode] = await once(child, 'exit');

  expect(exitCode, output).toBe(0);
  await expect(alive(apiPort)).rejects.toThrow();
  for (const port of workerPorts) await expect(alive(port)).rejects.toThrow();
  expect(output).not.toMatch(/died/);
}, 60_000);
