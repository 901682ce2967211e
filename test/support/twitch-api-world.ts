/** Twitch's API side under test: a real database, a real HTTP server, Twitch itself scripted. */
import { Writable } from 'node:stream';
import Fastify from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { onTestFinished } from 'vitest';
import { registerBodies, registerRawBodies } from '../../src/api/plugins/body.ts';
import { registerErrors } from '../../src/api/plugins/errors.ts';
import { createPool, type Db } from '../../src/db/pool.ts';
import type { ChannelId, UserId } from '../../src/lib/brand.ts';
import { BadInput } from '../../src/lib/errors.ts';
import { createHttpClient } from '../../src/lib/http.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type { ApiDeps } from '../../src/platforms/api-side.ts';
import type { CommonDeps } from '../../src/platforms/platform.ts';
import { openApiSide } from '../../src/platforms/twitch/api-side.ts';
import { sign } from '../../src/platforms/twitch/eventsub/signature.ts';
import { twitchVariables } from '../../src/platforms/twitch/settings.ts';
import type { LiveFact } from '../../src/platforms/worker-side.ts';
import { ManualClock } from './manual-clock.ts';
import { ScriptedTwitchApi } from './scripted-twitch-api.ts';

const SECRET = 'pinecone-secret-01';
export const CALLBACK = 'https://bots.example/webhooks/twitch/eventsub';

/** What every part of the platform gets, with the addresses of the scripted Twitch. */
export function twitchDeps(
  twitch: ScriptedTwitchApi,
  env: Record<string, string> = {},
): CommonDeps & { clock: ManualClock; lines: string[] } {
  const raw: Record<string, string> = {
    TWITCH_CLIENT_ID: 'cid',
    TWITCH_CLIENT_SECRET: 'shh',
    TWITCH_EVENTSUB_SECRET: SECRET,
    TWITCH_API_BASE_URL: `${twitch.url}/helix`,
    TWITCH_AUTH_BASE_URL: `${twitch.url}/oauth2`,
    ...env,
  };
  const settings = Object.fromEntries(
    Object.values(twitchVariables).map((variable) => {
      const reading = variable.read(raw[variable.name] ?? null, false);
      if ('problem' in reading) throw new Error(reading.problem);
      return [variable.name, reading.value];
    }),
  );
  const clock = new ManualClock();
  const lines: string[] = [];
  const output = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
  return {
    settings,
    clock,
    lines,
    http: createHttpClient(2_000),
    log: createLogger({ level: 'debug', clock, output, errorOutput: output }),
    random: () => 0.5,
  };
}

export interface StreamerChannel {
  readonly channelId: ChannelId;
  readonly twitchId: string;
}

export type ApiWorld = Awaited<ReturnType<typeof apiWorld>>;

/** @param databaseUrl of the test file; every world makes channels of its own in it */
export async function apiWorld(databaseUrl: string, { publicBaseUrl = 'https://bots.example' as string | null } = {}) {
  const twitch = await ScriptedTwitchApi.start();
  const deps = twitchDeps(twitch);
  const pool = createPool(databaseUrl, { applicationName: 'test', slowMs: 10_000, log: deps.log });
  const { db } = pool;
  const person = await db.insertInto('User').values({ displayName: 'S' }).returning('id').executeTakeFirstOrThrow();
  const recorded: (LiveFact & { channelId: ChannelId })[] = [];
  const looks: ChannelId[] = [];
  const trouble = { enqueue: false, recordLive: false };
  const apiDeps: ApiDeps = {
    ...deps,
    db,
    credentials: { owner: async () => 'none', renewed: async () => 'none' },
    publicBaseUrl,
    isProduction: false,
    lookSoon: (channelId) => looks.push(channelId),
    renamed: async () => {},
    forgetLive: async () => {},
    recordLive: async (channelId, fact) => {
      if (trouble.recordLive) throw new Error('the live store is down');
      recorded.push({ channelId, ...fact });
    },
    enqueue: async (tx, { channelId, text, source, dedupKey }) => {
      const { numInsertedOrUpdatedRows: rows } = await tx
        .insertInto('ChatBotOutboxMessage')
        .values({ channelId, message: text, source, dedupKey, twitchLogin: 'northpine' })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      if (trouble.enqueue) throw new Error('the queue is down');
      return rows === 1n;
    },
    streamer: async (request) => {
      const channelId = request.headers['x-channel'];
      if (typeof channelId !== 'string') throw new BadInput('UNAUTHORIZED');
      return { userId: person.id as UserId, channelId: channelId as ChannelId, isAdmin: false };
    },
  };
  const side = openApiSide(apiDeps);
  const app = Fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  registerErrors(app, deps.log);
  const limits = { large: 1_000_000, usual: 1_000_000, form: 1_000_000 };
  registerBodies(app, limits);
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request) => void (await apiDeps.streamer(request)));
    side.routes?.(scope);
  });
  await app.register(async (scope) => {
    registerRawBodies(scope, limits);
    side.webhooks?.(scope);
  });
  onTestFinished(async () => {
    await app.close();
    await pool.end();
  });

  let deliveries = 0;
  return {
    twitch,
    db,
    app,
    side,
    recorded,
    looks,
    trouble,
    clock: deps.clock,
    log: deps.lines,
    streamer: (options: Partial<ChannelOptions> = {}) => createChannel(db, options),
    /** The raw answer of a streamer's request. */
    ask: (channel: StreamerChannel | null, method: 'GET' | 'POST' | 'PATCH', url: string, body?: object) =>
      app.inject({
        method,
        url,
        ...(channel === null ? {} : { headers: { 'x-channel': channel.channelId } }),
        ...(body === undefined ? {} : { payload: body }),
      }),
    /** Delivers as Twitch does; every part can be made wrong. */
    deliver(body: unknown, given: Partial<DeliveryOptions> = {}) {
      const payload = given.raw ?? JSON.stringify(body);
      const id = given.id ?? `delivery-${++deliveries}`;
      const timestamp = given.timestamp ?? deps.clock.now().toISOString();
      return app.inject({
        method: 'POST',
        url: '/webhooks/twitch/eventsub',
        payload,
        headers: {
          'content-type': given.contentType ?? 'application/json',
          'twitch-eventsub-message-id': id,
          'twitch-eventsub-message-timestamp': timestamp,
          'twitch-eventsub-message-type': given.type ?? 'notification',
          'twitch-eventsub-message-signature':
            given.signature ?? sign(SECRET, id, timestamp, Buffer.from(given.signed ?? payload)),
        },
      });
    },
    outbox: (channel: StreamerChannel) =>
      db.selectFrom('ChatBotOutboxMessage').selectAll().where('channelId', '=', channel.channelId).execute(),
  };
}

interface DeliveryOptions {
  id: string;
  timestamp: string;
  type: string;
  signature: string;
  /** What the signature is made over, when it is not the body sent. */
  signed: string;
  raw: string;
  contentType: string;
}

interface ChannelOptions {
  /** Null: not linked to Twitch. */
  twitchId: string | null;
  bot: 'on' | 'off' | 'gated' | 'none';
  greetings: boolean;
  template: string | null;
}

let channels = 0;

async function createChannel(db: Db, options: Partial<ChannelOptions>): Promise<StreamerChannel> {
  const number = ++channels;
  const { twitchId = `9${number}`, bot = 'on', greetings = false, template = null } = options;
  const { id } = await db
    .insertInto('Channel')
    .values({
      slug: `s${number}`,
      name: `S${number}`,
      twitchChannelId: twitchId,
      followGreetingsEnabled: greetings,
      followGreetingTemplate: template,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  const channelId = id as ChannelId;
  if (bot !== 'none') {
    const row = { channelId, twitchLogin: `login${number}`, enabled: bot !== 'off' };
    await db.insertInto('ChatBotSubscription').values(row).execute();
  }
  if (bot === 'gated') {
    await db.insertInto('BotIntegrationSettings').values({ channelId, provider: 'twitch', enabled: false }).execute();
  }
  return { channelId, twitchId: twitchId ?? '' };
}

export function followOf({ twitchId }: StreamerChannel, followerId = '8803', name = 'Mira_K') {
  return {
    subscription: {
      id: 'sub-f',
      status: 'enabled',
      type: 'channel.follow',
      condition: { broadcaster_user_id: twitchId },
    },
    event: {
      user_id: followerId,
      user_login: name.toLowerCase(),
      user_name: name,
      broadcaster_user_id: twitchId,
      broadcaster_user_login: 'northpine',
      broadcaster_user_name: 'NorthPine',
      followed_at: '2026-01-01T00:00:00Z',
    },
  };
}
