/** `POST /webhooks/twitch/eventsub`: what Twitch tells us about follows, streams and its own subscriptions. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Db } from '../../../db/pool.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import { BadInput } from '../../../lib/errors.ts';
import { readJsonBody } from '../../../lib/json-body.ts';
import type { ApiDeps } from '../../api-side.ts';
import type { WebhookStanding } from '../../webhook-standing.ts';
import type { Helix } from '../helix/client.ts';
import { type Delivery, delivery, streamEvent } from './eventsub.external.ts';
import { greetFollower, remember, wasHandled } from './follow.ts';
import { createNameNotice } from './names.ts';
import { isEventType } from './remote.ts';
import { prove } from './signature.ts';
import { recordStanding, type Standing } from './standing.ts';

interface WebhookDeps
  extends Pick<ApiDeps, 'db' | 'clock' | 'log' | 'enqueue' | 'recordLive' | 'renamed' | 'lookSoon'> {
  readonly helix: Helix;
  readonly standing: WebhookStanding;
}

const LONGEST_CHALLENGE = 1_000;
/** The only `type` of a `stream.online` that counts (docs/platforms/twitch.md#eventsub-subscriptions). */
const LIVE = 'live';

export const WEBHOOK_PATH = '/webhooks/twitch/eventsub';

export function registerWebhook(app: FastifyInstance, deps: WebhookDeps, secret: string | null): void {
  const noticeName = createNameNotice(deps);
  app.withTypeProvider<ZodTypeProvider>().post(
    WEBHOOK_PATH,
    {
      schema: {
        tags: ['webhooks'],
        summary: 'Receive an event from Twitch EventSub',
        description: 'Only Twitch calls this address. The signature of every request is checked.',
        // Read by hand: nothing of a body is looked at before its signature was.
        body: z.unknown(),
        response: {
          200: {
            description: 'What was done with the event. A verification request gets its challenge back.',
            content: {
              'application/json': {
                schema: z.object({ message: z.string().describe('What was done with the event.') }),
              },
              'text/plain': { schema: z.string() },
            },
          },
        },
      },
    },
    async (request, reply) => {
      const proof = prove(request, secret, deps.clock.now());
      if (proof.kind === 'refused') {
        deps.standing.refused(proof.message);
        throw new BadInput('FORBIDDEN', proof.message);
      }
      deps.standing.genuine();
      const parsed = delivery.safeParse(readJsonBody(request.rawBody));
      // A form would be read too: JSON is the one thing a page elsewhere cannot send without asking first.
      if (!parsed.success || !isJson(request.headers['content-type']))
        throw new BadInput('BAD_REQUEST', 'The body is not an EventSub message in JSON');
      const type = request.headers['twitch-eventsub-message-type'];
      if (isChallenge(parsed.data, type)) {
        const challenge = await answerChallenge(deps.db, parsed.data);
        return reply.type('text/plain; charset=utf-8').send(challenge);
      }
      const message =
        type === 'revocation'
          ? await recordRevocation(deps, parsed.data)
          : await handle(deps, proof.messageId, proof.sentAt, parsed.data);
      // Nobody waits for it: Twitch wants its answer within seconds.
      if (type === 'notification') void noticeName(parsed.data.event);
      return { message };
    },
  );
}

function isJson(contentType: string | undefined): boolean {
  return /^application\/json\b/i.test(contentType ?? '');
}

/** The header is not signed, the body is. */
function isChallenge({ subscription, challenge }: Delivery, type: unknown): boolean {
  if (challenge === undefined) return false;
  return subscription?.status === 'webhook_callback_verification_pending' || type === 'webhook_callback_verification';
}

async function answerChallenge(db: Db, { challenge = '', subscription }: Delivery): Promise<string> {
  if (challenge.length > LONGEST_CHALLENGE) throw new BadInput('BAD_REQUEST', 'The challenge is too long');
  if (subscription) await mark(db, subscription, { status: 'active', reason: null, remoteId: subscription.id });
  return challenge;
}

async function recordRevocation({ db, log, lookSoon }: WebhookDeps, { subscription }: Delivery): Promise<string> {
  // A delivery replayed under another type still carries the status it was signed with.
  if (subscription === undefined || subscription.status === 'enabled') return 'Event received';
  log.warn('chatbot.eventsub_revoked', { type: subscription.type, reason: subscription.status });
  const standing: Standing = { status: 'failed', reason: subscription.status, remoteId: subscription.id };
  const channelId = await mark(db, subscription, standing);
  if (channelId !== null) lookSoon(channelId);
  return 'Revocation recorded';
}

/** @returns whose subscription it is; null when it is none that we ask for */
async function mark(
  db: Db,
  { type, condition }: NonNullable<Delivery['subscription']>,
  standing: Standing,
): Promise<ChannelId | null> {
  const channelId = await findChannel(db, condition.broadcaster_user_id);
  if (channelId === null || !isEventType(type)) return null;
  await recordStanding(db, channelId, type, standing);
  return channelId;
}

async function handle(
  deps: WebhookDeps,
  messageId: string,
  sentAt: Date,
  { subscription, event }: Delivery,
): Promise<string> {
  switch (subscription?.type) {
    case 'channel.follow':
      return greetFollower(deps, messageId, event);
    case 'stream.online':
    case 'stream.offline':
      return recordStream(deps, messageId, sentAt, subscription.type === 'stream.online', event);
    default:
      return 'Event received';
  }
}

/** Remembered only after it was recorded: a failure is answered 500 and Twitch tries again. */
async function recordStream(
  { db, clock, recordLive }: WebhookDeps,
  messageId: string,
  sentAt: Date,
  isLive: boolean,
  event: unknown,
): Promise<string> {
  const parsed = streamEvent.safeParse(event);
  if (!parsed.success) return 'No broadcaster id, ignoring';
  // A rerun or a premiere is no stream, as for the poll.
  if (isLive && (parsed.data.type ?? LIVE) !== LIVE) return 'Not a live stream, ignoring';
  const channelId = await findChannel(db, parsed.data.broadcaster_user_id);
  if (channelId === null) return 'Channel not found, ignoring';
  if (await wasHandled(db, 'stream', messageId)) return 'Duplicate event ignored';
  const startedAt = parsed.data.started_at;
  await recordLive(channelId, { isLive, at: isLive && startedAt ? new Date(startedAt) : sentAt });
  await remember(db, 'stream', messageId, channelId, clock.now());
  return isLive ? 'Stream online recorded' : 'Stream offline recorded';
}

async function findChannel(db: Db, broadcasterId: unknown): Promise<ChannelId | null> {
  if (typeof broadcasterId !== 'string') return null;
  const row = await db
    .selectFrom('Channel')
    .select('id')
    .where('twitchChannelId', '=', broadcasterId)
    .executeTakeFirst();
  return (row?.id ?? null) as ChannelId | null;
}
