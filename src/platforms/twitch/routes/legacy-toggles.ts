/** `/streamer/bot/{enable,disable,subscription}`: the older switches of the Twitch bot (docs/contract/http-api.md#legacy-twitch-toggles). */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { isUniqueViolation } from '../../../db/failures.ts';
import type { ChannelId, UserId } from '../../../lib/brand.ts';
import { BadInput } from '../../../lib/errors.ts';
import type { ApiDeps } from '../../api-side.ts';
import { requireLinkedChannel, requireLogin } from '../channel.ts';
import type { EventSub } from '../eventsub/eventsub.ts';
import type { Helix } from '../helix/client.ts';

const done = z.object({ ok: z.literal(true) });

export function registerLegacyToggles(
  app: FastifyInstance,
  { db, streamer, forgetLive }: Pick<ApiDeps, 'db' | 'streamer' | 'forgetLive'>,
  helix: Helix,
  eventSub: EventSub,
): void {
  const api = app.withTypeProvider<ZodTypeProvider>();
  const schema = { tags: ['bots'], deprecated: true, response: { 200: done } };

  api.post(
    '/streamer/bot/enable',
    { schema: { ...schema, summary: 'Enable the Twitch bot (use PATCH /streamer/bots/{provider} instead)' } },
    async (request) => {
      const { channelId, userId } = await streamer(request);
      const { twitchChannelId } = await requireLinkedChannel(db, channelId);
      const login = await requireLogin(helix, twitchChannelId);
      await write(db, { channelId, userId, enabled: true, login });
      await eventSub.ensure(channelId);
      return { ok: true as const };
    },
  );

  // Asks Twitch nothing: a bot can be switched off while Twitch is down.
  api.post(
    '/streamer/bot/disable',
    { schema: { ...schema, summary: 'Disable the Twitch bot (use PATCH /streamer/bots/{provider} instead)' } },
    async (request) => {
      const { channelId, userId } = await streamer(request);
      await requireLinkedChannel(db, channelId);
      await write(db, { channelId, userId, enabled: false, login: null });
      await forgetLive(channelId);
      return { ok: true as const };
    },
  );

  api.get(
    '/streamer/bot/subscription',
    {
      schema: {
        tags: ['bots'],
        summary: 'Check whether the Twitch bot is enabled (use GET /streamer/bots instead)',
        deprecated: true,
        response: { 200: z.object({ enabled: z.boolean().describe('Whether the bot is enabled.') }) },
      },
    },
    async (request) => {
      const { channelId } = await streamer(request);
      const isOn = db
        .selectFrom('ChatBotSubscription')
        .select('enabled')
        .where('channelId', '=', channelId)
        .where('enabled', '=', true)
        .executeTakeFirst();
      return { enabled: (await isOn) !== undefined && !(await isGated(db, channelId)) };
    },
  );
}

/** The newer switch may say no while the subscription says yes: the bot is off then. */
async function isGated(db: ApiDeps['db'], channelId: ChannelId): Promise<boolean> {
  const gate = db
    .selectFrom('BotIntegrationSettings')
    .select('id')
    .where('channelId', '=', channelId)
    .where('provider', '=', 'twitch')
    .where('enabled', '=', false);
  return (await gate.executeTakeFirst()) !== undefined;
}

interface Switch {
  readonly channelId: ChannelId;
  readonly userId: UserId;
  readonly enabled: boolean;
  /** Null: the stored one is kept. */
  readonly login: string | null;
}

/**
 * Both switches say the same afterwards: a gate that exists follows the subscription (W16), and comes first here as in
 * the newer switch, or two requests at once could wait for each other for ever.
 */
async function write(db: ApiDeps['db'], { channelId, userId, enabled, login }: Switch): Promise<void> {
  try {
    await db.transaction().execute(async (tx) => {
      await tx
        .updateTable('BotIntegrationSettings')
        .set({ enabled })
        .where('channelId', '=', channelId)
        .where('provider', '=', 'twitch')
        .execute();
      await tx
        .insertInto('ChatBotSubscription')
        .values({ channelId, enabled, twitchLogin: login ?? '' })
        .onConflict((conflict) =>
          conflict.column('channelId').doUpdateSet({ enabled, ...(login === null ? {} : { twitchLogin: login }) }),
        )
        .execute();
      const action = enabled ? 'streamer.bots.enable' : 'streamer.bots.disable';
      const payloadJson = JSON.stringify({ provider: 'twitch' });
      await tx.insertInto('AuditLog').values({ actorId: userId, channelId, action, payloadJson }).execute();
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new BadInput('CHANNEL_ALREADY_ENABLED');
    throw error;
  }
}
