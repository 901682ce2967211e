/** `POST /webhooks/kick/events`: what Kick tells us, proven, stored and answered at once (docs/contract/http-api.md#kick-webhook, docs/design.md#the-kick-webhook-only-stores). */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { rememberDelivery } from '../../../db/webhook-inbox.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import { BadInput } from '../../../lib/errors.ts';
import { readJsonBody } from '../../../lib/json-body.ts';
import { plainText } from '../../../lib/plain-text.ts';
import type { ApiDeps } from '../../api-side.ts';
import type { WebhookStanding } from '../../webhook-standing.ts';
import { rolesOf } from '../chat/roles.ts';
import { CHAT_EVENT, KICK, type StoredLine, storeLine } from '../chat/stored-line.ts';
import { readTime } from '../live-status.ts';
import type { ChannelMap } from './channel-map.ts';
import { anyEvent, type ChatEvent, chatEvent, namedEvent, type StreamEvent, streamEvent } from './events.external.ts';
import { type Proof, prove, type RefusalReason } from './proof.ts';
import type { KeyRing } from './public-key.ts';

export interface WebhookDeps extends Pick<ApiDeps, 'db' | 'clock' | 'log' | 'recordLive'> {
  readonly keys: KeyRing;
  readonly channels: ChannelMap;
  readonly replayWindowMs: number;
  readonly standing: WebhookStanding;
}

export const WEBHOOK_PATH = '/webhooks/kick/events';

const answer = z.object({
  ok: z.literal(true),
  duplicate: z.literal(true).optional().describe('Set when this event was received before.'),
  ignored: z.literal(true).optional().describe('Set when the event concerns no channel of this installation.'),
  reason: z.enum(['missing_identity', 'channel_not_mapped']).optional().describe('Why the event was ignored.'),
});
type Answer = z.infer<typeof answer>;

const OK: Answer = { ok: true };
const DUPLICATE: Answer = { ok: true, duplicate: true };
const INCOMPLETE: Answer = { ok: true, ignored: true, reason: 'missing_identity' };
const NOT_MAPPED: Answer = { ok: true, ignored: true, reason: 'channel_not_mapped' };

const STREAM_EVENT = 'livestream.status.updated';
/** Remembered as received, and nothing else: coins belong to another service (docs/contract/http-api.md#kick-webhook). */
const OTHER_EVENTS = new Set([
  'channel.followed',
  'channel.subscription.new',
  'channel.subscription.renewal',
  'channel.subscription.gifts',
  'channel.reward.redemption.updated',
  'livestream.metadata.updated',
  'moderation.banned',
  'kicks.gifted',
]);
const VERSION = '1';
const LONGEST_CONTENT = 4000;
const LONGEST_TOLD_CHARS = 80;
const TELL_REFUSALS_EVERY_MS = 60_000;
/** At most this many unknown event types are logged, because a sender can invent types. */
const UNKNOWN_TOLD_MAX = 50;

export function registerWebhook(app: FastifyInstance, deps: WebhookDeps): void {
  const refusals = new Refusals(deps);
  const unknown = new Set<string>();

  app.withTypeProvider<ZodTypeProvider>().post(
    WEBHOOK_PATH,
    {
      schema: {
        tags: ['webhooks'],
        summary: 'Receive an event from Kick',
        description: 'Only Kick calls this address. The signature of every request is checked.',
        // Parsed by hand: nothing in a body may be read before its signature is checked.
        body: z.unknown(),
        response: { 200: answer },
      },
    },
    async (request) => {
      const proof = await prove(request, deps.keys, deps.clock.now(), deps.replayWindowMs);
      if (proof.kind === 'nameless') throw new BadInput('BAD_REQUEST', 'Kick-Event-Message-Id is missing');
      if (proof.kind === 'refused') {
        deps.standing.refused(proof.reason);
        throw refusals.tell(proof);
      }
      deps.standing.genuine();
      const body = readSigned(request.rawBody);
      const type = headerText(request.headers['kick-event-type']) || namedEvent.parse(body);
      const event = { type: type.toLowerCase(), version: headerText(request.headers['kick-event-version']) || VERSION };
      if (isKnown(event)) return take(deps, event.type, proof, body);
      // An error would make Kick retry and, after a day, stop all deliveries (docs/platforms/kick.md#acknowledgement-and-retries).
      tellOnce(unknown, event, deps);
      return OK;
    },
  );
}

/** The signed body, whatever its content type; undefined when it is not JSON, since an error would make Kick retry. */
function readSigned(rawBody: Buffer): unknown {
  try {
    return readJsonBody(rawBody);
  } catch {
    return undefined;
  }
}

interface EventName {
  readonly type: string;
  readonly version: string;
}

function isKnown({ type, version }: EventName): boolean {
  return version === VERSION && (type === CHAT_EVENT || type === STREAM_EVENT || OTHER_EVENTS.has(type));
}

function tellOnce(told: Set<string>, { type, version }: EventName, { log }: WebhookDeps): void {
  const event = { type: type.slice(0, LONGEST_TOLD_CHARS), version: version.slice(0, LONGEST_TOLD_CHARS) };
  const name = `${event.type} ${event.version}`;
  if (told.has(name) || told.size >= UNKNOWN_TOLD_MAX) return;
  told.add(name);
  log.warn('kick.webhook.unknown_event', event);
}

/** The signature does not cover the type header, so the body must have the shape of the claimed type. */
async function take(
  deps: WebhookDeps,
  type: string,
  { messageId, sentAt }: Proof & { kind: 'genuine' },
  body: unknown,
): Promise<Answer> {
  const about = anyEvent.safeParse(body);
  const chat = type === CHAT_EVENT ? storable(body, about.data?.broadcaster.user_id, sentAt) : null;
  const stream = type === STREAM_EVENT ? streamEvent.safeParse(body).data : null;
  if (!about.success || chat === undefined || stream === undefined) return INCOMPLETE;
  const channelId = await deps.channels.find(about.data.broadcaster.user_id);
  if (channelId === null) return NOT_MAPPED;
  const now = deps.clock.now();
  // Recorded before the delivery is remembered: after a failure Kick retries, and recording twice changes nothing.
  if (stream !== null) await recordStream(deps, channelId, stream, sentAt);
  const isNew =
    chat === null
      ? await rememberDelivery(deps.db, KICK, messageId, now)
      : await storeLine(deps.db, channelId, messageId, chat, now);
  return isNew ? OK : DUPLICATE;
}

async function recordStream(
  { recordLive }: WebhookDeps,
  channelId: ChannelId,
  { is_live: isLive, started_at: startedAt, ended_at: endedAt }: StreamEvent,
  sentAt: Date,
): Promise<void> {
  await recordLive(channelId, { isLive, at: readTime(isLive ? startedAt : endedAt) ?? sentAt });
}

/** @returns undefined for a line without author or words */
function storable(body: unknown, broadcasterId: string | undefined, sentAt: Date): StoredLine | undefined {
  const parsed = chatEvent.safeParse(body);
  const content = parsed.success ? plainText(parsed.data.content).slice(0, LONGEST_CONTENT).toWellFormed() : '';
  return parsed.success && content !== '' ? storedLine(parsed.data, content, broadcasterId, sentAt) : undefined;
}

function storedLine(
  { message_id: messageId, sender, created_at: createdAt }: ChatEvent,
  content: string,
  broadcasterId: string | undefined,
  sentAt: Date,
): StoredLine {
  const name = plainText(sender.username ?? '');
  const badges = sender.identity?.badges?.map(({ type }) => type) ?? [];
  return {
    messageId,
    userId: sender.user_id,
    login: name.toLowerCase().replace(/^@+/, '') || null,
    displayName: name || sender.user_id,
    avatarUrl: plainText(sender.profile_picture ?? '') || null,
    roles: rolesOf(sender.user_id === broadcasterId ? [...badges, 'broadcaster'] : badges),
    content,
    // A line without a time of its own gets the timestamp of its delivery: a line that comes late must not look new.
    sentAt: (readTime(createdAt) ?? sentAt).toISOString(),
  };
}

function headerText(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value.trim() : '';
}

/** Counts refused deliveries and logs each reason at most once a minute, because anybody can send nonsense. */
class Refusals {
  readonly #deps: WebhookDeps;
  readonly #counts = new Map<RefusalReason, { count: number; silentUntilMs: number }>();

  constructor(deps: WebhookDeps) {
    this.#deps = deps;
  }

  /** @returns the same answer for every reason, except that we could not get the public key */
  tell({ reason, ageMs }: Proof & { kind: 'refused' }): BadInput {
    const { clock, log } = this.#deps;
    const nowMs = clock.monotonicMs();
    const known = this.#counts.get(reason) ?? { count: 0, silentUntilMs: Number.NEGATIVE_INFINITY };
    known.count += 1;
    this.#counts.set(reason, known);
    if (nowMs >= known.silentUntilMs) {
      const age = ageMs === null ? {} : { ageSeconds: Math.round(ageMs / 1000) };
      log.warn('kick.webhook.refused', { reason, deliveries: known.count, ...age });
      known.count = 0;
      known.silentUntilMs = nowMs + TELL_REFUSALS_EVERY_MS;
    }
    return reason === 'public_key_unavailable'
      ? new BadInput('KICK_PUBLIC_KEY_UNAVAILABLE')
      : new BadInput('FORBIDDEN', 'Invalid signature');
  }
}
