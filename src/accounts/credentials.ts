/** Where tokens come from: which account speaks in a channel, which one reads for its owner (workers §9). */
import type { Db } from '../db/pool.ts';
import type { ChannelId, ExternalAccountId, PlatformUserId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { TokenSeal } from '../lib/token-seal.ts';
import type {
  AccountCredential,
  CredentialSource,
  LegacySender,
  PlatformDescription,
  PlatformOAuth,
  SenderCredential,
} from '../platforms/platform.ts';
import { AccountGrants } from './account-grants.ts';
import { type BotAccounts, chooseOwnerAccount, hasBotAccount, readBotAccounts } from './credentials-queries.ts';
import { type LegacyGrant, LegacyTokens } from './refresh-legacy.ts';
import { type Grant, isAlive, TokenVault } from './token-vault.ts';

export interface CredentialDeps {
  readonly db: Db;
  readonly seal: TokenSeal;
  readonly platform: Pick<PlatformDescription, 'id' | 'tables' | 'logPrefix'>;
  readonly oauth: PlatformOAuth;
  /** Absent where the platform's environment names no sender. */
  readonly legacySender?: () => Promise<LegacySender | null>;
  /** False where nobody waits for another shared sender: no account is asked for before somebody needs it. */
  readonly announces?: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

export interface SpeakingIn {
  readonly channelId: ChannelId;
  /** Enabled and entitled. */
  readonly overrideAccountId: ExternalAccountId | null;
}

export interface Credentials extends CredentialSource {
  /** Override, else default bot, else legacy sender; never the owner's own account. */
  senderFor(channel: SpeakingIn): Promise<SenderCredential | null>;
  /** Whether some account could speak in the channel; asked of the database. */
  hasSender(channelId: ChannelId): Promise<boolean>;
  /** Every account that may speak for us, as last known. */
  ownAccountIds(): ReadonlySet<PlatformUserId>;
  /** After a `channels` or `credentials` hint, and after hints may have been lost. */
  invalidate(): void;
}

/** `SenderCredential.key` of the legacy sender without an account row; messages it sent name no account. */
export const LEGACY_SENDER_KEY = 'legacy';
/** The environment's sender is found through tables that raise no hints. */
const LEGACY_LOOK_MS = 60_000;

export function createCredentialSource(deps: CredentialDeps): Credentials {
  return new SenderCredentials(deps);
}

class SenderCredentials implements Credentials {
  readonly #deps: CredentialDeps;
  readonly #grants: AccountGrants;
  readonly #legacyTokens: LegacyTokens;
  readonly #listeners = new Set<() => void>();
  /** Channels whose override could not be used: said once. */
  readonly #fallenBack = new Set<ChannelId>();
  /** Counts the hints: what was read before the last one is stale. */
  #version = 0;
  #bots: { version: number; accounts: BotAccounts } | null = null;
  #readingBots: { version: number; accounts: Promise<BotAccounts> } | null = null;
  #legacy: { grant: LegacyGrant | null; accountId: ExternalAccountId | null; atMs: number } | null = null;
  #ownIds: ReadonlySet<PlatformUserId> = new Set();
  #announced: string | null | undefined;

  constructor(deps: CredentialDeps) {
    this.#deps = deps;
    const parts = { ...deps, provider: deps.platform.id };
    this.#grants = new AccountGrants({ ...deps, vault: new TokenVault(parts) });
    this.#legacyTokens = new LegacyTokens({ ...parts, find: deps.legacySender ?? (async () => null) });
    this.invalidate();
  }

  async senderFor({ channelId, overrideAccountId }: SpeakingIn): Promise<SenderCredential | null> {
    if (overrideAccountId === null) return this.defaultSender();
    const grant = await this.#grants.usable(overrideAccountId);
    if (grant !== null) {
      this.#fallenBack.delete(channelId);
      return credentialOf(grant, 'override');
    }
    if (!this.#fallenBack.has(channelId)) {
      this.#fallenBack.add(channelId);
      const { log, platform } = this.#deps;
      log.warn(`${platform.logPrefix}sender_fallback`, { channelId, overrideExternalAccountId: overrideAccountId });
    }
    return this.defaultSender();
  }

  async defaultSender(): Promise<SenderCredential | null> {
    const { defaultAccountId } = await this.#botAccounts();
    if (defaultAccountId === null) return this.#legacySender();
    const grant = await this.#grants.usable(defaultAccountId);
    return grant === null ? null : credentialOf(grant, 'default');
  }

  async owner(channelId: ChannelId): Promise<AccountCredential | null> {
    const { db, platform, oauth } = this.#deps;
    const accountId = await chooseOwnerAccount(db, platform, oauth.scopes.streamer, channelId);
    const grant = accountId === null ? null : await this.#grants.usable(accountId);
    return grant === null ? null : accountOf(grant);
  }

  async renewed<C extends AccountCredential>(credential: C, refusedToken: string): Promise<C | null> {
    const isLegacy = credential.accountId === null;
    const grant = isLegacy
      ? await this.#renewedLegacy(refusedToken)
      : await this.#grants.renewed(credential.accountId, refusedToken);
    if (grant === null) void this.#announce();
    if (grant?.accessToken == null) return null;
    const scopes = 'scopes' in grant ? grant.scopes : credential.scopes;
    return { ...credential, accessToken: grant.accessToken, login: grant.login, scopes };
  }

  onDefaultSenderChanged(listener: () => void): void {
    this.#listeners.add(listener);
  }

  async hasSender(channelId: ChannelId): Promise<boolean> {
    const { db, platform, clock, legacySender } = this.#deps;
    if (await hasBotAccount(db, platform, channelId, clock.now())) return true;
    return (await legacySender?.()) != null;
  }

  ownAccountIds(): ReadonlySet<PlatformUserId> {
    return this.#ownIds;
  }

  invalidate(): void {
    this.#version += 1;
    this.#legacy = null;
    this.#grants.invalidate();
    void this.#announce();
  }

  /** Of the database; when it fails, what it said last. */
  async #botAccounts(): Promise<BotAccounts> {
    const { db, platform, log } = this.#deps;
    const version = this.#version;
    if (this.#bots?.version === version) return this.#bots.accounts;
    if (this.#readingBots?.version !== version) {
      this.#readingBots = { version, accounts: readBotAccounts(db, platform) };
    }
    try {
      const accounts = await this.#readingBots.accounts;
      this.#bots = { version, accounts };
      this.#ownIds = accounts.platformUserIds;
      return accounts;
    } catch (error) {
      this.#readingBots = null;
      if (this.#bots === null) throw error;
      log.warn(`${platform.logPrefix}sender_lookup_failed`, { error });
      return this.#bots.accounts;
    }
  }

  async #legacySender(): Promise<SenderCredential | null> {
    const { legacySender, clock } = this.#deps;
    if (legacySender === undefined) return null;
    const nowMs = clock.monotonicMs();
    const known = this.#legacy;
    const isKnown = known !== null && nowMs - known.atMs < LEGACY_LOOK_MS;
    if (!isKnown || (known.grant !== null && !isAlive(known.grant, clock.now()))) {
      const sender = await legacySender();
      const accountId = sender?.accountId ?? null;
      const grant = sender === null || accountId !== null ? null : await this.#legacyTokens.current(sender);
      this.#legacy = { grant, accountId, atMs: nowMs };
      const ownId = grant?.platformUserId ?? sender?.platformUserId;
      if (ownId) this.#ownIds = new Set([...this.#ownIds, ownId]);
    }
    const { grant = null, accountId = null } = this.#legacy ?? {};
    if (grant !== null) return { ...grant, accountId: null, scopes: NO_SCOPES, kind: 'legacy', key: LEGACY_SENDER_KEY };
    const linked = accountId === null ? null : await this.#grants.usable(accountId);
    return linked === null ? null : credentialOf(linked, 'legacy');
  }

  async #renewedLegacy(refusedToken: string): Promise<LegacyGrant | null> {
    const grant = await this.#legacyTokens.renew(refusedToken);
    this.#legacy = { grant, accountId: null, atMs: this.#deps.clock.monotonicMs() };
    return grant;
  }

  /** Tells of another shared sender: another account, other rights, or none any more. */
  async #announce(): Promise<void> {
    if (this.#deps.announces === false) return;
    try {
      const sender = await this.defaultSender();
      const identity = sender && [sender.key, sender.login, ...[...sender.scopes].sort()].join(' ');
      if (identity === this.#announced) return;
      this.#announced = identity;
      for (const listener of this.#listeners) listener();
    } catch (error) {
      this.#deps.log.warn(`${this.#deps.platform.logPrefix}sender_lookup_failed`, { error });
    }
  }
}

const NO_SCOPES: ReadonlySet<string> = new Set();

function accountOf(grant: Grant & { accessToken: string }): AccountCredential {
  const { accountId, platformUserId, login, accessToken, scopes } = grant;
  return { accountId, platformUserId, login, accessToken, scopes };
}

function credentialOf(grant: Grant & { accessToken: string }, kind: SenderCredential['kind']): SenderCredential {
  return { ...accountOf(grant), kind, key: grant.accountId };
}
