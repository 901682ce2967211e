/** Where tokens come from: which account speaks in a channel, which one reads for its owner (docs/contract/workers.md#sender-identity). */
import type { Db } from '../db/pool.ts';
import type { ChannelId, ExternalAccountId, PlatformUserId } from '../lib/brand.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { TokenSeal } from '../lib/token-seal.ts';
import type {
  AccountCredential,
  CredentialSource,
  LegacySender,
  NoCredential,
  NoOwner,
  PlatformOAuth,
  SenderCredential,
} from '../platforms/account-side.ts';
import { isMissing } from '../platforms/no-credential.ts';
import type { PlatformDescription } from '../platforms/platform.ts';
import { AccountGrants, type NoGrant } from './account-grants.ts';
import { type BotAccounts, chooseOwnerAccount, readBotAccounts } from './credentials-queries.ts';
import { EnvironmentSender } from './environment-sender.ts';
import { chooseSender, type Voices } from './senders.ts';
import { type Grant, TokenVault } from './token-vault.ts';

export interface CredentialDeps {
  readonly db: Db;
  readonly seal: TokenSeal;
  readonly platform: Pick<PlatformDescription, 'id' | 'tables' | 'logPrefix' | 'authorAccountColumn'>;
  readonly oauth: PlatformOAuth;
  /** Absent where the platform's environment names no sender. */
  readonly legacySender?: (db: Db) => Promise<LegacySender | null>;
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
  /** When the right to it ends by itself: nobody writes anything then. Null or absent when it does not. */
  readonly overrideEndsAt?: Date | null;
}

export interface Credentials extends CredentialSource {
  /** Override, else default bot, else legacy sender; never the owner's own account. */
  senderFor(channel: SpeakingIn): Promise<SenderCredential | NoCredential>;
  /** Every account that may speak for us, as last known. */
  ownAccountIds(): ReadonlySet<PlatformUserId>;
  /** What the same accounts are called; the same set until it changes. */
  ownNames(): ReadonlySet<string>;
  /** After a `channels` or `credentials` hint, and after hints may have been lost. */
  invalidate(): void;
}

/** `SenderCredential.key` of the legacy sender without an account row; messages it sent name no account. */
export const LEGACY_SENDER_KEY = 'legacy';

export function createCredentialSource(deps: CredentialDeps): Credentials {
  return new SenderCredentials(deps);
}

class SenderCredentials implements Credentials {
  readonly #deps: CredentialDeps;
  readonly #grants: AccountGrants;
  readonly #environment: EnvironmentSender;
  readonly #listeners = new Set<() => void>();
  readonly #voices: Voices<SenderCredential> = {
    defaultAccount: async () => (await this.#botAccounts()).defaultAccountId,
    account: async (accountId, kind) => {
      const grant = await this.#grants.usable(accountId);
      return isMissing(grant) ? noCredential(grant) : credentialOf(grant, kind);
    },
    environment: () => this.#legacySender(),
  };
  /** Overrides that cannot be used, each logged once. */
  readonly #fallenBack = new Map<ChannelId, ExternalAccountId>();
  /** Counts the hints: what was read before the last one is stale. */
  #version = 0;
  #bots: { version: number; accounts: BotAccounts } | null = null;
  #readingBots: { version: number; accounts: Promise<BotAccounts> } | null = null;
  #isReadingFailed = false;
  /** Ids of the bot accounts as they were last read, even when they are stale. */
  #botIds: ReadonlySet<PlatformUserId> = new Set();
  #ownIds: ReadonlySet<PlatformUserId> = new Set();
  #botNames: ReadonlySet<string> = new Set();
  #ownNames: { readonly bots: ReadonlySet<string>; readonly login: string | null; readonly all: ReadonlySet<string> };
  #announced: string | null | undefined;
  #announcing: 'no' | 'once' | 'and_again' = 'no';

  constructor(deps: CredentialDeps) {
    this.#deps = deps;
    this.#ownNames = { bots: this.#botNames, login: null, all: this.#botNames };
    const parts = { ...deps, provider: deps.platform.id };
    this.#grants = new AccountGrants({ ...deps, vault: new TokenVault(parts) });
    this.#environment = new EnvironmentSender({ ...parts, find: deps.legacySender ?? (async () => null) });
    this.invalidate();
  }

  async senderFor({ channelId, overrideEndsAt = null, ...channel }: SpeakingIn) {
    const hasEnded = overrideEndsAt !== null && overrideEndsAt <= this.#deps.clock.now();
    const overrideAccountId = hasEnded ? null : channel.overrideAccountId;
    const chosen = await chooseSender(overrideAccountId, this.#voices);
    const isOverride = !isMissing(chosen) && chosen.kind === 'override';
    this.#noticeFallback(channelId, isOverride ? null : overrideAccountId);
    return isMissing(chosen) ? chosen : chosen.voice;
  }

  async defaultSender(): Promise<SenderCredential | NoCredential> {
    const chosen = await chooseSender(null, this.#voices);
    return isMissing(chosen) ? chosen : chosen.voice;
  }

  async owner(channelId: ChannelId): Promise<AccountCredential | NoOwner> {
    const { db, platform, oauth } = this.#deps;
    const account = await chooseOwnerAccount(db, platform, oauth.scopes.streamer, channelId);
    if (account === null) return 'unlinked';
    const grant = account.isBroken ? 'none' : await this.#grants.usable(account.id);
    return isMissing(grant) ? grant : accountOf(grant);
  }

  async renewed<C extends AccountCredential>(credential: C, refusedToken: string): Promise<C | NoCredential> {
    const { accountId, platformUserId } = credential;
    const grant =
      accountId === null
        ? await this.#environment.renewed(refusedToken)
        : await this.#grants.renewed(accountId, refusedToken);
    if (isMissing(grant)) {
      this.#announce();
      return noCredential(grant);
    }
    // The environment may name somebody else by now.
    if (grant.platformUserId !== platformUserId) return 'none';
    const scopes = 'scopes' in grant ? grant.scopes : credential.scopes;
    return { ...credential, accessToken: grant.accessToken, login: grant.login, scopes };
  }

  onDefaultSenderChanged(listener: () => void): void {
    this.#listeners.add(listener);
  }

  ownAccountIds(): ReadonlySet<PlatformUserId> {
    return this.#ownIds;
  }

  ownNames(): ReadonlySet<string> {
    const { login } = this.#environment;
    if (this.#ownNames.bots !== this.#botNames || this.#ownNames.login !== login) {
      const all = login === null ? this.#botNames : new Set([...this.#botNames, login]);
      this.#ownNames = { bots: this.#botNames, login, all };
    }
    return this.#ownNames.all;
  }

  invalidate(): void {
    this.#version += 1;
    this.#environment.invalidate();
    this.#grants.invalidate();
    this.#announce();
  }

  /** @param unusableId the override that should have spoken; null when nobody should, or when it did */
  #noticeFallback(channelId: ChannelId, unusableId: ExternalAccountId | null): void {
    if (unusableId === null) {
      this.#fallenBack.delete(channelId);
      return;
    }
    if (this.#fallenBack.get(channelId) === unusableId) return;
    this.#fallenBack.set(channelId, unusableId);
    const { log, platform } = this.#deps;
    log.warn(`${platform.logPrefix}sender_fallback`, { channelId, overrideExternalAccountId: unusableId });
  }

  /** Of the database; when it fails, what it said last. */
  async #botAccounts(): Promise<BotAccounts> {
    const { db, platform, log } = this.#deps;
    const version = this.#version;
    if (this.#bots?.version === version) return this.#bots.accounts;
    if (this.#readingBots?.version !== version) {
      this.#readingBots = { version, accounts: readBotAccounts(db, platform) };
    }
    const reading = this.#readingBots;
    try {
      const accounts = await reading.accounts;
      this.#isReadingFailed = false;
      if (version === this.#version) this.#bots = { version, accounts };
      this.#botIds = accounts.platformUserIds;
      this.#botNames = accounts.names;
      this.#collectOwnIds();
      return accounts;
    } catch (error) {
      if (this.#readingBots === reading) this.#readingBots = null;
      if (this.#bots === null) throw error;
      if (!this.#isReadingFailed) log.warn(`${platform.logPrefix}sender_lookup_failed`, { error });
      this.#isReadingFailed = true;
      return this.#bots.accounts;
    }
  }

  async #legacySender(): Promise<SenderCredential | NoCredential> {
    const found = await this.#environment.current();
    // With what was read last, even when a hint has overtaken the reading: our own lines come back at once.
    this.#collectOwnIds();
    if (found === null) return 'none';
    if (found.accountId === null) {
      if (isMissing(found.grant)) return found.grant;
      const { expiresAt: _, ...grant } = found.grant;
      return { ...grant, accountId: null, scopes: NO_SCOPES, kind: 'legacy', key: LEGACY_SENDER_KEY };
    }
    const linked = await this.#grants.usable(found.accountId);
    return isMissing(linked) ? noCredential(linked) : credentialOf(linked, 'legacy');
  }

  /** The environment's sender stays: what it said last may still be on its way back to us. */
  #collectOwnIds(): void {
    const { platformUserId, login } = this.#environment;
    const isByLogin = this.#deps.platform.authorAccountColumn === 'login';
    const authorId = isByLogin ? (login as PlatformUserId | null) : platformUserId;
    this.#ownIds = authorId === null ? this.#botIds : new Set([...this.#botIds, authorId]);
  }

  /** Tells of another shared sender; one look at a time, so that the last one told is the last one there was. */
  #announce(): void {
    if (this.#deps.announces === false) return;
    if (this.#announcing === 'no') void this.#lookAndTell();
    else this.#announcing = 'and_again';
  }

  async #lookAndTell(): Promise<void> {
    do {
      this.#announcing = 'once';
      try {
        const identity = await this.#sharedIdentity();
        if (this.#isAskedAgain()) continue;
        if (identity === this.#announced) continue;
        this.#announced = identity;
        for (const listener of this.#listeners) listener();
      } catch (error) {
        // Nobody asked: whoever needs the sender says so when it cannot be had.
        this.#deps.log.debug(`${this.#deps.platform.logPrefix}sender_lookup_failed`, { error });
      }
    } while (this.#isAskedAgain());
    this.#announcing = 'no';
  }

  #isAskedAgain(): boolean {
    return this.#announcing === 'and_again';
  }

  /**
   * Who speaks for everybody and what it may: another account, other rights, or none (null). A token that runs out
   * while the platform hands out no other changes nothing of this.
   */
  async #sharedIdentity(): Promise<string | null> {
    const { defaultAccountId } = await this.#botAccounts();
    const found = defaultAccountId === null ? await this.#environment.current() : { accountId: defaultAccountId };
    if (found === null) return null;
    if (found.accountId === null) {
      return found.grant === 'none' ? null : [LEGACY_SENDER_KEY, this.#environment.platformUserId].join(' ');
    }
    const grant = await this.#grants.stored(found.accountId);
    if (grant === null || grant.isBroken || grant.accessToken === null) return null;
    return [grant.accountId, grant.login, ...[...grant.scopes].sort()].join(' ');
  }
}

const NO_SCOPES: ReadonlySet<string> = new Set();

/** Whoever speaks is told apart from where it is stored (`StoredSenders`): here it only is not there. */
function noCredential(missing: NoGrant): NoCredential {
  return missing === 'unreadable' ? 'none' : missing;
}

function accountOf(grant: Grant & { accessToken: string }): AccountCredential {
  const { accountId, platformUserId, login, accessToken, scopes } = grant;
  return { accountId, platformUserId, login, accessToken, scopes };
}

function credentialOf(grant: Grant & { accessToken: string }, kind: SenderCredential['kind']): SenderCredential {
  return { ...accountOf(grant), kind, key: grant.accountId };
}
