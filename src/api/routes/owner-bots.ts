/** `/owner/bots/:provider/default`: the account that speaks in every channel without a bot of its own (docs/contract/http-api.md#default-bot). */
import { z } from 'zod';
import { removeDefaultBot } from '../../accounts/senders-unlink.ts';
import { inTransaction } from '../../db/transaction.ts';
import { recordAudit } from '../audit.ts';
import type { Api, ApiContext } from '../context.ts';
import { byProvider, isoTime, okAnswer } from '../fields.ts';
import { botAccount, botAccountAnswer, effectiveSender } from '../senders.ts';
import { type AuthRules, redirectAnswer, startQuery } from './auth-rules.ts';
import { startBotLink } from './auth-start.ts';
import { forget, requireHosted } from './bot-senders.ts';

const PATH = '/owner/bots/:provider/default';

const statusAnswer = z.object({
  enabled: z.boolean().describe('Whether the platform has a default bot.'),
  externalAccountId: z.string().nullable().describe('Id of the linked account of the default bot.'),
  updatedAt: isoTime.nullable(),
  source: z
    .enum(['db', 'env'])
    .nullable()
    .describe(
      '`db`: an owner linked the account. `env`: environment variables name it. Null: there is no default bot.',
    ),
  account: botAccount,
  effectiveSender,
});

export function registerOwnerBotRoutes(app: Api, context: ApiContext, rules: AuthRules): void {
  const tags = ['owner'];
  const params = byProvider;

  app.get(
    `${PATH}/status`,
    { schema: { tags, summary: 'Get the default bot of a platform', params, response: { 200: statusAnswer } } },
    async (request) => {
      await context.callers.owner(request);
      const { senders } = requireHosted(context, request.params.provider);
      const bot = await senders.defaultBot();
      const effective = await senders.effective(null);
      const isByEnvironment = bot === null && effective.kind === 'legacy';
      return {
        enabled: bot !== null || isByEnvironment,
        externalAccountId: bot?.accountId ?? null,
        updatedAt: bot?.updatedAt.toISOString() ?? null,
        source: bot !== null ? ('db' as const) : isByEnvironment ? ('env' as const) : null,
        account: bot && botAccountAnswer(await senders.account(bot.accountId)),
        effectiveSender: effective,
      };
    },
  );

  app.get(
    `${PATH}/link`,
    {
      exposeHeadRoute: false,
      schema: {
        tags,
        summary: 'Start linking the default bot of a platform',
        description: 'Redirects the browser to the consent page of the platform.',
        params,
        querystring: startQuery,
        response: redirectAnswer,
      },
    },
    async (request, reply) => {
      const { userId } = await context.callers.owner(request);
      const platform = requireHosted(context, request.params.provider);
      const { query } = request;
      return startBotLink(context, rules, request, reply, { platform, userId, target: 'default', query });
    },
  );

  app.delete(
    PATH,
    { schema: { tags, summary: 'Unlink the default bot of a platform', params, response: { 200: okAnswer } } },
    async (request) => {
      const { userId } = await context.callers.owner(request);
      const platform = requireHosted(context, request.params.provider);
      const { id: provider } = platform.description;
      const former = await inTransaction(context.db, async (tx) => {
        const removed = await removeDefaultBot(tx, platform.description.tables);
        for (const externalAccountId of removed) {
          const what = { provider, externalAccountId };
          await recordAudit(tx, { userId, channelId: null }, 'owner.bots.default.unlink', what);
        }
        return removed;
      });
      await forget(context, platform, rules, former);
      return { ok: true as const };
    },
  );
}
