/** `GET /streamer/bot/outbox`: what the bot said or could not say, and why, newest first. */
import { z } from 'zod';
import { type HistoryRow, OUTBOX_STATUSES, outboxHistory } from '../../engine/outbox/history.ts';
import type { ProviderId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import { type Api, type ApiContext, requirePlatform } from '../context.ts';
import { isoTime } from '../fields.ts';
import { cursorOf, cursorText, cursorTime, nextCursor, pageLimit, pageOf } from '../paging.ts';

const shownMessage = z.object({
  provider: z.string(),
  id: z.string(),
  source: z.string().describe('who asked for it: `say`, `command`, `duration` or `greeting`'),
  message: z.string(),
  status: z.enum(OUTBOX_STATUSES),
  attempts: z.number(),
  lastError: z.string().nullable().describe('why the last try failed'),
  platformMessageId: z.string().nullable(),
  nextAttemptAt: isoTime.nullable().describe('when a message that waits is tried again'),
  expiresAt: isoTime.nullable().describe('when a message that waits is given up'),
  processingAt: isoTime.nullable(),
  sentAt: isoTime.nullable(),
  failedAt: isoTime.nullable(),
  createdAt: isoTime,
  updatedAt: isoTime,
});

const query = z.object({
  provider: z.string().optional().describe('only messages for this platform'),
  status: z.enum(OUTBOX_STATUSES).optional(),
  cursor: cursorOf(z.tuple([cursorTime, cursorText, z.int()])),
  limit: pageLimit,
});

const answer = z.object({ items: z.array(shownMessage), nextCursor });

export function registerOutboxHistoryRoutes(app: Api, context: ApiContext): void {
  app.get(
    '/streamer/bot/outbox',
    {
      config: { scope: 'outbox:read' },
      schema: {
        tags: ['say'],
        summary: 'What became of the messages of the channel, newest first',
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
      return { items: page.rows.map(presentMessage), nextCursor: page.nextCursor };
    },
  );
}

export function presentMessage(row: HistoryRow): z.input<typeof shownMessage> {
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
  };
}
