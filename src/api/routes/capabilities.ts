/** `GET /capabilities`: what each platform can do, for panels and clients (docs/contract/http-api.md#capabilities). */
import { z } from 'zod';
import type { Api, ApiContext } from '../context.ts';

const answer = z.object({
  providers: z.array(
    z.object({
      provider: z.string().describe('Id of the platform, as paths and bodies of this API name it.'),
      title: z.string().describe('Name of the platform for people.'),
      retired: z
        .object({ since: z.iso.date().describe('Day on which the platform closed its service.') })
        .nullable()
        .describe('Set when the platform has closed its service. All endpoints still work for it.'),
      canLink: z.boolean().describe('Whether this instance is configured for linking accounts of the platform.'),
      message: z
        .object({
          max: z.number().describe('Largest length of a message, in `unit`.'),
          unit: z.enum(['utf16', 'codePoint']).describe('What `max` counts: UTF-16 code units or Unicode code points.'),
        })
        .describe('Length limit of a chat message.'),
      roles: z.array(z.string()).describe('Roles that a command can be restricted to on the platform.'),
      hasPlatformRoleIds: z
        .boolean()
        .describe('Whether a command can be restricted to the role ids that the platform itself assigns.'),
      hasFollowEvents: z.boolean().describe('Whether the bot can greet new followers on the platform.'),
      confirmsMessages: z
        .enum(['answer', 'echo', 'answer_or_echo'])
        .describe(
          'How a sent message is confirmed: by the answer of the platform, by its echo in the chat, or by either of them.',
        ),
      readsBy: z
        .enum(['connection', 'webhook'])
        .describe('How the bot reads the chat: over its own connection, or from webhooks that the platform sends.'),
      deliversHistory: z
        .boolean()
        .describe('Whether the platform sends a joining bot the lines that were written before it joined.'),
      chatsOffline: z
        .enum(['reads_and_speaks', 'reads', 'neither'])
        .describe('What the bot can do in the chat while the channel is not live.'),
    }),
  ),
});

export function registerCapabilityRoutes(app: Api, { platforms }: ApiContext): void {
  app.get(
    '/capabilities',
    {
      schema: {
        tags: ['operations'],
        summary: 'List the platforms and what each of them supports',
        response: { 200: answer },
      },
    },
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
