/** `/streamer/api-tokens`: what a streamer's own tools sign in with. */
import { sql } from 'kysely';
import { z } from 'zod';
import { API_SCOPES, type ApiToken, createApiToken, listApiTokens, revokeApiToken } from '../../accounts/api-tokens.ts';
import type { Db } from '../../db/pool.ts';
import { BadInput } from '../../lib/errors.ts';
import { recordAudit } from '../audit.ts';
import type { Api, ApiContext } from '../context.ts';
import { isNameableTime, isoTime, messageText, okAnswer } from '../fields.ts';
import type { Streamer } from '../plugins/callers.ts';

const MAX_TOKENS = 20;

const scope = z.enum(API_SCOPES, `has to be one of ${API_SCOPES.join(', ')}`);

const createBody = z.object({
  name: messageText(64).describe('what the tool is called, for the list'),
  scopes: z
    .array(scope)
    .min(1, `has to have one of ${API_SCOPES.join(', ')}`)
    .max(100)
    .transform((scopes) => API_SCOPES.filter((known) => scopes.includes(known))),
  expiresAt: z.iso
    .datetime({ offset: true, error: 'has to be a time in ISO 8601, or null' })
    .transform((text) => new Date(text))
    .refine(isNameableTime, 'has to be a time before the year 10000')
    .nullish()
    .meta({ type: ['string', 'null'], format: 'date-time' })
    .describe('when it ends by itself; never when null or absent'),
});

const shownToken = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.string()),
  createdAt: isoTime,
  expiresAt: isoTime.nullable(),
  lastUsedAt: isoTime.nullable().describe('to the minute'),
});

const createdToken = shownToken.extend({
  token: z.string().describe('to be sent as `Authorization: Bearer mab_…`; it is shown this once'),
});

export function registerApiTokenRoutes(app: Api, { db, clock, callers }: ApiContext): void {
  const url = '/streamer/api-tokens';
  const tags = ['api tokens'];

  app.get(
    url,
    {
      schema: {
        tags,
        summary: `The tokens of the channel's tools, newest first; at most ${MAX_TOKENS}`,
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
    { schema: { tags, summary: 'Makes a token for a tool', body: createBody, response: { 201: createdToken } } },
    async (request, reply) => {
      const streamer = await callers.streamer(request);
      const { name, scopes, expiresAt = null } = request.body;
      if (expiresAt !== null && expiresAt <= clock.now()) {
        throw new BadInput('BAD_REQUEST', 'expiresAt: has to be in the future', { details: { field: 'expiresAt' } });
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
        summary: 'Revokes a token, with effect at once',
        params: z.object({ id: z.string() }),
        response: { 200: okAnswer },
      },
    },
    async (request) => {
      const streamer = await callers.streamer(request);
      await db.transaction().execute(async (tx) => {
        const gone = await revokeApiToken(tx, streamer.channelId, request.params.id);
        if (gone === null) throw new BadInput('NOT_FOUND');
        await recordAudit(tx, streamer, 'streamer.api_tokens.revoke', audited(gone));
      });
      return { ok: true as const };
    },
  );
}

function create(db: Db, streamer: Streamer, wanted: Parameters<typeof createApiToken>[2]) {
  return db.transaction().execute(async (tx) => {
    // Counting under the channel's row lock keeps two requests from passing the limit together.
    await sql`select 1 from "Channel" where id = ${streamer.channelId} for update`.execute(tx);
    const tokens = await listApiTokens(tx, streamer.channelId);
    if (tokens.length >= MAX_TOKENS) {
      throw new BadInput('CONFLICT', `A channel has at most ${MAX_TOKENS} tokens: revoke one first`);
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
