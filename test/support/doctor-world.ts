/** A healthy installation on one platform, and the doctor as an operator calls it. */
import { vi } from 'vitest';
import { runDoctor } from '../../src/cli/doctor.ts';
import type { Finding } from '../../src/engine/diagnosis/present.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createHttpClient } from '../../src/lib/http.ts';
import { createTokenSeal } from '../../src/lib/token-seal.ts';
import { EVENTSUB_SECRET, JWT_SECRET, startApiWorld } from './api-world.ts';
import { workerWorld } from './worker-world.ts';

type Environment = Readonly<Record<string, string>>;

export interface Consultation {
  readonly exitCode: number;
  readonly output: string;
  readonly verdict: string;
  readonly findings: readonly Finding[];
}

/** The doctor's answer for programs; its output is what a person would read with the same options. */
export async function consult(env: Environment, ...argv: readonly string[]): Promise<Consultation> {
  const deps = { env, clock: systemClock, http: createHttpClient(2000) };
  const { output, exitCode } = await runDoctor(argv, deps);
  const json = await runDoctor([...argv, '--json'], deps);
  return { ...JSON.parse(json.output), exitCode, output };
}

/** API, worker, simulated Twitch and one channel whose bot reads and may speak. @param changed variables of API and doctor */
export async function doctorWorld(changed: Environment = {}) {
  const world = await workerWorld();
  const keys = [Buffer.alloc(32, 7)];
  const seal = createTokenSeal(keys);
  const own = {
    JWT_SECRET,
    TWITCH_CLIENT_ID: 'cid',
    TWITCH_CLIENT_SECRET: 'shh',
    TWITCH_EVENTSUB_SECRET: EVENTSUB_SECRET,
    CREDENTIALS_ENCRYPTION_KEY: keys.map((key) => key.toString('base64')).join(),
    TWITCH_WEBHOOK_CALLBACK_URL: 'https://bots.example/webhooks/twitch/eventsub',
    ...changed,
  };
  const { rows } = await world.pg.query('select id, "accessToken", "refreshToken" from "ExternalAccount"');
  for (const { id, accessToken, refreshToken } of rows) {
    const sealed = [seal.seal(accessToken), seal.seal(refreshToken), id];
    await world.pg.query('update "ExternalAccount" set "accessToken" = $1, "refreshToken" = $2 where id = $3', sealed);
  }
  const { northpine: channelId = '' } = await world.channels('northpine');
  const api = await startApiWorld(world.databaseUrl, { env: { ...world.processEnv, ...own } });
  const relay = { baseUrls: [api.url], secret: null };
  const worker = world.startWorker({ seal, relay });
  await world.joined('northpine');
  const env: Environment = { ...world.processEnv, ...own, CHATBOT_BACKEND_BASE_URLS: api.url, PORT: '0' };
  // What a worker tells of itself is written with its heartbeat.
  await vi.waitFor(async () => {
    const { findings } = await consult(env);
    if (findings.some(({ verdict }) => !['ok', 'off'].includes(verdict))) throw new Error(JSON.stringify(findings));
  }, PATIENCE);
  const secrets = [
    ...['JWT_SECRET', 'TWITCH_CLIENT_SECRET', 'TWITCH_EVENTSUB_SECRET', 'CREDENTIALS_ENCRYPTION_KEY'].map(
      (name) => own[name as keyof typeof own],
    ),
    ...rows.flatMap(({ accessToken, refreshToken }) => [accessToken, refreshToken]),
  ];
  return { ...world, api, worker, channelId, env, secrets };
}

const PATIENCE = { timeout: 20_000, interval: 250 };
