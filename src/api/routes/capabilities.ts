/** `GET /capabilities`: what each platform can do, for panels and clients (docs/contract/http-api.md#capabilities). */
import { z } from 'zod';
import type { Api, ApiContext } from '../context.ts';

const answer = z.object({
  providers: z.array(
    z.object({
      provider: z.string(),
      title: z.string(),
      retired: z.object({ since: z.iso.date() }).nullable().describe('the platform has closed its service'),
      canLink: z.boolean().describe('whether accounts of the platform can be linked on this instance'),
      message: z.object({
        max: z.number(),
        unit: z.enum(['utf16', 'codePoint']).describe('what `max` counts: UTF-16 code units, or code points'),
      }),
      roles: z.array(z.string()).describe('roles a command can be restricted to there'),
      hasPlatformRoleIds: z.boolean(),
      hasFollowEvents: z.boolean(),
      confirmsMessages: z.enum(['answer', 'echo', 'answer_or_echo']),
      readsBy: z.enum(['connection', 'webhook']),
      deliversHistory: z.boolean().describe('whether a bot that joins a chat is given lines written before'),
      chatsOffline: z
        .enum(['reads_and_speaks', 'reads', 'neither'])
        .describe('what the bot can do there while the channel is not broadcasting'),
    }),
  ),
});

export function registerCapabilityRoutes(app: Api, { platforms }: ApiContext): void {
  app.get(
    '/capabilities',
    { schema: { tags: ['operations'], summary: 'What each platform can do', response: { 200: answer } } },
    async () => ({
      providers: platforms.map(({ description, limits, oauth }) => ({
        provider: description.id,
        title: description.title,
        retired: description.retiredSince === undefined ? null : { since: description.retiredSince },
        canLink: oauth !== undefined && oauth.missingSettings().length === 0,
        message: limits.message,
        ...description.capabilities,
        roles: [...description.capabilities.roles],
      })),
    }),
  );
}
