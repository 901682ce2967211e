/** The audit trail: who switched, linked or granted what, in a channel or for all of them. */
import type { Transaction } from 'kysely';
import type { Database } from '../db/tables.ts';
import type { ChannelId, UserId } from '../lib/brand.ts';

/** Written in the transaction of the change itself, so that neither exists without the other. */
export async function recordAudit(
  tx: Transaction<Database>,
  actor: { readonly userId: UserId; readonly channelId: ChannelId | null },
  action: string,
  payload: Readonly<Record<string, unknown>>,
): Promise<void> {
  await tx
    .insertInto('AuditLog')
    .values({ actorId: actor.userId, channelId: actor.channelId, action, payloadJson: JSON.stringify(payload) })
    .execute();
}
