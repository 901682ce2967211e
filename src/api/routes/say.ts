/** `say` and the fate of what was said (docs/contract/http-api.md#say-and-outbox). */
import { z } from 'zod';
import { isMissingSchema } from '../../db/failures.ts';
import { enqueue, outboxStatus } from '../../engine/outbox/queue.ts';
import { lengthOf } from '../../engine/outbox/wording.ts';
import { BadInput } from '../../lib/errors.ts';
import { speakingOrder } from '../../platforms/all.ts';
import { type Api, type ApiContext, findPlatform, type HostedPlatform, requirePlatform } from '../context.ts';
import { languageQuery } from '../diagnosis.ts';
import { isoTime, messageText, providerId } from '../fields.ts';
import { activeTargetsReader, readIntegration } from '../integrations.ts';
import { languageOf } from '../language.ts';
import { messageWords } from '../message-words.ts';
import type { Streamer } from '../plugins/callers.ts';
import { limiter } from '../plugins/limits.ts';
import { deliveryFields } from './outbox-history.ts';

const sayBody = z.object({
  message: messageText(500)
    .refine((text) => !/^[/.]/.test(text), 'must not start with / or . because platforms read these as commands')
    .describe('Text of the message. Each platform has a length limit of its own, see `GET /capabilities`.'),
  provider: z
    .string()
    .nullish()
    .describe('Id of the platform. Needed only when the bot is enabled on several platforms.'),
});

const sayAnswer = z.object({
  ok: z.literal(true),
  provider: providerId,
  outbox: z
    .object({ id: z.string(), status: deliveryFields.status, createdAt: isoTime })
    .describe('The queued message. `GET /streamer/bot/outbox/{provider}/{id}` tells its delivery status.'),
});

const statusAnswer = z.object({
  provider: providerId,
  id: z.string(),
  ...deliveryFields,
});

const idempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'must be 1 to 128 visible ASCII characters')
    .optional()
    .describe('Key of the caller. A repeated request with the same key returns the message that is already queued.'),
});

export interface SayRules {
  readonly outboxTtlMs: number;
  /** Per channel and provider, 0 is off. */
  readonly per30Seconds: number;
}

interface Target {
  readonly platform: HostedPlatform;
  readonly platformChannel: string;
}

export function registerSayRoutes(app: Api, context: ApiContext, rules: SayRules): void {
  const tags = ['say'];
  const targets = new WeakMap<object, string>();
  const readTargets = activeTargetsReader(context.pg, speakingOrder);
  const limit = limiter(app, rules.per30Seconds, 30, (request) => `say:${targets.get(request)}`);

  app.post(
    '/streamer/bot/say',
    {
      config: { scope: 'say' },
      schema: {
        tags,
        summary: 'Queue a message for the chat',
        headers: idempotencyHeader,
        body: sayBody,
        response: { 200: sayAnswer },
      },
    },
    async (request, reply) => {
      const streamer = await context.callers.streamer(request);
      const { message, provider } = request.body;
      const target = await chooseTarget(context, readTargets, streamer, provider?.trim() || null);
      const { description, limits } = target.platform;
      requireLength(message, limits.message);
      targets.set(request, `${streamer.channelId}:${description.id}`);
      await limit(request, reply);
      const row = await enqueue(context.db, {
        platform: description,
        platforms: context.platforms.map((hosted) => hosted.description),
        channelId: streamer.channelId,
        target: target.platformChannel,
        text: message,
        source: 'say',
        idempotencyKey: request.headers['idempotency-key'] ?? null,
        ttlMs: rules.outboxTtlMs,
        now: context.clock.now(),
      });
      return {
        ok: true as const,
        provider: row.provider,
        outbox: { id: row.id, status: row.status, createdAt: row.createdAt.toISOString() },
      };
    },
  );

  app.get(
    '/streamer/bot/outbox/:provider/:id',
    {
      config: { scope: 'outbox:read' },
      schema: {
        tags,
        summary: 'Get the delivery status of a message',
        params: z.object({ provider: providerId, id: z.string().describe('Id of the queued message.') }),
        querystring: z.object({ lang: languageQuery }),
        response: { 200: statusAnswer },
      },
    },
    async (request) => {
      const { channelId } = await context.callers.streamer(request);
      const platform = findPlatform(context, request.params.provider);
      const id = request.params.id.trim();
      if (platform === undefined || id === '')
        throw new BadInput('BAD_REQUEST', 'The path must name a known platform and the id of a message');
      const row = await outboxStatus(context.db, platform.description, channelId, id);
      if (row === null) throw new BadInput('NOT_FOUND');
      const provider = platform.description.id;
      const message = { ...row, provider };
      const wordsOf = await messageWords(context, channelId, [message], languageOf(request));
      return {
        provider,
        id: row.id,
        status: row.status,
        attempts: row.attempts,
        lastError: row.lastError,
        processingAt: row.processingAt?.toISOString() ?? null,
        sentAt: row.sentAt?.toISOString() ?? null,
        failedAt: row.failedAt?.toISOString() ?? null,
        createdAt: row.createdAt.toISOString(),
        updatedAt: row.updatedAt.toISOString(),
        ...wordsOf(message),
      };
    },
  );
}

type TargetsReader = ReturnType<typeof activeTargetsReader>;

async function chooseTarget(
  context: ApiContext,
  readTargets: TargetsReader,
  streamer: Streamer,
  provider: string | null,
): Promise<Target> {
  if (provider !== null) return namedTarget(context, streamer, provider);
  const enabled = await enabledTargets(context, readTargets, streamer);
  const [only] = enabled;
  if (only === undefined) throw new BadInput('BOT_DISABLED', 'No bot is enabled in this channel');
  if (enabled.length === 1) return only;
  throw new BadInput('BAD_REQUEST', 'The bot is enabled on several platforms. Name one of them in provider.', {
    extras: { enabledProviders: enabled.map((target) => target.platform.description.id) },
  });
}

async function namedTarget(context: ApiContext, streamer: Streamer, provider: string): Promise<Target> {
  const platform = requirePlatform(context, provider);
  // A named platform whose tables are missing is a missing feature, not a switched-off bot.
  const target = await readTarget(context, streamer, platform);
  if (target === null) throw new BadInput('BOT_DISABLED');
  return target;
}

async function enabledTargets(context: ApiContext, readTargets: TargetsReader, streamer: Streamer): Promise<Target[]> {
  const platforms = inSpeakingOrder(context);
  try {
    const targets = await readTargets(streamer.channelId);
    return platforms.flatMap((platform) => {
      const platformChannel = targets.get(platform.description.id);
      return platformChannel ? [{ platform, platformChannel }] : [];
    });
  } catch (error) {
    if (!isMissingSchema(error)) throw error;
  }
  // Some table is not there: which platforms have theirs shows when each is asked alone.
  const looked = await Promise.all(platforms.map((platform) => activeTarget(context, streamer, platform)));
  if (looked.every((target) => target === 'missing')) throw new BadInput('FEATURE_NOT_AVAILABLE');
  return looked.filter((target) => target !== null && target !== 'missing');
}

/** @returns `missing` for a platform whose tables are not there: nobody named it, so it is only off */
async function activeTarget(
  context: ApiContext,
  streamer: Streamer,
  platform: HostedPlatform,
): Promise<Target | null | 'missing'> {
  try {
    return await readTarget(context, streamer, platform);
  } catch (error) {
    if (isMissingSchema(error)) return 'missing';
    throw error;
  }
}

async function readTarget({ db }: ApiContext, streamer: Streamer, platform: HostedPlatform): Promise<Target | null> {
  const { isActive, target } = await readIntegration(db, platform.description, streamer.channelId, {
    gateIsOptional: true,
  });
  return isActive && target !== null ? { platform, platformChannel: target } : null;
}

function inSpeakingOrder(context: ApiContext): HostedPlatform[] {
  return speakingOrder.flatMap(({ id }) => context.platforms.filter(({ description }) => description.id === id));
}

/** A message is never split or cut: what is too long for the platform is the caller's to shorten (docs/design.md#a-message-is-never-split). */
function requireLength(message: string, limit: HostedPlatform['limits']['message']): void {
  const length = lengthOf(message, limit.unit);
  if (length <= limit.max) return;
  throw new BadInput(
    'BAD_REQUEST',
    `message must be at most ${limit.max} characters on this platform, and has ${length}`,
    {
      details: { field: 'message', max: limit.max, length },
    },
  );
}
