/** `/streamer/api-tokens`: what a streamer's own tools sign in with. */
import { sql } from 'kysely';
import { z } from 'zod';
import { API_SCOPES, type ApiToken, createApiToken, listApiTokens, revokeApiToken } from '../../accounts/api-tokens.ts';
import type { Db } from '../../db/pool.ts';
import { inTransaction } from '../../db/transaction.ts';
import { BadInput } from '../../lib/errors.ts';
import { recordAudit } from '../audit.ts';
import type { Api, ApiContext } from '../context.ts';
import { isNameableTime, isoTime, messageText, okAnswer } from '../fields.ts';
import type { Streamer } from '../plugins/callers.ts';

const MAX_TOKENS = 20;

const scope = z.enum(API_SCOPES, `must be one of ${API_SCOPES.join(', ')}`);

const createBody = z.object({
  name: messageText(64).describe('Name of the tool that will use the token.'),
  scopes: z
    .array(scope)
    .min(1, `must have at least one of ${API_SCOPES.join(', ')}`)
    .max(100)
    .transform((scopes) => API_SCOPES.filter((known) => scopes.includes(known)))
    .describe('What the token may be used for.'),
  expiresAt: z.iso
    .datetime({ offset: true, error: 'must be a time in ISO 8601, or null' })
    .transform((text) => new Date(text))
    .refine(isNameableTime, 'must be a time before the year 10000')
    .nullish()
    .meta({ type: ['string', 'null'], format: 'date-time' })
    .describe('When the token expires. Without a time it never expires.'),
});

const shownToken = z.object({
  id: z.string(),
  name: z.string().describe('Name of the tool that uses the token.'),
  scopes: z.array(z.string()).describe('What the token may be used for.'),
  createdAt: isoTime,
  expiresAt: isoTime.nullable().describe('When the token expires. Null: never.'),
  lastUsedAt: isoTime.nullable().describe('Minute in which the token was last used. Null: never.'),
});

const createdToken = shownToken.extend({
  token: z
    .string()
    .describe('The token, to be sent as `Authorization: Bearer mab_…`. It is shown only in this answer.'),
});

export function registerApiTokenRoutes(app: Api, { db, clock, callers }: ApiContext): void {
  const url = '/streamer/api-tokens';
  const tags = ['api tokens'];

  app.get(
    url,
    {
      schema: {
        tags,
        summary: 'List the API tokens of the channel',
        description: `The newest token comes first. A channel can have at most ${MAX_TOKENS} tokens.`,
        response: { 200: z.object({ items: z.array(shownToken) }) },
      },
    },
    async (request) => {
      const { channelId } = await callers.streamer(request);
      const tokens = await listApiTokens(db, channelId);
      return { items: tokens.map(present) };
    },
  );

  app.post(
    url,
    { schema: { tags, summary: 'Create an API token', body: createBody, response: { 201: createdToken } } },
    async (request, reply) => {
      const streamer = await callers.streamer(request);
      const { name, scopes, expiresAt = null } = request.body;
      if (expiresAt !== null && expiresAt <= clock.now()) {
        throw new BadInput('BAD_REQUEST', 'expiresAt must be in the future', { details: { field: 'expiresAt' } });
      }
      const { token, ...row } = await create(db, streamer, { name, scopes, expiresAt });
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ ...present(row), token });
    },
  );

  app.delete(
    `${url}/:id`,
    {
      schema: {
        tags,
        summary: 'Revoke an API token',
        description: 'The token stops working at once.',
        params: z.object({ id: z.string().describe('`id` of an entry of `GET /streamer/api-tokens`.') }),
        response: { 200: okAnswer },
      },
    },
    async (request) => {
      const streamer = await callers.streamer(request);
      await inTransaction(db, async (tx) => {
        const gone = await revokeApiToken(tx, streamer.channelId, request.params.id);
        if (gone === null) throw new BadInput('NOT_FOUND');
        await recordAudit(tx, streamer, 'streamer.api_tokens.revoke', audited(gone));
      });
      return { ok: true as const };
    },
  );
}

function create(db: Db, streamer: Streamer, wanted: Parameters<typeof createApiToken>[2]) {
  return inTransaction(db, async (tx) => {
    // Counting under the channel's row lock keeps two requests from passing the limit together.
    await sql`select 1 from "Channel" where id = ${streamer.channelId} for update`.execute(tx);
    const tokens = await listApiTokens(tx, streamer.channelId);
    if (tokens.length >= MAX_TOKENS) {
      throw new BadInput('CONFLICT', `A channel can have at most ${MAX_TOKENS} API tokens. Revoke one first.`);
    }
    const created = await createApiToken(tx, streamer, wanted);
    await recordAudit(tx, streamer, 'streamer.api_tokens.create', audited(created));
    return created;
  });
}

function audited({ id, name, scopes, expiresAt }: ApiToken) {
  return { tokenId: id, name, scopes, expiresAt };
}

function present(token: ApiToken): z.input<typeof shownToken> {
  return {
    id: token.id,
    name: token.name,
    scopes: [...token.scopes],
    createdAt: token.createdAt.toISOString(),
    expiresAt: token.expiresAt?.toISOString() ?? null,
    lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
  };
}
