/** `/streamer/bots/:provider/bot`: the account a channel brings to speak with (docs/contract/http-api.md#custom-sender). */
import { z } from 'zod';
import { isEntitled } from '../../accounts/entitlements.ts';
import { forgetFormerBots, revokeTokens } from '../../accounts/linking/unlink.ts';
import { removeOwnBot } from '../../accounts/senders-unlink.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { ExternalAccountId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import { recordAudit } from '../audit.ts';
import { type Api, type ApiContext, findPlatform, type HostedPlatform } from '../context.ts';
import { byProvider, isoTime, okAnswer } from '../fields.ts';
import { botAccount, botAccountAnswer, effectiveSender } from '../senders.ts';
import { type AuthRules, redirectAnswer, startQuery } from './auth-rules.ts';
import { startBotLink } from './auth-start.ts';

const PATH = '/streamer/bots/:provider/bot';

const botAnswer = z.object({
  enabled: z.boolean().describe('Whether the channel has a custom bot that is enabled.'),
  externalAccountId: z.string().nullable().describe('Id of the linked account of the custom bot.'),
  updatedAt: isoTime.nullable(),
  lockedBySubscription: z
    .boolean()
    .describe('True when the channel has a custom bot and lacks an active `custom_bot` entitlement.'),
  account: botAccount,
  effectiveSender,
});

export function registerBotSenderRoutes(app: Api, context: ApiContext, rules: AuthRules): void {
  const tags = ['senders'];
  const params = byProvider;
  const { db, clock } = context;

  app.get(
    PATH,
    {
      schema: {
        tags,
        summary: 'Get the custom bot of the channel and the account that speaks',
        params,
        response: { 200: botAnswer },
      },
    },
    async (request) => {
      const { channelId } = await context.callers.streamer(request);
      const { senders } = requireHosted(context, request.params.provider);
      const bot = await senders.ownBot(channelId);
      return {
        enabled: bot?.enabled ?? false,
        externalAccountId: bot?.accountId ?? null,
        updatedAt: bot?.updatedAt.toISOString() ?? null,
        lockedBySubscription: bot !== null && !(await isEntitled(db, channelId, clock.now())),
        account: bot && botAccountAnswer(await senders.account(bot.accountId)),
        effectiveSender: await senders.effective(channelId),
      };
    },
  );

  app.get(
    `${PATH}/link`,
    {
      exposeHeadRoute: false,
      schema: {
        tags,
        summary: 'Start linking a custom bot for the channel',
        description:
          'Redirects the browser to the consent page of the platform. The channel needs the `custom_bot` entitlement.',
        params,
        querystring: startQuery,
        response: redirectAnswer,
      },
    },
    async (request, reply) => {
      const { channelId, userId } = await context.callers.streamer(request);
      const platform = requireHosted(context, request.params.provider);
      if (!(await isEntitled(db, channelId, clock.now()))) {
        throw new BadInput('SUBSCRIPTION_REQUIRED', '', { extras: { code: 'SUBSCRIPTION_REQUIRED' } });
      }
      const { query } = request;
      return startBotLink(context, rules, request, reply, { platform, userId, target: { channelId }, query });
    },
  );

  app.delete(
    PATH,
    {
      schema: {
        tags,
        summary: 'Unlink the custom bot of the channel',
        description: 'The default bot speaks in the channel from then on.',
        params,
        response: { 200: okAnswer },
      },
    },
    async (request) => {
      const streamer = await context.callers.streamer(request);
      const platform = requireHosted(context, request.params.provider);
      const { id: provider } = platform.description;
      const former = await inTransaction(db, async (tx) => {
        const removed = await removeOwnBot(tx, platform.description.tables, streamer.channelId);
        for (const externalAccountId of removed) {
          await recordAudit(tx, streamer, 'streamer.bots.bot.unlink', { provider, externalAccountId });
        }
        return removed;
      });
      await forget(context, platform, rules, former);
      return { ok: true as const };
    },
  );

  app.get(
    '/streamer/entitlements/custom-bot',
    {
      schema: {
        tags,
        summary: 'Check whether the channel may use a custom bot',
        response: {
          200: z.object({ entitled: z.boolean().describe('Whether the `custom_bot` entitlement is active.') }),
        },
      },
    },
    async (request) => {
      const { channelId } = await context.callers.streamer(request);
      return { entitled: await isEntitled(db, channelId, clock.now()) };
    },
  );
}

/** A provider of a path whose every part is fixed: what is not hosted is no page at all (docs/contract/http-api.md#transport). */
export function requireHosted(context: ApiContext, provider: string): HostedPlatform {
  const platform = findPlatform(context, provider);
  if (platform === undefined) throw new BadInput('NOT_FOUND');
  return platform;
}

/** Accounts nobody has a use for any more go, and their tokens back to the platform. */
export async function forget(
  { db }: ApiContext,
  { description, oauth }: HostedPlatform,
  { seal }: AuthRules,
  former: readonly ExternalAccountId[],
): Promise<void> {
  for (const tokens of await forgetFormerBots(db, description, former)) {
    if (oauth !== undefined) await revokeTokens(oauth, seal, tokens);
  }
}
