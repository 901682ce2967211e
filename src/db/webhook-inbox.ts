/** Takes in what a platform's webhook was told: one statement, so that the caller can be answered at once. */
import { sql } from 'kysely';
import type { ChannelId, ProviderId } from '../lib/brand.ts';
import type { Db } from './pool.ts';

/** A chat line on its way from a webhook in the API to whichever worker serves the channel. */
export interface InboxDelivery {
  readonly provider: ProviderId;
  readonly channelId: ChannelId;
  /** Equal when the platform repeats a delivery. */
  readonly deliveryId: string;
  /** Equal when the same happening is delivered again as another delivery; null where nothing tells. */
  readonly businessKey: string | null;
  readonly eventType: string;
  /** Becomes JSON. Of the platform's own making: its `WebhookInbox` gets it back. */
  readonly payload: unknown;
}

/**
 * Remembers the delivery and stores it for the worker, both or neither.
 *
 * @returns false when it is known already, by its delivery id or as another delivery of the same happening
 */
export async function receiveDelivery(
  db: Db,
  { provider, channelId, deliveryId, businessKey, eventType, payload }: InboxDelivery,
  now: Date,
): Promise<boolean> {
  const { rows } = await sql`
    with remembered as (
      insert into "ExternalWebhookDeliveryDedup" (provider, "messageId", "receivedAt")
      values (${provider}::text::"ExternalRewardProvider", ${deliveryId}, ${now})
      on conflict do nothing returning "messageId"
    )
    insert into "WebhookInbox" (provider, "channelId", "deliveryId", "businessKey", "eventType", payload, "receivedAt")
    select ${provider}, ${channelId}, "messageId", ${businessKey}, ${eventType},
      ${JSON.stringify(payload)}::jsonb, ${now}
    from remembered
    on conflict do nothing returning seq
  `.execute(db);
  return rows.length > 0;
}

/** Remembers a delivery without a line for the worker. @returns whether the delivery is new */
export async function rememberDelivery(db: Db, provider: ProviderId, deliveryId: string, now: Date): Promise<boolean> {
  const { rows } = await sql`
    insert into "ExternalWebhookDeliveryDedup" (provider, "messageId", "receivedAt")
    values (${provider}::text::"ExternalRewardProvider", ${deliveryId}, ${now})
    on conflict do nothing returning "messageId"
  `.execute(db);
  return rows.length > 0;
}
