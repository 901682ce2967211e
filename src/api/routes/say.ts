/** `say` and the fate of what was said (docs/contract/http-api.md#say-and-outbox). */
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { outboxStatus } from '../../engine/outbox/queue.ts';
import { type QueuedRow, type Said, Sayer } from '../../engine/outbox/say.ts';
import { lengthOf } from '../../engine/outbox/wording.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import { speakingOrder } from '../../platforms/all.ts';
import { type Api, type ApiContext, findPlatform, type HostedPlatform, requirePlatform } from '../context.ts';
import { languageQuery } from '../diagnosis.ts';
import { givenProvider, isoTime, messageText, providerId, SHOWN_PROVIDERS } from '../fields.ts';
import { languageOf } from '../language.ts';
import { messageWords } from '../message-words.ts';
import { Allowance } from '../plugins/allowance.ts';
import { headersOf, type LimitState, refuse } from '../plugins/limits.ts';
import { deliveryFields } from './outbox-history.ts';

const sayBody = z.object({
  message: messageText(500)
    .refine((text) => !/^[/.]/.test(text), 'must not start with / or . because platforms read these as commands')
    .describe('Text of the message. Each platform has a length limit of its own, see `GET /capabilities`.'),
  provider: z
    .string()
    .meta(SHOWN_PROVIDERS)
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

const WINDOW_SECONDS = 30;

export interface SayRules {
  readonly outboxTtlMs: number;
  /** Per channel and provider, 0 is off. */
  readonly per30Seconds: number;
}

export function registerSayRoutes(app: Api, context: ApiContext, rules: SayRules): void {
  const tags = ['say'];
  const sayer = new Sayer(context.pg, speakingOrder);
  const allowance = new Allowance(rules.per30Seconds, WINDOW_SECONDS, context.clock);

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
      const { channelId } = await context.callers.streamer(request);
      const { message, provider } = request.body;
      const named = provider?.trim() ? requirePlatform(context, provider) : null;
      const places = new Map(
        (named === null ? context.platforms : [named]).map((platform) => {
          const place = lengthError(message, platform) === null ? allowance.take(keyOf(channelId, platform)) : null;
          return [platform, place];
        }),
      );
      let said: Said | null = null;
      try {
        said = await sayer.say({
          channelId,
          provider: named?.description.id ?? null,
          text: message,
          idempotencyKey: request.headers['idempotency-key'] ?? null,
          closed: [...places].flatMap(([{ description }, place]) => (place === null ? [description.id] : [])),
          ttlMs: rules.outboxTtlMs,
          now: context.clock.now(),
        });
      } finally {
        const spoken = said?.kind === 'queued' ? said.row.provider : null;
        for (const [{ description }, place] of places) if (description.id !== spoken) place?.giveBack();
      }
      const limitOf = (id: ProviderId) => allowance.stateOf(`${channelId}:${id}`);
      const row = rowOf(said, { context, message, isNamed: named !== null, reply, limitOf });
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
        params: z.object({ provider: givenProvider, id: z.string().describe('Id of the queued message.') }),
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

interface Asked {
  readonly context: ApiContext;
  readonly message: string;
  readonly isNamed: boolean;
  readonly reply: FastifyReply;
  readonly limitOf: (provider: ProviderId) => LimitState | null;
}

/** @throws BadInput for whatever kept the message from being queued */
function rowOf(said: Said, { context, message, isNamed, reply, limitOf }: Asked): QueuedRow {
  switch (said.kind) {
    case 'queued': {
      const limit = limitOf(said.row.provider);
      if (limit !== null) reply.headers(headersOf(limit));
      return said.row;
    }
    case 'repeated':
      return said.row;
    case 'key_taken':
      throw new BadInput('CONFLICT', 'This Idempotency-Key was already used for another message');
    case 'no_channel':
      throw new BadInput('CHANNEL_NOT_FOUND');
    case 'no_tables':
      throw new BadInput('FEATURE_NOT_AVAILABLE');
    case 'no_target':
      if (isNamed) throw new BadInput('BOT_DISABLED');
      if (said.enabled.length === 0) throw new BadInput('BOT_DISABLED', 'No bot is enabled in this channel');
      throw new BadInput('BAD_REQUEST', 'The bot is enabled on several platforms. Name one of them in provider.', {
        extras: { enabledProviders: said.enabled },
      });
    case 'closed': {
      const tooLong = lengthError(message, requirePlatform(context, said.provider));
      if (tooLong !== null) throw tooLong;
      const limit = limitOf(said.provider);
      // A place may have become free since: whoever asks again gets it.
      return refuse(reply, limit ?? { max: 0, remaining: 0, ttlInSeconds: 1, windowSeconds: WINDOW_SECONDS });
    }
  }
}

function keyOf(channelId: ChannelId, { description }: HostedPlatform): string {
  return `${channelId}:${description.id}`;
}

/** A message is never split or cut: what is too long for the platform is the caller's to shorten (docs/design.md#a-message-is-never-split). */
function lengthError(message: string, { limits }: HostedPlatform): BadInput | null {
  const { max, unit } = limits.message;
  const length = lengthOf(message, unit);
  if (length <= max) return null;
  return new BadInput('BAD_REQUEST', `message must be at most ${max} characters on this platform, and has ${length}`, {
    details: { field: 'message', max, length },
  });
}
