/** Who would speak in many channels on all platforms, in one statement: for diagnoses, which ask no platform. */
import pg from 'pg';
import { askedFor } from '../db/asked-for.ts';
import type { ChannelId, ExternalAccountId, ProviderId } from '../lib/brand.ts';
import type { TokenSeal } from '../lib/token-seal.ts';
import type { NoCredential } from '../platforms/account-side.ts';
import { isMissing } from '../platforms/no-credential.ts';
import type { PlatformDescription } from '../platforms/platform.ts';
import { type StoredState, stateOf } from './account-state.ts';
import { CUSTOM_BOT } from './entitlements.ts';
import { chooseSender } from './senders.ts';
import { type EffectiveSender, NOBODY, type SenderName, type SenderReason, WITHOUT_TROUBLE } from './senders-stored.ts';

export interface OverviewPlatform {
  readonly description: Pick<PlatformDescription, 'id' | 'tables'>;
  /** Whom the environment names; asked once for each platform that has no default bot. */
  readonly environment: () => Promise<SenderName | NoCredential>;
}

export interface ChannelSender {
  readonly effective: EffectiveSender;
  /** What keeps the channel's own bot from speaking. */
  readonly ownTrouble: SenderReason | null;
  /** What keeps the default bot from speaking. */
  readonly sharedTrouble: SenderReason | null;
}

interface BotRow extends StoredState {
  readonly provider: ProviderId;
  /** Null for the default bot. */
  readonly channelId: ChannelId | null;
  readonly accountId: ExternalAccountId;
  readonly isUsable: boolean;
  readonly isEnabled: boolean;
  readonly login: string | null;
  readonly displayName: string | null;
}

interface OverviewDeps {
  readonly pg: Pick<pg.Pool, 'query'>;
  readonly seal: TokenSeal;
  readonly platforms: readonly OverviewPlatform[];
}

/** @returns by provider, then by channel; `null` stands for a channel without a bot of its own */
export async function sendersOverview(
  { pg: pool, seal, platforms }: OverviewDeps,
  channelIds: readonly ChannelId[],
  now: Date,
): Promise<(provider: ProviderId, channelId: ChannelId | null) => Promise<ChannelSender>> {
  const { label, isAsked, value } = askedFor(channelIds);
  const text = platforms.map(({ description }) => botsOf(description, isAsked)).join(' union all ');
  const { rows } = await pool.query<BotRow>({ name: `senders of ${label}`, text, values: [value] });
  const bots = new Map(rows.map((row) => [keyOf(row.provider, row.channelId), row]));
  const environments = new Map<ProviderId, Promise<SenderName | NoCredential>>();
  const environmentOf = (provider: ProviderId) => {
    const platform = platforms.find(({ description }) => description.id === provider);
    const known = environments.get(provider) ?? platform?.environment() ?? Promise.resolve('none' as const);
    environments.set(provider, known);
    return known;
  };
  return async (provider, channelId) => {
    const own = channelId === null ? undefined : bots.get(keyOf(provider, channelId));
    const shared = bots.get(keyOf(provider, null));
    let ownTrouble: SenderReason | null = null;
    let sharedTrouble: SenderReason | null = null;
    if (own && !own.isUsable) ownTrouble = own.isEnabled ? 'own_bot_not_entitled' : 'own_bot_off';
    const chosen = await chooseSender<SenderName>(own?.isUsable ? own.accountId : null, {
      defaultAccount: async () => shared?.accountId ?? null,
      account: async (_, kind) => {
        const row = kind === 'override' ? own : shared;
        const state = row === undefined || row.id === null ? 'relink' : stateOf(row, seal, now).state;
        if (row !== undefined && state === 'ok') return row;
        if (kind === 'override') ownTrouble = `own_bot_${state === 'ok' ? 'relink' : state}`;
        else sharedTrouble = `default_bot_${state === 'ok' ? 'relink' : state}`;
        return 'none';
      },
      environment: () => environmentOf(provider),
    });
    const { kind, voice } = isMissing(chosen) ? NOBODY : chosen;
    if (kind === 'none') sharedTrouble ??= 'no_bot';
    const reason = ownTrouble ?? sharedTrouble ?? WITHOUT_TROUBLE[kind];
    const { login, displayName } = voice;
    return { effective: { kind, login, displayName, reason }, ownTrouble, sharedTrouble };
  };
}

function keyOf(provider: ProviderId, channelId: ChannelId | null): string {
  return `${provider} ${channelId ?? ''}`;
}

// Of several default rows the newest counts.
function botsOf({ id, tables }: OverviewPlatform['description'], isAsked: (column: string) => string): string {
  const provider = pg.escapeLiteral(id);
  const account = `a.id, a.login, a."displayName", a."accessToken", a."refreshToken", a."tokenExpiresAt", a."brokenAt",
    a."brokenReason", a."grantEndsAt"`;
  return `
    (select ${provider} as provider, null as "channelId", bot."externalAccountId" as "accountId", true as "isEnabled",
      true as "isUsable", ${account}
    from ${pg.escapeIdentifier(tables.defaultCredential)} bot
    left join "ExternalAccount" a on a.id = bot."externalAccountId"
    where bot.enabled order by bot."updatedAt" desc limit 1)
    union all
    select ${provider}, bot."channelId", bot."externalAccountId", bot.enabled,
      bot.enabled and exists (
        select from "ChannelEntitlement" e
        where e."channelId" = bot."channelId" and e.key = ${pg.escapeLiteral(CUSTOM_BOT)} and e.enabled
          and (e."expiresAt" is null or e."expiresAt" > timezone('utc', now()))
      ), ${account}
    from ${pg.escapeIdentifier(tables.override)} bot
    left join "ExternalAccount" a on a.id = bot."externalAccountId"
    where ${isAsked('bot."channelId"')}`;
}
