/** Which account speaks in a channel: the one order of senders, for workers that send and for answers about them. */
import { type RawBuilder, sql } from 'kysely';
import type { ChannelId, ExternalAccountId } from '../lib/brand.ts';
import type { NoCredential, SenderCredential } from '../platforms/account-side.ts';
import { isMissing } from '../platforms/no-credential.ts';
import type { PlatformTables } from '../platforms/platform.ts';
import { CUSTOM_BOT } from './entitlements.ts';

/** The candidates, and what can be had of each: a token where somebody sends, a name where somebody asks. */
export interface Voices<V> {
  /** Whom the database names for all channels, usable or not. */
  defaultAccount(): Promise<ExternalAccountId | null>;
  account(accountId: ExternalAccountId, kind: 'override' | 'default'): Promise<V | NoCredential>;
  /** Whom the environment names. */
  environment(): Promise<V | NoCredential>;
}

export interface ChosenSender<V> {
  readonly kind: SenderCredential['kind'];
  readonly voice: V;
}

/**
 * Override, else default bot, else the environment's (docs/contract/workers.md#resolution-order); never the owner's own account. The environment
 * speaks only where the database names nobody, not for one that cannot be used.
 *
 * @param overrideAccountId of a channel that may have one (`usableOverrides`)
 * @returns `unavailable` when nobody can speak now and one of them may again by itself
 */
export async function chooseSender<V extends object>(
  overrideAccountId: ExternalAccountId | null,
  voices: Voices<V>,
): Promise<ChosenSender<V> | NoCredential> {
  const own = overrideAccountId === null ? 'none' : await voices.account(overrideAccountId, 'override');
  if (!isMissing(own)) return { kind: 'override', voice: own };
  const shared = await sharedSender(voices);
  return shared === 'none' ? own : shared;
}

async function sharedSender<V extends object>(voices: Voices<V>): Promise<ChosenSender<V> | NoCredential> {
  const defaultAccountId = await voices.defaultAccount();
  const kind = defaultAccountId === null ? 'legacy' : 'default';
  const voice = await (defaultAccountId === null ? voices.environment() : voices.account(defaultAccountId, 'default'));
  return isMissing(voice) ? voice : { kind, voice };
}

export interface UsableOverride {
  readonly channelId: ChannelId;
  readonly externalAccountId: ExternalAccountId;
  /** When the right to it ends by itself; null when it does not. */
  readonly expiresAt: Date | null;
}

/** A query of the overrides that count: switched on, in channels with an active right to one (docs/contract/http-api.md#the-entitlement-custom_bot). */
export function usableOverrides({ override }: Pick<PlatformTables, 'override'>, now: Date): RawBuilder<UsableOverride> {
  return sql<UsableOverride>`
    select o."channelId", o."externalAccountId", e."expiresAt" from ${sql.table(override)} o
    join "ChannelEntitlement" e on e."channelId" = o."channelId" and e.key = ${sql.lit(CUSTOM_BOT)}
    where o.enabled and e.enabled and (e."expiresAt" is null or e."expiresAt" > ${now})`;
}
