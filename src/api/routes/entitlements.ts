/** `/owner/entitlements/custom-bot`: who may bring a bot of their own (docs/contract/http-api.md#entitlement-administration). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  channelOf,
  type Entitlement,
  grantEntitlement,
  isActive,
  listEntitlements,
  readEntitlement,
  revokeEntitlement,
} from '../../accounts/entitlement-admin.ts';
import { CUSTOM_BOT } from '../../accounts/entitlements.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { ChannelId, UserId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import { recordAudit } from '../audit.ts';
import type { Api, ApiContext } from '../context.ts';
import { isNameableTime, isoTime, messageText } from '../fields.ts';
import { cursorOf, cursorText, cursorTime, nextCursor, pageLimit, pageOf } from '../paging.ts';
import { type LimitRules, limiter } from '../plugins/limits.ts';

const PATH = '/owner/entitlements/custom-bot';
const AUDIT = 'owner.entitlements.custom_bot';
/** Whoever looks people up one by one is slowed down (docs/contract/http-api.md#rate-limits). */
const LOOKUPS_PER_MINUTE = 60;

const channelId = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(100)
  .describe('Id of the channel.')
  .transform((text) => text as ChannelId);

const endOfGrant = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], { error: 'must be a date in ISO 8601, or null' })
  .transform((text) => new Date(text))
  .refine((date) => date.getTime() > 0 && isNameableTime(date), 'must be a date in ISO 8601, or null');

const SOURCE = 'Note of who granted the entitlement, or why.';

const grantBody = z.object({
  channelId,
  expiresAt: endOfGrant
    .nullish()
    .meta({ type: ['string', 'null'], format: 'date-time', description: 'When the entitlement ends. Null: never.' }),
  source: messageText(64).describe(SOURCE).default('manual'),
});

const person = z.object({
  provider: z.string().describe('Id of a platform whose account ids are stored with channels.'),
  externalId: z
    .string()
    .regex(/^[0-9]{1,32}$/, 'must be a number of 1 to 32 digits')
    .describe('Id of the account on the platform.'),
});

const key = z.literal(CUSTOM_BOT).describe('Key of the entitlement.');
const active = z.boolean().describe('True while the entitlement is granted and has not ended.');

const expiresAt = isoTime.nullable().describe('When the entitlement ends. Null: never.');

const entitlementAnswer = z.object({
  channelId: z.string(),
  key,
  enabled: z.boolean().describe('Whether the entitlement is granted. It may have ended since.'),
  expiresAt,
  source: z.string().nullable().describe(SOURCE),
  active,
  updatedAt: isoTime.nullable(),
  createdAt: isoTime.nullable(),
});

const listAnswer = z.object({
  items: z.array(entitlementAnswer.extend({ slug: z.string(), name: z.string() })),
  nextCursor,
});

const grantAnswer = z.object({
  ok: z.literal(true),
  channelId: z.string(),
  key,
  active,
  expiresAt,
  source: z.string().nullable().describe(SOURCE),
});

const revokeAnswer = z.object({ ok: z.literal(true), channelId: z.string(), key, active });

const resolveAnswer = z.object({
  channelId: z.string(),
  provider: person.shape.provider,
  externalId: z.string().describe('Id of the account on the platform.'),
  displayHint: z
    .record(z.string(), z.string().describe('Id of the account on the platform.'))
    .describe('The field of the channel that stores the account id.'),
});

export function registerEntitlementRoutes(app: Api, context: ApiContext, limits: LimitRules): void {
  registerByChannel(app, context);
  registerByPerson(app, context, limits);
}

function registerByChannel(app: Api, context: ApiContext): void {
  const tags = ['owner'];
  const { db, clock, callers } = context;

  app.get(
    PATH,
    {
      schema: {
        tags,
        summary: 'Get the custom_bot entitlement of a channel',
        querystring: z.object({ channelId }),
        response: { 200: entitlementAnswer },
      },
    },
    async (request) => {
      await callers.owner(request);
      const { channelId } = request.query;
      const found = await readEntitlement(db, channelId);
      return found === null ? { ...NO_ENTITLEMENT, channelId } : described(found, clock.now());
    },
  );

  app.get(
    `${PATH}/list`,
    {
      schema: {
        tags,
        summary: 'List the custom_bot entitlements of all channels',
        description: 'The newest entitlement comes first. Revoked and ended entitlements are included.',
        querystring: z.object({ limit: pageLimit, cursor: cursorOf(z.tuple([cursorTime, cursorText])) }),
        response: { 200: listAnswer },
      },
    },
    async (request) => {
      await callers.owner(request);
      const { limit, cursor } = request.query;
      const after = cursor && { createdAt: cursor[0], id: cursor[1] };
      const found = await listEntitlements(db, after, limit + 1);
      const { rows, nextCursor } = pageOf(found, limit, ({ createdAt, id }) => [createdAt.getTime(), id]);
      const now = clock.now();
      return { items: rows.map((row) => ({ ...described(row, now), slug: row.slug, name: row.name })), nextCursor };
    },
  );

  app.post(
    `${PATH}/grant`,
    {
      schema: {
        tags,
        summary: 'Grant the custom_bot entitlement to a channel',
        description: 'The channel may then link a bot account of its own.',
        body: grantBody,
        response: { 200: grantAnswer },
      },
    },
    async (request) => {
      const { userId } = await callers.owner(request);
      const { channelId, expiresAt = null, source } = request.body;
      const granted = await grant(context, userId, channelId, { expiresAt, source }, `${AUDIT}.grant`);
      if (granted === null) throw new BadInput('CHANNEL_NOT_FOUND');
      const { active, ...row } = described(granted, clock.now());
      return { ok: true as const, channelId, key: row.key, active, expiresAt: row.expiresAt, source: row.source };
    },
  );

  app.post(
    `${PATH}/revoke`,
    {
      schema: {
        tags,
        summary: 'Revoke the custom_bot entitlement of a channel',
        description: 'The default bot speaks in the channel from then on.',
        body: z.object({ channelId }),
        response: { 200: revokeAnswer },
      },
    },
    async (request) => {
      const { userId } = await callers.owner(request);
      const { channelId } = request.body;
      await inTransaction(db, async (tx) => {
        if (!(await revokeEntitlement(tx, channelId))) return;
        await recordAudit(tx, { userId, channelId }, `${AUDIT}.revoke`, { key: CUSTOM_BOT });
      });
      return { ok: true as const, channelId, key: key.value, active: false };
    },
  );
}

function registerByPerson(app: Api, context: ApiContext, { userPerMinute }: LimitRules): void {
  const tags = ['owner'];
  const { db, callers } = context;
  const perMinute = Math.min(LOOKUPS_PER_MINUTE, userPerMinute);
  const limit = limiter(app, perMinute, 60, async (request) => `look-up:${await callers.userIdOf(request)}`);
  const preValidation = async (request: FastifyRequest, reply: FastifyReply) => limit(request, reply);

  app.post(
    `${PATH}/grant-by-provider`,
    {
      preValidation,
      schema: {
        tags,
        summary: 'Grant the custom_bot entitlement to the channel of a platform account',
        body: person,
        response: { 200: z.object({ channelId: z.string(), granted: z.literal(true) }) },
      },
    },
    async (request) => {
      const { userId } = await callers.owner(request);
      const { provider, externalId } = request.body;
      const column = requireColumn(context, provider);
      const channelId = await channelOf(db, column, externalId);
      const terms = { expiresAt: null, source: 'manual_by_provider' };
      const action = `${AUDIT}.grant_by_provider`;
      const granted = channelId && (await grant(context, userId, channelId, terms, action, { provider, externalId }));
      if (granted === null) throw new BadInput('NOT_FOUND');
      return { channelId: granted.channelId, granted: true as const };
    },
  );

  app.get(
    '/owner/channels/resolve',
    {
      exposeHeadRoute: false,
      preValidation,
      schema: {
        tags,
        summary: 'Find the channel of a platform account',
        querystring: person,
        response: { 200: resolveAnswer },
      },
    },
    async (request) => {
      const { userId } = await callers.owner(request);
      const { provider, externalId } = request.query;
      const column = requireColumn(context, provider);
      const channelId = await channelOf(db, column, externalId);
      if (channelId === null) throw new BadInput('NOT_FOUND');
      await inTransaction(db, async (tx) => {
        await recordAudit(tx, { userId, channelId }, 'owner.channels.resolve', { provider, externalId });
      });
      return { channelId, provider, externalId, displayHint: { [column]: externalId } };
    },
  );
}

/** @returns null when there is no such channel */
function grant(
  { db }: ApiContext,
  userId: UserId,
  channelId: ChannelId,
  terms: { readonly expiresAt: Date | null; readonly source: string },
  action: string,
  asked: Readonly<Record<string, string>> = {},
): Promise<Entitlement | null> {
  return inTransaction(db, async (tx) => {
    const granted = await grantEntitlement(tx, channelId, terms);
    if (granted !== null) await recordAudit(tx, { userId, channelId }, action, { ...asked, ...terms });
    return granted;
  });
}

/** Column of `Channel` that holds the platform's id of its owner. */
function requireColumn({ platforms }: ApiContext, provider: string): string {
  const known = platforms.flatMap(({ description: { id, channelIdColumn } }) =>
    channelIdColumn === undefined ? [] : [{ id, channelIdColumn }],
  );
  const found = known.find(({ id }) => id === provider);
  if (found !== undefined) return found.channelIdColumn;
  const allowed = known.map(({ id }) => id);
  throw new BadInput('BAD_REQUEST', `provider must be one of ${allowed.join(', ')}`, {
    details: { field: 'provider', allowed },
  });
}

const NO_ENTITLEMENT = {
  key: CUSTOM_BOT,
  enabled: false,
  expiresAt: null,
  source: null,
  active: false,
  updatedAt: null,
  createdAt: null,
} as const;

function described(entitlement: Entitlement, now: Date) {
  const { channelId, enabled, expiresAt, source, updatedAt, createdAt } = entitlement;
  return {
    channelId,
    key: CUSTOM_BOT,
    enabled,
    expiresAt: expiresAt?.toISOString() ?? null,
    source,
    active: isActive(entitlement, now),
    updatedAt: updatedAt.toISOString(),
    createdAt: createdAt.toISOString(),
  } as const;
}
