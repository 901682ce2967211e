/** A whole API that the simulated Kick delivers to. */
import { startApiWorld } from './api-world.ts';
import { createTestDatabase } from './database.ts';
import { addKickChannel, simulatedKick } from './kick-world.ts';

const HOST = 'bots.example';

/** The whole API, which the simulated Kick delivers to, with one streamer whose chat is subscribed to. */
export async function webhookWorld(env: Readonly<Record<string, string>> = {}) {
  const { url: databaseUrl } = await createTestDatabase({ forTest: true });
  const sim = await simulatedKick();
  const api = await startApiWorld(databaseUrl, { env: { ...sim.env(), DOMAIN: HOST, ...env } });
  sim.mapHost(HOST, api.url);
  sim.setApplication({ webhookUrl: `https://${HOST}/webhooks/kick/events` });
  const channel = await addKickChannel(api.db, sim, 'northpine');
  for (const event of ['chat.message.sent', 'livestream.status.updated'] as const) {
    sim.subscriptions.add(channel.broadcasterId, event);
  }
  return {
    ...api,
    databaseUrl,
    sim,
    channel,
    /** What the webhook answered, as status and body. */
    async answers(): Promise<[number | null, unknown][]> {
      await sim.deliveries.settled();
      return sim.deliveries.records.map(({ status, answer }) => [status, parsed(answer)]);
    },
    /** What waits for a worker. */
    stored: () =>
      api.db
        .selectFrom('WebhookInbox')
        .select(['payload', 'status', 'deliveryId', 'businessKey'])
        .where('channelId', '=', channel.channelId)
        .orderBy('seq')
        .execute(),
    events: (name: string) => api.lines.map((line) => JSON.parse(line)).filter(({ event }) => event === name),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape
function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
