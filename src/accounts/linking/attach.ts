/** Gives an account to whoever began the link, and makes it a bot where that was asked for (docs/contract/http-api.md#callback-outcomes). */
import type { Transaction } from 'kysely';
import type { Db } from '../../db/pool.ts';
import type { Database } from '../../db/tables.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { ChannelId, ExternalAccountId, UserId } from '../../lib/brand.ts';
import type { TokenSeal } from '../../lib/token-seal.ts';
import type { CauseCode } from '../../platforms/causes/cause.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';
import { isEntitled } from '../entitlements.ts';
import { isOverrideElsewhere, makeDefault, makeOverride } from './bot-roles.ts';
import { defaultBotSentinel, type OAuthState } from './oauth-state.ts';
import { type FreshGrant, findAccount, type KnownAccount, storeGrant } from './stored-account.ts';

export interface Attaching {
  readonly state: OAuthState;
  readonly userId: UserId;
  readonly platform: Pick<PlatformDescription, 'id' | 'tables'>;
  readonly grant: FreshGrant;
}

export type Attached =
  /** `former`: accounts that are no bots there any more. */
  | { kind: 'attached'; former: readonly ExternalAccountId[] }
  /** `isKnown`: the user had linked the account before, and keeps it. */
  | { kind: 'refused'; reason: AttachRefusal; isKnown: boolean }
  | { kind: 'lacks_scopes'; scopes: readonly string[] };

export type AttachRefusal = Extract<
  CauseCode,
  'account_already_linked' | 'user_not_found' | 'forbidden' | 'subscription_required' | 'bot_account_in_use'
>;

/** One transaction: the account, and the bot's row. What may not be is found out before anything is written. */
export async function attach(db: Db, attaching: Attaching, seal: TokenSeal): Promise<Attached> {
  const { state, userId, platform, grant } = attaching;
  // Outside the transaction: where the table is missing nobody is entitled, and nothing else is spoilt.
  const isEntitledToBot = state.channelId !== null && (await isEntitled(db, state.channelId as ChannelId, grant.now));
  return inTransaction(db, async (tx) => {
    const known = await findAccount(tx, platform.id, grant.identity.platformUserId, grant.now);
    const isKnown = known?.userId === userId;
    if (known !== null && !isKnown) return { kind: 'refused', reason: 'account_already_linked', isKnown: true };
    const refusal = await judge(tx, attaching, known, isEntitledToBot);
    // A new account that may not be used is not kept; of one that was linked before the new grant is.
    if (refusal !== null && !isKnown) return { kind: 'refused', reason: refusal, isKnown };
    // For a bot that is not to be, nobody is asked for more.
    const isAskedAgain = refusal !== null || state.extraScopes.length > 0;
    const stored = await storeGrant(tx, { known, userId, linkedAs: state.kind, isAskedAgain }, grant, seal);
    if (refusal !== null) return { kind: 'refused', reason: refusal, isKnown };
    if (typeof stored !== 'string') return { kind: 'lacks_scopes', scopes: stored.lacks };
    const former = state.kind === 'bot_link' ? await makeBot(tx, attaching, stored) : [];
    return { kind: 'attached', former };
  });
}

/** What the person may do is asked now: when the link began is minutes ago. */
async function judge(
  tx: Transaction<Database>,
  { state, userId, platform }: Attaching,
  known: KnownAccount | null,
  isEntitledToBot: boolean,
): Promise<AttachRefusal | null> {
  const user = await tx
    .selectFrom('User')
    .select(['role', 'channelId'])
    .where('id', '=', userId)
    .forKeyShare()
    .executeTakeFirst();
  if (user === undefined) return 'user_not_found';
  if (state.kind !== 'bot_link') return null;
  if (state.channelId === defaultBotSentinel(platform.id)) return user.role === 'admin' ? null : 'forbidden';
  const isStreamer = user.role === 'streamer' || user.role === 'admin';
  if (!isStreamer || user.channelId === null || user.channelId !== state.channelId) return 'forbidden';
  const channelId = user.channelId as ChannelId;
  if (!isEntitledToBot) return 'subscription_required';
  const isTaken = known !== null && (await isOverrideElsewhere(tx, platform.tables, known.id, channelId));
  return isTaken ? 'bot_account_in_use' : null;
}

async function makeBot(
  tx: Transaction<Database>,
  { state, userId, platform }: Attaching,
  accountId: ExternalAccountId,
): Promise<readonly ExternalAccountId[]> {
  const isDefault = state.channelId === defaultBotSentinel(platform.id);
  const channelId = isDefault ? null : (state.channelId as ChannelId);
  const former =
    channelId === null
      ? await makeDefault(tx, platform.tables, accountId)
      : await makeOverride(tx, platform.tables, accountId, channelId);
  await tx
    .insertInto('AuditLog')
    .values({
      actorId: userId,
      channelId,
      action: isDefault ? 'owner.bots.default.link' : 'streamer.bots.bot.link',
      payloadJson: JSON.stringify({ provider: platform.id, externalAccountId: accountId }),
    })
    .execute();
  return former;
}
