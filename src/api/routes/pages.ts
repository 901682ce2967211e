/** Pages for people where sign-ins and links end, until there is a panel (docs/contract/http-api.md#pages-for-people). */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sql } from 'kysely';
import { z } from 'zod';
import { isMissingSchema, isUnavailable } from '../../db/failures.ts';
import { BadInput } from '../../lib/errors.ts';
import type { Api, ApiContext } from '../context.ts';
import { answerOf } from '../fields.ts';
import { languageOf } from '../language.ts';
import { PAGE_POLICY, renderFrontPage, type SignedIn } from '../pages/front-page.ts';
import { ownPage } from './auth-rules.ts';
import { databaseTrouble } from './health.ts';

const LONGEST_REASON = 100;

const query = z.object({
  lang: z.string().optional().describe('`en` or `ru`. `Accept-Language` decides when it is absent.'),
  error: z.string().optional().describe('Set to `auth_failed` when a sign-in or a link failed.'),
  reason: z.string().optional().describe('Code of why the sign-in or the link failed.'),
});
type Query = z.output<typeof query>;

const ADDRESSES = {
  '/': 'Show what this installation is, whether it works and where to sign in',
  '/dashboard': 'Show a streamer who has signed in what comes next',
  '/settings/accounts': 'Show who linked an account what comes next',
  '/settings/bot': 'Show who linked a bot what comes next',
  '/settings/bot/:page': 'Show who linked a bot of one platform what comes next',
} as const;

export function registerPages(app: Api, context: ApiContext): void {
  const response = { 200: answerOf('text/html', 'The page, in Russian or English.') };
  for (const [path, summary] of Object.entries(ADDRESSES)) {
    const params = path.includes(':page')
      ? { params: z.object({ page: z.string().describe('Name of the page.') }) }
      : {};
    app.get(
      path,
      { schema: { tags: ['pages'], summary, querystring: query, response, ...params } },
      async (request, reply) => {
        const [address = ''] = request.url.split('?', 1);
        if (ownPage(address) === null) throw new BadInput('NOT_FOUND');
        return show(context, request, reply, request.query);
      },
    );
  }
}

async function show(
  context: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { error, reason = '' }: Query,
): Promise<FastifyReply> {
  const { platforms, state } = context;
  const found = await databaseTrouble(context);
  const troubles = [...new Set([...state().reasons, ...(found === null ? [] : [found])])];
  const usable = platforms.filter(({ oauth }) => oauth !== undefined && oauth.missingSettings().length === 0);
  const page = renderFrontPage({
    language: languageOf(request),
    troubles,
    failure: error === undefined ? null : { reason: (reason || error).slice(0, LONGEST_REASON) },
    deniedReasons: new Set(platforms.flatMap(({ description }) => description.linkFailures?.deniedReason ?? [])),
    platforms: usable.map(({ description: { id, title } }) => ({ id, title })),
    person: await signedIn(context, request),
  });
  return reply
    .headers({ 'Content-Security-Policy': PAGE_POLICY, 'Cache-Control': 'no-store', Vary: 'Accept-Language, Cookie' })
    .type('text/html; charset=utf-8')
    .send(page);
}

/** Null for a guest, and while the database does not tell. */
async function signedIn({ callers, db }: ApiContext, request: FastifyRequest): Promise<SignedIn | null> {
  try {
    const { userId, role } = await callers.person(request);
    const { rows } = await sql<{
      name: string;
      channel: { name: string; slug: string } | null;
      accounts: readonly { provider: string; login: string | null }[];
    }>`
      select u."displayName" as name,
        case when c.id is null then null else jsonb_build_object('name', c.name, 'slug', c.slug) end as channel,
        coalesce((
          select jsonb_agg(jsonb_build_object('provider', a.provider, 'login', a.login) order by a."createdAt")
          from "ExternalAccount" a where a."userId" = u.id and a."linkedAs" is distinct from 'bot_link'
        ), '[]') as accounts
      from "User" u left join "Channel" c on c.id = u."channelId" where u.id = ${userId}
    `.execute(db);
    const [row] = rows;
    if (row === undefined) return null;
    const named = row.accounts.find(({ login }) => login !== null);
    return {
      name: row.name,
      isOwner: role === 'admin',
      channel: row.channel,
      account: named === undefined ? null : { provider: named.provider, login: named.login ?? '' },
      linked: new Set(row.accounts.map(({ provider }) => provider)),
    };
  } catch (error) {
    if (error instanceof BadInput || isMissingSchema(error) || isUnavailable(error)) return null;
    throw error;
  }
}
