/** Reading the audit trail: the owner everything, a streamer what concerns their own channel. */
import { z } from 'zod';
import type { Db } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import type { Api, ApiContext } from '../context.ts';
import { isoTime } from '../fields.ts';
import { cursorOf, cursorText, cursorTime, nextCursor, pageLimit, pageOf } from '../paging.ts';

const name = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(200)
  .regex(/^\P{Cc}*$/u, 'must not contain control characters');

const pageQuery = z.object({
  action: name.optional().describe('Only records of this action, such as `streamer.bots.enable`.'),
  cursor: cursorOf(z.tuple([cursorTime, cursorText])),
  limit: pageLimit,
});

const ownerQuery = pageQuery.extend({ channelId: name.optional().describe('Only records of this channel.') });

const shownRecord = z.object({
  id: z.string(),
  action: z.string().describe('What was done, such as `streamer.bots.enable`.'),
  actor: z
    .object({ userId: z.string(), displayName: z.string() })
    .nullable()
    .describe('User who did it. Null when the user no longer exists or nobody was signed in.'),
  channelId: z
    .string()
    .nullable()
    .describe('Id of the channel that the action changed. Null for actions on the whole installation.'),
  payload: z.unknown().describe('Details of the action. The fields depend on `action`.'),
  createdAt: isoTime,
});

const answer = z.object({ items: z.array(shownRecord), nextCursor });

const tags = ['audit'];
const response = { 200: answer };

export function registerStreamerAuditRoutes(app: Api, { db, callers }: ApiContext): void {
  app.get(
    '/streamer/audit',
    {
      schema: {
        tags,
        summary: 'List the audit records of the channel',
        description: 'The records tell who changed settings, links or rights. The newest record comes first.',
        querystring: pageQuery,
        response,
      },
    },
    async (request) => {
      const { channelId } = await callers.streamer(request);
      return readPage(db, { ...request.query, channelId });
    },
  );
}

export function registerOwnerAuditRoutes(app: Api, { db, callers }: ApiContext): void {
  app.get(
    '/owner/audit',
    {
      schema: {
        tags,
        summary: 'List the audit records of the installation',
        description: 'The records tell who changed settings, links or rights. The newest record comes first.',
        querystring: ownerQuery,
        response,
      },
    },
    async (request) => {
      await callers.owner(request);
      const { channelId, ...page } = request.query;
      return readPage(db, { ...page, channelId: (channelId ?? null) as ChannelId | null });
    },
  );
}

interface Page extends z.output<typeof pageQuery> {
  /** Null: everything. */
  readonly channelId: ChannelId | null;
}

async function readPage(db: Db, { channelId, action, cursor, limit }: Page): Promise<z.input<typeof answer>> {
  let records = db
    .selectFrom('AuditLog as a')
    .leftJoin('User as u', 'u.id', 'a.actorId')
    .select(['a.id', 'a.action', 'a.actorId', 'a.channelId', 'a.payloadJson', 'a.createdAt', 'u.displayName'])
    .orderBy('a.createdAt', 'desc')
    .orderBy('a.id', 'desc')
    .limit(limit + 1);
  if (channelId !== null) records = records.where('a.channelId', '=', channelId);
  if (action !== undefined) records = records.where('a.action', '=', action);
  if (cursor !== null) {
    const [createdAt, id] = cursor;
    records = records.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('a.createdAt', 'a.id'), '<', tuple(createdAt, id)),
    );
  }
  const page = pageOf(await records.execute(), limit, (row) => [row.createdAt.getTime(), row.id]);
  return {
    items: page.rows.map(({ displayName, actorId, payloadJson, createdAt, ...record }) => ({
      ...record,
      actor: actorId === null || displayName === null ? null : { userId: actorId, displayName },
      payload: readPayload(payloadJson),
      createdAt: createdAt.toISOString(),
    })),
    nextCursor: page.nextCursor,
  };
}

/** Anything may have written it. */
function readPayload(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
