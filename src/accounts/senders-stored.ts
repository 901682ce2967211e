/** Who would speak in a channel as the database has it: for people who ask, without asking any platform. */
import { sql } from 'kysely';
import { isMissingSchema } from '../db/failures.ts';
import type { Db } from '../db/pool.ts';
import type { ChannelId, ExternalAccountId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { TokenSeal } from '../lib/token-seal.ts';
import type { LegacySender, NoCredential, SenderCredential } from '../platforms/account-side.ts';
import type { CauseCode } from '../platforms/causes/cause.ts';
import { isMissing } from '../platforms/no-credential.ts';
import type { PlatformDescription } from '../platforms/platform.ts';
import { type BotAccount, readBotAccount } from './account-state.ts';
import { chooseSender, usableOverrides } from './senders.ts';

/** Why it is this account; `own_bot_*` and `default_bot_*` say what keeps that one from speaking. */
export const SENDER_REASONS = [
  'own_bot',
  'default_bot',
  'environment',
  'own_bot_off',
  'own_bot_not_entitled',
  'own_bot_relink',
  'own_bot_unreadable',
  'default_bot_relink',
  'default_bot_unreadable',
  'no_bot',
] as const satisfies readonly CauseCode[];

export type SenderReason = (typeof SENDER_REASONS)[number];

export interface EffectiveSender {
  /** `none`: nobody can speak there. */
  readonly kind: SenderCredential['kind'] | 'none';
  readonly login: string | null;
  readonly displayName: string | null;
  readonly reason: SenderReason;
}

/** A row that makes an account a bot. */
export interface BotRow {
  readonly accountId: ExternalAccountId;
  readonly enabled: boolean;
  readonly updatedAt: Date;
}

export type SenderName = Pick<EffectiveSender, 'login' | 'displayName'>;

export interface StoredSenderDeps {
  readonly db: Db;
  readonly seal: TokenSeal;
  readonly clock: Clock;
  readonly platform: Pick<PlatformDescription, 'tables'>;
  /** Absent where the platform's environment names no sender. */
  readonly legacySender?: (db: Db) => Promise<LegacySender | null>;
}

export class StoredSenders {
  readonly #deps: StoredSenderDeps;

  constructor(deps: StoredSenderDeps) {
    this.#deps = deps;
  }

  /** The channel's own bot, switched on or off. @throws where the table is missing */
  async ownBot(channelId: ChannelId): Promise<BotRow | null> {
    const { db, platform } = this.#deps;
    const { rows } = await sql<BotRow>`
      select "externalAccountId" as "accountId", enabled, "updatedAt" from ${sql.table(platform.tables.override)}
      where "channelId" = ${channelId}
    `.execute(db);
    return rows[0] ?? null;
  }

  /** Of several the newest counts. @throws where the table is missing */
  async defaultBot(): Promise<BotRow | null> {
    const { db, platform } = this.#deps;
    const { rows } = await sql<BotRow>`
      select "externalAccountId" as "accountId", enabled, "updatedAt" from ${sql.table(platform.tables.defaultCredential)}
      where enabled order by "updatedAt" desc limit 1
    `.execute(db);
    return rows[0] ?? null;
  }

  /** Null when it is not linked (any more). */
  async account(accountId: ExternalAccountId): Promise<BotAccount | null> {
    const { db, seal, clock } = this.#deps;
    return readBotAccount({ db, seal, now: clock.now() }, accountId);
  }

  /** Tables that are not there name nobody (docs/contract/http-api.md#feature-not-available). @param channelId null: where there is no own bot */
  async effective(channelId: ChannelId | null): Promise<EffectiveSender> {
    return (await this.#choose(channelId)).effective;
  }

  /** Who speaks where there is no own bot, and when the default bot has to be linked again, where its platform tells. */
  async shared(): Promise<{ readonly effective: EffectiveSender; readonly grantEndsAt: Date | null }> {
    const { effective, defaultAccount } = await this.#choose(null);
    return { effective, grantEndsAt: defaultAccount?.grantEndsAt ?? null };
  }

  async #choose(
    channelId: ChannelId | null,
  ): Promise<{ readonly effective: EffectiveSender; readonly defaultAccount: BotAccount | null }> {
    const own = channelId && (await nullWithoutTable(this.ownBot(channelId)));
    const usableId = own?.enabled && channelId ? await nullWithoutTable(this.#usableOverride(channelId)) : null;
    const trouble: Partial<Record<'override' | 'default', SenderReason>> = {};
    let defaultAccount: BotAccount | null = null;
    if (own && usableId === null) trouble.override = own.enabled ? 'own_bot_not_entitled' : 'own_bot_off';
    const chosen = await chooseSender<SenderName>(usableId, {
      defaultAccount: async () => (await nullWithoutTable(this.defaultBot()))?.accountId ?? null,
      account: async (accountId, kind) => {
        const account = await this.account(accountId);
        if (kind === 'default') defaultAccount = account;
        if (account?.state === 'ok') return account;
        const state = account?.state ?? 'relink';
        trouble[kind] = kind === 'override' ? `own_bot_${state}` : `default_bot_${state}`;
        return 'none';
      },
      environment: () => this.environment(),
    });
    const { kind, voice } = isMissing(chosen) ? NOBODY : chosen;
    const { login, displayName } = voice;
    const reason = trouble.override ?? trouble.default ?? WITHOUT_TROUBLE[kind];
    return { effective: { kind, login, displayName, reason }, defaultAccount };
  }

  async #usableOverride(channelId: ChannelId): Promise<ExternalAccountId | null> {
    const { db, platform, clock } = this.#deps;
    const { rows } = await sql<{ id: ExternalAccountId }>`
      select own."externalAccountId" as id from (${usableOverrides(platform.tables, clock.now())}) own
      where own."channelId" = ${channelId}
    `.execute(db);
    return rows[0]?.id ?? null;
  }

  /** Whom the environment names. Tokens of its own are taken for usable: their worker finds out. */
  async environment(): Promise<SenderName | NoCredential> {
    const sender = await this.#deps.legacySender?.(this.#deps.db);
    if (sender == null) return 'none';
    if (sender.accountId === null) return { login: sender.login, displayName: null };
    const account = await this.account(sender.accountId);
    return account?.state === 'ok' ? account : 'none';
  }
}

export const NOBODY = { kind: 'none', voice: { login: null, displayName: null } } as const;

export const WITHOUT_TROUBLE: Readonly<Record<EffectiveSender['kind'], SenderReason>> = {
  override: 'own_bot',
  default: 'default_bot',
  legacy: 'environment',
  none: 'no_bot',
};

async function nullWithoutTable<T>(reading: Promise<T | null>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (isMissingSchema(error)) return null;
    throw error;
  }
}
