/** Everything that has to be right before a Kick bot is switched on, in the contract's order (docs/contract/http-api.md#enabling-kick). */
import type { Db } from '../../db/pool.ts';
import type { PlatformChannelId, UserId } from '../../lib/brand.ts';
import { BadInput, PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import type { AccountCredential, NoOwner } from '../account-side.ts';
import type { ApiDeps, EnableRequest, ResolvedChannel } from '../api-side.ts';
import { isMissing } from '../no-credential.ts';
import { ownUser } from './api/users.ts';
import type { Subscriptions } from './events/subscriptions.ts';
import { EVENTS_SCOPE } from './oauth.ts';
import type { KickSettings } from './settings.ts';

interface EnablingDeps extends Pick<ApiDeps, 'db' | 'http' | 'log' | 'credentials'> {
  readonly settings: KickSettings;
  readonly subscriptions: Subscriptions;
}

interface LinkedAccount {
  readonly providerAccountId: string;
  readonly scopes: string | null;
}

const CHAT_EVENT = 'chat.message.sent';
const CHANNEL_ID = /^[1-9]\d{0,15}$/;

/** @throws BadInput with the contract's codes; PlatformUnreachable when Kick does not say whose account it is */
export async function resolveChannel(deps: EnablingDeps, request: EnableRequest): Promise<ResolvedChannel> {
  const { settings, credentials } = deps;
  const { channelId, userId, hasSender } = request;
  if (settings.KICK_CLIENT_ID === null || settings.KICK_USERINFO_URL === null) {
    throw new BadInput('KICK_BOT_NOT_CONFIGURED', 'KICK_CLIENT_ID and KICK_USERINFO_URL must be set on this instance');
  }
  const account = await findAccount(deps.db, userId);
  if (account === null) throw withCode('KICK_NOT_LINKED');
  const broadcasterId = await chooseChannel(deps, account, request);
  if (!(await hasSender())) throw new BadInput('KICK_BOT_NOT_CONFIGURED');
  const scopes = (account.scopes ?? '').split(/[\s,]+/);
  if (!scopes.includes(EVENTS_SCOPE)) throw withCode('KICK_SCOPE_MISSING_EVENTS_SUBSCRIBE');
  required(await credentials.owner(channelId));
  await requireEvents(deps, request, broadcasterId);
  return { target: broadcasterId as PlatformChannelId, extra: { userId }, warnings: [] };
}

/** The streamer's own: never one that speaks for us somewhere. */
async function findAccount(db: Db, userId: UserId): Promise<LinkedAccount | null> {
  const row = await db
    .selectFrom('ExternalAccount as account')
    .select(['account.providerAccountId', 'account.scopes'])
    .where('account.userId', '=', userId)
    .where('account.provider', '=', 'kick')
    .where('account.accessToken', 'is not', null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('KickBotIntegration as bot').select('bot.id').whereRef('bot.externalAccountId', '=', 'account.id'),
        ),
      ),
    )
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('GlobalKickBotCredential as bot')
            .select('bot.id')
            .whereRef('bot.externalAccountId', '=', 'account.id'),
        ),
      ),
    )
    .orderBy('account.brokenAt', (order) => order.desc().nullsFirst())
    .orderBy('account.createdAt', 'desc')
    .executeTakeFirst();
  return row ?? null;
}

/** Whoever names another's channel could divert its chat: only an owner of the installation may. */
async function chooseChannel(
  deps: EnablingDeps,
  { providerAccountId }: LinkedAccount,
  request: EnableRequest,
): Promise<string> {
  const { kickChannelId: given = '' } = request.body;
  const wanted = typeof given === 'string' ? given.trim() : null;
  if (wanted === '') return CHANNEL_ID.test(providerAccountId) ? providerAccountId : askForChannel(deps, request);
  if (wanted === null || !CHANNEL_ID.test(wanted)) {
    throw new BadInput('BAD_REQUEST', 'kickChannelId must be the user id of the streamer at Kick: a string of digits');
  }
  if (wanted !== providerAccountId && !request.isAdmin) throw new BadInput('CHANNEL_NOT_OWNED');
  return wanted;
}

/** For an account that was linked before the id of its channel was stored. */
async function askForChannel(
  { http, settings, credentials }: EnablingDeps,
  { channelId }: EnableRequest,
): Promise<string> {
  const owner = required(await credentials.owner(channelId));
  try {
    return (await ownUser(http, settings.KICK_USERINFO_URL ?? '', owner.accessToken)).id;
  } catch (error) {
    if (!(error instanceof PlatformRefused)) throw error;
    throw new BadInput(
      'BAD_REQUEST',
      'Kick did not say which channel the linked account owns. Try again, or link the Kick account again.',
    );
  }
}

async function requireEvents(
  { subscriptions, log }: EnablingDeps,
  { channelId }: EnableRequest,
  broadcasterId: string,
): Promise<void> {
  const ensured = await subscriptions.ensure({ channelId, broadcasterId }, [CHAT_EVENT], true);
  const reason = 'unknown' in ensured ? ensured.unknown : (ensured.get(CHAT_EVENT)?.reason ?? null);
  if (reason === null) return;
  log.warn('kick.bot_subscription_create_failed', { channelId, type: CHAT_EVENT, reason });
  throw new BadInput('KICK_SUBSCRIPTION_CREATE_FAILED', `Kick does not deliver the chat of this channel: ${reason}`);
}

function withCode(code: string): BadInput {
  return new BadInput(code, '', { extras: { code } });
}

/** @throws BadInput where the streamer has to link again; PlatformUnreachable while Kick hands out no token */
function required(owner: AccountCredential | NoOwner): AccountCredential {
  if (!isMissing(owner)) return owner;
  switch (owner) {
    case 'none':
    case 'unlinked':
    case 'unreadable':
      throw new BadInput('KICK_ACCESS_TOKEN_MISSING', '', { extras: { requiresReauth: true } });
    case 'unavailable':
      throw new PlatformUnreachable('Kick does not renew tokens at the moment');
  }
}
