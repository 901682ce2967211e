/** `GET /streamer/bots/:provider/diagnostics`: everything that was found about one bot, in the order of cure. */
import { z } from 'zod';
import { installationFacts, unseen } from '../../engine/diagnosis/diagnose.ts';
import { channelFacts } from '../../engine/diagnosis/diagnose-channel.ts';
import { type Check, type Fact, inOrderOfCure, type Scope, verdictOf } from '../../engine/diagnosis/fact.ts';
import type { Snapshot } from '../../engine/diagnosis/snapshot.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import { BadInput } from '../../lib/errors.ts';
import { type Api, type ApiContext, requirePlatform } from '../context.ts';
import { finding, findingAnswer, languageQuery } from '../diagnosis.ts';
import { byProvider, isoTime, providerId } from '../fields.ts';
import { languageOf } from '../language.ts';

const CHECKS_OF_BOT: readonly Check[] = ['switch', 'worker', 'sender', 'reader', 'messages'];

const answer = z.object({
  provider: providerId,
  at: isoTime.nullable().describe('When the database was looked at. Null when it could not be.'),
  findings: z.array(finding).describe('What has to be mended first comes first.'),
});

export function registerDiagnosticsRoutes(app: Api, context: ApiContext): void {
  app.get(
    '/streamer/bots/:provider/diagnostics',
    {
      schema: {
        tags: ['bots'],
        summary: 'Show what was found about the bot of the channel on a platform',
        description:
          'The findings come from the database alone. Asking makes the processes compare what the platform delivers: the next answer shows it.',
        params: byProvider,
        querystring: z.object({ lang: languageQuery }),
        response: { 200: answer },
      },
    },
    async (request) => {
      const { channelId } = await context.callers.streamer(request);
      const { id } = requirePlatform(context, request.params.provider).description;
      const snapshot = await context.snapshot([channelId]);
      void context.askForLook({ provider: id, channelId });
      const language = languageOf(request);
      const facts = inOrderOfCure(snapshot, factsOf(snapshot, id, channelId));
      return {
        provider: id,
        at: snapshot.at?.toISOString() ?? null,
        findings: facts.map((fact) => findingAnswer(snapshot, fact, language)),
      };
    },
  );
}

/** What concerns this bot; of the installation only what keeps it from working, and nothing of hosts and addresses. */
function factsOf(snapshot: Snapshot, provider: ProviderId, channelId: ChannelId): readonly Fact[] {
  const channel = snapshot.channels.find((one) => one.provider === provider);
  if (channel === undefined && snapshot.at !== null) throw new BadInput('CHANNEL_NOT_FOUND');
  const scope: Scope = { provider, channelId, slug: channel?.slug ?? null };
  const own =
    channel === undefined
      ? CHECKS_OF_BOT.map((check) => unseen(check, scope, snapshot.database))
      : channelFacts(snapshot, channel);
  const known = new Set(own.map(({ cause }) => cause));
  const around = installationFacts(snapshot).filter(
    (fact) =>
      (fact.scope.provider === null || fact.scope.provider === provider) &&
      (fact.check === 'database' || (fact.check !== 'worker' && verdictOf(snapshot, fact) !== 'ok')) &&
      !known.has(fact.cause),
  );
  return [...own, ...around.map((fact) => ({ ...fact, data: withoutPlaces(fact.data) }))];
}

/** What the sentences say stays; where processes run and listen is nothing for a streamer. */
function withoutPlaces({ host: _host, pid: _pid, url: _url, ...data }: Fact['data']): Fact['data'] {
  return data;
}
