/** `GET /auth/me`: who is signed in, what they may do, and what comes next for somebody without a channel. */
import { z } from 'zod';
import { INSTALLATION } from '../../engine/diagnosis/fact.ts';
import { BadInput } from '../../lib/errors.ts';
import type { Api, ApiContext } from '../context.ts';
import { finding, findingAnswer, languageQuery } from '../diagnosis.ts';
import { providerId } from '../fields.ts';
import { languageOf } from '../language.ts';

const answer = z.object({
  person: z
    .object({ id: z.string(), displayName: z.string(), avatarUrl: z.string().nullable() })
    .describe('The signed-in user.'),
  role: z.enum(['viewer', 'streamer', 'admin']).describe('What the user may do. An `admin` is an owner.'),
  channel: z
    .object({ id: z.string(), slug: z.string(), name: z.string() })
    .nullable()
    .describe('The channel of the user. Null when there is none.'),
  channelFinding: finding.nullable().describe('Why there is no channel and what to do. Null when there is one.'),
  platforms: z
    .array(z.object({ provider: providerId, login: z.string().nullable(), displayName: z.string().nullable() }))
    .describe('The linked accounts of the person.'),
  hasBetaAccess: z.boolean().describe('Whether the user may use a beta instance.'),
});

export function registerMeRoutes(app: Api, context: ApiContext): void {
  const schema = {
    tags: ['sign-in'],
    summary: 'Show the signed-in user',
    querystring: z.object({ lang: languageQuery }),
    response: { 200: answer },
  };
  app.get('/auth/me', { schema }, async (request) => {
    const { userId, role, channelId, hasBetaAccess } = await context.callers.person(request);
    const { db, platforms } = context;
    const [person, channel, accounts] = await Promise.all([
      db
        .selectFrom('User')
        .select(['id', 'displayName', 'profileImageUrl as avatarUrl'])
        .where('id', '=', userId)
        .executeTakeFirst(),
      channelId === null
        ? undefined
        : db.selectFrom('Channel').select(['id', 'slug', 'name']).where('id', '=', channelId).executeTakeFirst(),
      db
        .selectFrom('ExternalAccount')
        .select(['provider', 'login', 'displayName'])
        .where('userId', '=', userId)
        .where((where) => where.or([where('linkedAs', 'is', null), where('linkedAs', '<>', 'bot_link')]))
        .orderBy('createdAt')
        .execute(),
    ]);
    if (person === undefined) throw new BadInput('UNAUTHORIZED', 'Invalid token');
    const known = platforms.map(({ description: { id, title, causes } }) => ({ id, title, causes }));
    const lacking = { check: 'account', cause: 'no_channel', scope: INSTALLATION, since: null, data: {} } as const;
    const snapshot = { platforms: known };
    return {
      person,
      role,
      channel: channel ?? null,
      channelFinding: channel === undefined ? findingAnswer(snapshot, lacking, languageOf(request)) : null,
      platforms: accounts,
      hasBetaAccess,
    };
  });
}
