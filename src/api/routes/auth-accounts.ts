/** `/auth/accounts`: the accounts somebody signs in with, and unlinking them (docs/contract/http-api.md#accounts). */
import { z } from 'zod';
import type { BotRole } from '../../accounts/linking/bot-roles.ts';
import { ownAccountsOf } from '../../accounts/linking/own-accounts.ts';
import { revokeTokens, unlinkAccount } from '../../accounts/linking/unlink.ts';
import type { ExternalAccountId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import { type Api, type ApiContext, findPlatform } from '../context.ts';
import { isoTime, okAnswer, providerId } from '../fields.ts';
import { cursorOf, cursorText, cursorTime, pageLimit, pageOf } from '../paging.ts';
import type { AuthRules } from './auth-rules.ts';
import { keepThisBrowser } from './auth-sessions.ts';

const accountsAnswer = z.object({
  accounts: z.array(
    z.object({
      id: z.string(),
      provider: providerId,
      providerAccountId: z.string().describe('Id of the account on its platform.'),
      displayName: z.string().nullable(),
      login: z.string().nullable(),
      avatarUrl: z.string().nullable(),
      profileUrl: z.string().nullable(),
      createdAt: isoTime,
      updatedAt: isoTime,
    }),
  ),
  nextCursor: z.string().optional().describe('Cursor of the next page. Absent on the last page.'),
});

const accountsQuery = z.object({
  cursor: cursorOf(z.tuple([cursorTime, cursorText])),
  limit: pageLimit,
});

export function registerAccountRoutes(app: Api, context: ApiContext, rules: AuthRules): void {
  const tags = ['sign-in'];
  const descriptions = context.platforms.map(({ description }) => description);
  app.get(
    '/auth/accounts',
    {
      schema: {
        tags,
        summary: 'List the linked accounts of the signed-in user',
        description: 'The oldest account comes first. Accounts of bots are left out.',
        querystring: accountsQuery,
        response: { 200: accountsAnswer },
      },
    },
    async (request) => {
      const { userId } = await context.callers.person(request);
      const { cursor, limit } = request.query;
      const after = cursor && { createdAt: cursor[0], id: cursor[1] };
      const linked = await ownAccountsOf(context.db, descriptions, userId, { after, limit: limit + 1 });
      const { rows, nextCursor } = pageOf(linked, limit, (row) => [row.createdAt.getTime(), row.id]);
      return {
        accounts: rows
          .filter(({ isBot }) => !isBot)
          .map(({ isBot, createdAt, updatedAt, ...account }) => ({
            ...account,
            createdAt: createdAt.toISOString(),
            updatedAt: updatedAt.toISOString(),
          })),
        ...(nextCursor === null ? {} : { nextCursor }),
      };
    },
  );

  app.delete(
    '/auth/accounts/:externalAccountId',
    {
      schema: {
        tags,
        summary: 'Unlink an account of the signed-in user',
        description:
          'Revokes the tokens of the account at its platform, and signs the user out in every other browser. The last account of a user and the account of a bot are refused.',
        params: z.object({ externalAccountId: z.string().describe('`id` of an entry of `GET /auth/accounts`.') }),
        response: { 200: okAnswer },
      },
    },
    async (request, reply) => {
      const { userId } = await context.callers.person(request);
      const accountId = request.params.externalAccountId as ExternalAccountId;
      const outcome = await unlinkAccount(context.db, descriptions, userId, accountId);
      switch (outcome.kind) {
        case 'not_found':
          throw new BadInput('NOT_FOUND');
        case 'bot':
          throw isBot(outcome.provider, outcome.role);
        case 'last_account':
          throw new BadInput(
            'BAD_REQUEST',
            'The last linked account cannot be unlinked, because it is the only way to sign in',
          );
        case 'unlinked': {
          context.callers.forget(userId);
          await keepThisBrowser(context, rules, request, reply, outcome.sessionsFrom);
          const oauth = findPlatform(context, outcome.provider)?.oauth;
          if (oauth !== undefined) await revokeTokens(oauth, rules.seal, outcome.tokens);
          return { ok: true as const };
        }
      }
    },
  );
}

/** Roles are kept for accounts of hosted platforms alone: the endpoints below exist for each of them. */
function isBot(provider: string, role: BotRole): BadInput {
  const ofDefault = `DELETE /owner/bots/${provider}/default`;
  const ofChannel = `DELETE /streamer/bots/${provider}/bot`;
  const isDefault = role === 'default';
  return new BadInput('CONFLICT', 'This account is used as a bot. Unlink the bot first.', {
    details: {
      kind: isDefault ? 'global_bot_credential' : 'channel_bot_credential',
      provider,
      unlinkEndpoint: isDefault ? ofDefault : ofChannel,
      hint: `Call ${isDefault ? ofDefault : ofChannel} first`,
    },
  });
}
