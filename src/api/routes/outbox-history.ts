/** `GET /streamer/bot/outbox`: what the bot said or could not say, and why, newest first. */
import { z } from 'zod';
import { type HistoryRow, OUTBOX_STATUSES, outboxHistory } from '../../engine/outbox/history.ts';
import type { ProviderId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import { type Api, type ApiContext, requirePlatform } from '../context.ts';
import { languageQuery } from '../diagnosis.ts';
import { isoTime, providerId, SHOWN_PROVIDERS } from '../fields.ts';
import { languageOf } from '../language.ts';
import { type MessageWords, messageWords, wordsOfMessage } from '../message-words.ts';
import { cursorOf, cursorText, cursorTime, nextCursor, pageLimit, pageOf } from '../paging.ts';

/** How far the delivery of a message has come. */
export const deliveryFields = {
  status: z
    .enum(OUTBOX_STATUSES)
    .describe('`pending`: the message waits. `processing`: it is being sent. `sent` and `failed` are final.'),
  attempts: z.number().describe('Number of send attempts that the platform has answered.'),
  lastError: z.string().nullable().describe('Reason of the last failure, or null.'),
  processingAt: isoTime.nullable().describe('When the worker took the message for sending.'),
  sentAt: isoTime.nullable().describe('When the message was sent.'),
  failedAt: isoTime.nullable().describe('When the message failed for good.'),
  createdAt: isoTime,
  updatedAt: isoTime,
  ...wordsOfMessage,
};

const shownMessage = z.object({
  provider: providerId,
  id: z.string(),
  source: z
    .string()
    .describe('What queued the message: `say`, `command` or `duration` (answers to commands), or `greeting`.'),
  message: z.string().describe('Text of the message.'),
  ...deliveryFields,
  platformMessageId: z.string().nullable().describe('Id of the sent message on the platform, where it tells one.'),
  nextAttemptAt: isoTime.nullable().describe('When a pending message is tried next. Null for all others.'),
  expiresAt: isoTime.nullable().describe('When a pending message is given up. Null for all others.'),
});

const query = z.object({
  provider: z.string().meta(SHOWN_PROVIDERS).optional().describe('Only messages for this platform.'),
  status: z.enum(OUTBOX_STATUSES).optional().describe('Only messages with this status.'),
  cursor: cursorOf(z.tuple([cursorTime, cursorText, z.int()])),
  limit: pageLimit,
  lang: languageQuery,
});

const answer = z.object({ items: z.array(shownMessage), nextCursor });

export function registerOutboxHistoryRoutes(app: Api, context: ApiContext): void {
  app.get(
    '/streamer/bot/outbox',
    {
      config: { scope: 'outbox:read' },
      schema: {
        tags: ['say'],
        summary: 'List the messages of the bot and their delivery status',
        description: 'The newest message comes first.',
        querystring: query,
        response: { 200: answer },
      },
    },
    async (request) => {
      const { channelId } = await context.callers.streamer(request);
      const { provider, status, cursor, limit } = request.query;
      const platforms = provider === undefined ? context.platforms : [requirePlatform(context, provider)];
      const rows = await outboxHistory(context.db, {
        channelId,
        platforms: platforms.map(({ description }) => description),
        statuses: status === undefined ? OUTBOX_STATUSES : [status],
        after: cursor && { createdAt: cursor[0], provider: cursor[1] as ProviderId, seq: cursor[2] },
        limit: limit + 1,
      });
      if (rows === null) throw new BadInput('FEATURE_NOT_AVAILABLE');
      const page = pageOf(rows, limit, (row) => [row.createdAt.getTime(), row.provider, row.seq]);
      const words = await messageWords(context, channelId, page.rows, languageOf(request));
      return { items: page.rows.map((row) => presentMessage(row, words(row))), nextCursor: page.nextCursor };
    },
  );
}

export function presentMessage(row: HistoryRow, words: MessageWords): z.input<typeof shownMessage> {
  const isWaiting = row.status === 'pending';
  return {
    provider: row.provider,
    id: row.id,
    source: row.source,
    message: row.message,
    status: row.status,
    attempts: row.attempts,
    lastError: row.lastError,
    platformMessageId: row.platformMessageId,
    nextAttemptAt: isWaiting ? row.nextAttemptAt.toISOString() : null,
    expiresAt: isWaiting ? (row.expiresAt?.toISOString() ?? null) : null,
    processingAt: row.processingAt?.toISOString() ?? null,
    sentAt: row.sentAt?.toISOString() ?? null,
    failedAt: row.failedAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    ...words,
  };
}
