/** `/streamer/bot/follow-greetings`: whether new followers are greeted, and how (docs/contract/http-api.md#follow-greetings). */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Database } from '../../../db/tables.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import { BadInput } from '../../../lib/errors.ts';
import { isBlank, plainText } from '../../../lib/plain-text.ts';
import type { ApiDeps } from '../../api-side.ts';
import { requireLinkedChannel } from '../channel.ts';
import type { EventSub } from '../eventsub/eventsub.ts';
import { readStanding } from '../eventsub/standing.ts';
import { DEFAULT_GREETING, LONGEST_GREETING } from '../greeting.ts';

const PATH = '/streamer/bot/follow-greetings';
const EVENT = 'channel.follow';

const TEXT = 'Text of the greeting. `{user}` stands for the name of the follower.';

const template = z
  .string()
  .meta({ minLength: 1, maxLength: LONGEST_GREETING })
  .transform(plainText)
  .pipe(
    z
      .string()
      .refine((text) => !isBlank(text), 'must not be empty')
      // UTF-16 units, where the schema library's own limit counts code points.
      .refine((text) => text.length <= LONGEST_GREETING, `must be at most ${LONGEST_GREETING} characters`),
  )
  .describe(TEXT);

const eventSubState = z
  .enum(['active', 'pending', 'failed'])
  .describe(
    'State of the subscription to follow events at Twitch. `failed` usually means that the streamer must link the Twitch account again.',
  );

const settings = z.object({
  followGreetingsEnabled: z.boolean().describe('Whether the bot greets new followers.'),
  followGreetingTemplate: z.string().describe(TEXT),
  eventSub: eventSubState.optional(),
});

const saved = z.object({
  ok: z.literal(true),
  followGreetingsEnabled: z.boolean().describe('Whether the bot greets new followers.'),
  followGreetingTemplate: z.string().nullable().describe(`${TEXT} Null: the default text.`),
  eventSub: eventSubState.optional(),
});

export function registerFollowGreetings(
  app: FastifyInstance,
  { db, streamer }: Pick<ApiDeps, 'db' | 'streamer'>,
  eventSub: EventSub,
): void {
  const api = app.withTypeProvider<ZodTypeProvider>();
  const tags = ['bots'];
  api.get(
    PATH,
    { schema: { tags, summary: 'Get the follow greeting settings', response: { 200: settings } } },
    async (request) => {
      const { channelId } = await streamer(request);
      const row = await db
        .selectFrom('Channel')
        .select(['followGreetingsEnabled', 'followGreetingTemplate'])
        .where('id', '=', channelId)
        .executeTakeFirst();
      if (row === undefined) throw new BadInput('CHANNEL_NOT_FOUND');
      const standing = row.followGreetingsEnabled ? await readStanding(db, channelId, EVENT) : null;
      return {
        followGreetingsEnabled: row.followGreetingsEnabled,
        followGreetingTemplate: row.followGreetingTemplate ?? DEFAULT_GREETING,
        ...(standing === null ? {} : { eventSub: standing.status }),
      };
    },
  );

  api.post(
    `${PATH}/enable`,
    {
      schema: {
        tags,
        summary: 'Enable follow greetings',
        body: z.object({ followGreetingTemplate: template.optional() }).nullish(),
        response: { 200: saved },
      },
    },
    async (request) => {
      const { channelId } = await streamer(request);
      const known = await requireLinkedChannel(db, channelId);
      const given = request.body?.followGreetingTemplate;
      const row = await write(db, channelId, {
        followGreetingsEnabled: true,
        followGreetingTemplate: given ?? known.followGreetingTemplate ?? DEFAULT_GREETING,
      });
      const standings = await eventSub.ensure(channelId);
      return { ...row, eventSub: standings.get(EVENT)?.status ?? ('failed' as const) };
    },
  );

  api.post(
    `${PATH}/disable`,
    { schema: { tags, summary: 'Disable follow greetings', response: { 200: saved } } },
    async (request) => {
      const { channelId } = await streamer(request);
      const row = await write(db, channelId, { followGreetingsEnabled: false });
      await eventSub.drop(channelId, EVENT);
      return row;
    },
  );

  api.patch(
    PATH,
    {
      schema: {
        tags,
        summary: 'Change the text of the follow greeting',
        body: z.object({ followGreetingTemplate: template }),
        response: { 200: saved },
      },
    },
    async (request) => {
      const { channelId } = await streamer(request);
      return write(db, channelId, { followGreetingTemplate: request.body.followGreetingTemplate });
    },
  );
}

type GreetingColumns = Pick<Database['Channel'], 'followGreetingTemplate'> & { followGreetingsEnabled: boolean };

async function write(db: ApiDeps['db'], channelId: ChannelId, columns: Partial<GreetingColumns>) {
  const row = await db
    .updateTable('Channel')
    .set(columns)
    .where('id', '=', channelId)
    .returning(['followGreetingsEnabled', 'followGreetingTemplate'])
    .executeTakeFirst();
  if (row === undefined) throw new BadInput('CHANNEL_NOT_FOUND');
  return { ok: true as const, ...row };
}
