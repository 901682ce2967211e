/** `/streamer/bots`: which bots are on, and switching them (docs/contract/http-api.md#integration-toggles). */
import { z } from 'zod';
import { isMissingSchema, isUniqueViolation } from '../../db/failures.ts';
import { inTransaction } from '../../db/transaction.ts';
import { readAudience } from '../../engine/commands/audience.ts';
import { enableWarnings } from '../../engine/commands/warnings.ts';
import { forgetLive } from '../../engine/live/record-live.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import { deprecatedProviders } from '../../platforms/registry.ts';
import { recordAudit } from '../audit.ts';
import { type Api, type ApiContext, findPlatform, type HostedPlatform } from '../context.ts';
import { botState, botStates, unseenBot } from '../diagnosis.ts';
import { byProvider } from '../fields.ts';
import { disableIntegration, enableIntegration, integrationsReader } from '../integrations.ts';
import type { Streamer } from '../plugins/callers.ts';
import { ignoredFields } from '../plugins/unknown-fields.ts';

const listAnswer = z.object({ items: z.array(botState) });

/** Read by hand: what is wrong with `enabled` is told with more than a schema knows. */
const toggleBody = z.unknown().meta({
  type: 'object',
  properties: { enabled: { type: 'boolean', description: 'True enables the bot, false disables it.' } },
  required: ['enabled'],
  additionalProperties: {
    type: 'string',
    description:
      'Id or address of the channel on the platform, in a field that is named after the platform. Needed only when the linked account has several channels.',
  },
});

const toggleAnswer = z.object({
  ok: z.literal(true),
  warnings: z.array(z.string()).optional().describe('What works differently for this channel on the platform.'),
});

export function registerBotRoutes(app: Api, context: ApiContext): void {
  const descriptions = context.platforms.map(({ description }) => description);
  const known = new Set(['enabled', ...descriptions.flatMap(({ id }) => [`${id}ChannelId`, `${id}ChannelUrl`])]);
  const readIntegrations = integrationsReader(context.pg, descriptions);
  app.get(
    '/streamer/bots',
    {
      schema: {
        tags: ['bots'],
        summary: 'List the platforms and how the bot of the channel is there',
        response: { 200: listAnswer },
      },
    },
    async (request) => {
      const { channelId } = await context.callers.streamer(request);
      const snapshot = await context.snapshot([channelId]);
      if (snapshot.database === null) return { items: [...botStates(snapshot)] };
      // Which bots are on may be known although the rest is not: a panel goes on, and is told why it sees no more.
      const why = snapshot.database;
      const integrations = await readIntegrations(channelId);
      const items = integrations.map(({ provider, enabled, updatedAt }) => {
        return { ...unseenBot(provider, why), enabled, updatedAt: updatedAt?.toISOString() ?? null };
      });
      return { items };
    },
  );

  app.patch(
    '/streamer/bots/:provider',
    {
      schema: {
        tags: ['bots'],
        summary: 'Enable or disable the bot of the channel on a platform',
        params: byProvider,
        body: toggleBody,
        response: { 200: toggleAnswer },
      },
    },
    async (request) => {
      const streamer = await context.callers.streamer(request);
      const platform = requirePlatform(context, request.params.provider);
      const body = isRecord(request.body) ? request.body : {};
      const enabled = requireEnabled(body, request.headers['content-type']);
      const ignored = ignoredFields(body, (name) => known.has(name));
      if (!enabled) await switchOff(context, platform, streamer);
      const told = enabled ? await switchOn(context, platform, streamer, body, request.host) : [];
      const warnings = [...told, ...ignored];
      return { ok: true as const, ...(warnings.length > 0 ? { warnings } : {}) };
    },
  );
}

async function switchOn(
  context: ApiContext,
  platform: HostedPlatform,
  streamer: Streamer,
  body: Readonly<Record<string, unknown>>,
  host: string,
): Promise<readonly string[]> {
  const { channelId, userId, isAdmin } = streamer;
  const resolved = await platform.side.resolveChannel({
    channelId,
    userId,
    isAdmin,
    body,
    host,
    hasSender: async () => (await platform.senders.effective(channelId)).kind !== 'none',
  });
  try {
    await inTransaction(context.db, async (tx) => {
      await enableIntegration(tx, platform.description, channelId, resolved);
      await recordAudit(tx, streamer, 'streamer.bots.enable', { provider: platform.description.id });
    });
  } catch (error) {
    // The partial unique index on the target is the only judge two racing requests cannot get past.
    if (isUniqueViolation(error)) throw new BadInput('CHANNEL_ALREADY_ENABLED');
    throw error;
  }
  const later = (await platform.side.enabled?.(channelId)) ?? [];
  const differences = enableWarnings(platform, await readCommands(context, channelId));
  return [...resolved.warnings, ...differences, ...later];
}

/** Without their table there are none to warn about. */
async function readCommands({ db }: ApiContext, channelId: ChannelId) {
  const rows = db
    .selectFrom('ChatBotCommand')
    .select(['trigger', 'response', 'allowedUsers', 'allowedRoles', 'vkvideoAllowedRoleIds'])
    .where('channelId', '=', channelId)
    .where('enabled', '=', true)
    .orderBy('trigger')
    .execute();
  const commands = await rows.catch((error: unknown) => {
    if (isMissingSchema(error)) return [];
    throw error;
  });
  return commands.map(({ trigger, response, ...lists }) => ({ trigger, response, ...readAudience(lists) }));
}

async function switchOff(context: ApiContext, platform: HostedPlatform, streamer: Streamer): Promise<void> {
  const { description } = platform;
  await inTransaction(context.db, async (tx) => {
    const createsRow = platform.side.createsRowOnDisable ?? false;
    await disableIntegration(tx, description, streamer.channelId, createsRow);
    await recordAudit(tx, streamer, 'streamer.bots.disable', { provider: description.id });
  });
  await forgetLive(context, description.id, streamer.channelId);
}

function requirePlatform(context: ApiContext, provider: string): HostedPlatform {
  if (deprecatedProviders.includes(provider.trim().toLowerCase())) {
    throw new BadInput('PROVIDER_DEPRECATED', '', { extras: { code: 'PROVIDER_DEPRECATED' } });
  }
  const platform = findPlatform(context, provider);
  if (platform !== undefined) return platform;
  const allowed = context.platforms.map(({ description }) => description.id);
  throw new BadInput('VALIDATION_ERROR', `provider must be one of ${allowed.join(', ')}`, {
    details: { provider, allowed },
  });
}

function requireEnabled(body: Readonly<Record<string, unknown>>, contentType: string | undefined): boolean {
  if (typeof body.enabled === 'boolean') return body.enabled;
  const isJson = contentType?.toLowerCase().startsWith('application/json') ?? false;
  throw new BadInput('VALIDATION_ERROR', 'enabled must be a boolean', {
    details: {
      field: 'enabled',
      receivedType: typeof body.enabled,
      hint: isJson ? null : 'Send the body with Content-Type: application/json',
    },
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
