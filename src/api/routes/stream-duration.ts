/** `/streamer/bot/stream-duration`: the smart command that tells how long the stream has been running (docs/contract/http-api.md#stream-duration-command). */
import { z } from 'zod';
import { DEFAULT_DURATION_TEMPLATE, readDurationSettings } from '../../engine/duration/settings.ts';
import { BadInput } from '../../lib/errors.ts';
import type { Api, ApiContext } from '../context.ts';
import { messageText, normaliseTrigger, triggerText } from '../fields.ts';

const ABOUT = {
  enabled: 'Whether the bot answers the command.',
  trigger: 'Chat line that the bot answers: the whole line, in any case.',
  responseTemplate:
    'Text of the answer, with the placeholders `{hours}`, `{minutes}` and `{totalMinutes}`. Null: the default text.',
  breakCreditMinutes: 'Longest pause, in minutes, that does not end the stream.',
  onlyWhenLive: 'Whether the bot stays silent while the channel is not live.',
} as const;

const settings = z.object({
  enabled: z.boolean().describe(ABOUT.enabled),
  trigger: z.string().describe(ABOUT.trigger),
  responseTemplate: z.string().nullable().describe(ABOUT.responseTemplate),
  breakCreditMinutes: z.number().describe(ABOUT.breakCreditMinutes),
  onlyWhenLive: z.boolean().describe(ABOUT.onlyWhenLive),
});

const patchBody = z.object({
  enabled: z.boolean().describe(ABOUT.enabled),
  trigger: triggerText.describe(ABOUT.trigger),
  responseTemplate: messageText(450).nullable().describe(ABOUT.responseTemplate).default(DEFAULT_DURATION_TEMPLATE),
  breakCreditMinutes: z
    .number()
    .describe(`${ABOUT.breakCreditMinutes} Rounded down, and limited to 0 to 1440.`)
    .transform((minutes) => Math.min(Math.max(Math.floor(minutes), 0), 1440)),
  onlyWhenLive: z.boolean().describe(ABOUT.onlyWhenLive),
});

export function registerStreamDurationRoutes(app: Api, { db, clock, callers }: ApiContext): void {
  const url = '/streamer/bot/stream-duration';
  const tags = ['settings'];

  app.get(
    url,
    {
      schema: {
        tags,
        summary: 'Get the settings of the stream-duration command',
        response: { 200: settings },
      },
    },
    async (request) => {
      const { channelId } = await callers.streamer(request);
      const row = await db
        .selectFrom('Channel')
        .select('streamDurationCommandJson')
        .where('id', '=', channelId)
        .executeTakeFirst();
      if (row === undefined) throw new BadInput('CHANNEL_NOT_FOUND');
      const known = readDurationSettings(row.streamDurationCommandJson);
      return hasNoTemplate(row.streamDurationCommandJson) ? { ...known, responseTemplate: null } : known;
    },
  );

  app.patch(
    url,
    {
      schema: {
        tags,
        summary: 'Replace the settings of the stream-duration command',
        description: 'The command tells viewers how long the stream has been running.',
        body: patchBody,
        response: { 200: settings },
      },
    },
    async (request) => {
      const { channelId } = await callers.streamer(request);
      const stored = {
        ...request.body,
        triggerNormalized: normaliseTrigger(request.body.trigger),
        updatedAt: clock.now().toISOString(),
      };
      const result = await db
        .updateTable('Channel')
        .set({ streamDurationCommandJson: JSON.stringify(stored) })
        .where('id', '=', channelId)
        .executeTakeFirst();
      if (result.numUpdatedRows === 0n) throw new BadInput('CHANNEL_NOT_FOUND');
      return request.body;
    },
  );
}

/** Workers speak the default then; the panel is told what was stored. */
function hasNoTemplate(json: string | null): boolean {
  try {
    return JSON.parse(json ?? '')?.responseTemplate === null;
  } catch {
    return false;
  }
}
