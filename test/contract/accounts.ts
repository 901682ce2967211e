/** Accounts on the simulated platforms as links leave them behind, and the bots among them. */
import type pg from 'pg';
import type { ChannelId } from '../../src/lib/brand.ts';
import { platforms } from '../../src/platforms/all.ts';
import type { PlatformDescription } from '../../src/platforms/platform.ts';
import type { Simulators } from './stage.ts';

export type Provider = keyof Simulators;
/** In display order. */
export const PROVIDERS: readonly Provider[] = ['twitch', 'vkvideo', 'youtube', 'trovo', 'kick'];

export interface Accounts {
  /** Somebody with a channel there. */
  streamerOn(provider: Provider, name?: string): PlatformPerson;
  /** Stores the grant of one's own account. @returns its id */
  linkOwn(userId: string, person: PlatformPerson, changed?: Partial<StoredGrant>): Promise<string>;
  /** The account that speaks for everybody, in the place of any other. @returns its id */
  defaultBot(provider: Provider): Promise<string>;
  noDefaultBot(provider: Provider): Promise<void>;
  /** A channel's own bot, linked by the user. @returns the account's id */
  ownBot(channelId: ChannelId, userId: string, provider: Provider): Promise<string>;
  entitle(channelId: ChannelId): Promise<void>;
  /** Switches a bot on without asking anybody. */
  subscribe(provider: Provider, channelId: ChannelId, userId: string, target: string): Promise<void>;
}

export interface PlatformPerson {
  readonly provider: Provider;
  readonly name: string;
  /** What the platform knows the account by. */
  readonly accountId: string;
  /** What it knows the channel by. */
  readonly target: string;
}

interface StoredGrant {
  readonly scopes: string;
  readonly brokenAt: Date | null;
  readonly tokenExpiresAt: Date | null;
  readonly refreshToken: string | null;
}

const OWN_SCOPES: Readonly<Record<Provider, readonly string[]>> = {
  twitch: ['user:read:email', 'moderator:read:followers'],
  vkvideo: [],
  youtube: ['https://www.googleapis.com/auth/youtube.readonly', 'openid'],
  trovo: ['user_details_self', 'chat_connect', 'send_to_my_channel'],
  kick: ['user:read', 'channel:read', 'events:subscribe'],
};

export function accountsIn(db: pg.Pool, sims: Simulators, newName: () => string): Accounts {
  const write = async (text: string, values: unknown[]) => (await db.query(text, values)).rows;
  const tablesOf = (provider: Provider) => descriptionOf(provider).tables;
  const accounts: Accounts = {
    streamerOn: (provider, name = newName()) => streamerOn(sims, provider, name),
    async linkOwn(userId, { provider, name, accountId }, changed = {}) {
      const scopes = OWN_SCOPES[provider];
      const token = provider === 'vkvideo' ? sims.vkvideo.issueToken(name) : sims[provider].issueToken(name, scopes);
      const grant = { scopes: scopes.join(' '), brokenAt: null, tokenExpiresAt: null, refreshToken: token.refresh };
      const { refreshToken, ...rest } = { ...grant, ...changed };
      const rows = await write(
        `insert into "ExternalAccount" ("userId", provider, "providerAccountId", login, "displayName", "accessToken",
           "refreshToken", scopes, "brokenAt", "tokenExpiresAt", "linkedAs")
         values ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, 'link') returning id`,
        [
          userId,
          provider,
          accountId,
          name,
          token.access,
          refreshToken,
          rest.scopes,
          rest.brokenAt,
          rest.tokenExpiresAt,
        ],
      );
      return rows[0].id;
    },
    async defaultBot(provider) {
      await accounts.noDefaultBot(provider);
      const rows = await write(`insert into "User" ("displayName") values ('operator') returning id`, []);
      const id = await accounts.linkOwn(rows[0].id, accounts.streamerOn(provider));
      const table = tablesOf(provider).defaultCredential;
      await write(`insert into "${table}" ("externalAccountId", enabled) values ($1, true)`, [id]);
      return id;
    },
    async noDefaultBot(provider) {
      await write(`delete from "${tablesOf(provider).defaultCredential}"`, []);
    },
    async ownBot(channelId, userId, provider) {
      const id = await accounts.linkOwn(userId, accounts.streamerOn(provider));
      const table = tablesOf(provider).override;
      await write(`insert into "${table}" ("channelId", "externalAccountId", enabled) values ($1, $2, true)`, [
        channelId,
        id,
      ]);
      return id;
    },
    async entitle(channelId) {
      await write(`insert into "ChannelEntitlement" ("channelId", key, enabled) values ($1, 'custom_bot', true)`, [
        channelId,
      ]);
    },
    async subscribe(provider, channelId, userId, target) {
      const { subscription, targetColumn } = tablesOf(provider);
      const owner = provider === 'twitch' ? [] : [userId];
      await write(
        `insert into "${subscription}" ("channelId", "${targetColumn}"${owner.length > 0 ? ', "userId"' : ''})
         values ($1, $2${owner.length > 0 ? ', $3' : ''})`,
        [channelId, target, ...owner],
      );
    },
  };
  return accounts;
}

export function descriptionOf(provider: Provider): PlatformDescription {
  const found = platforms.find(({ id }) => id === provider);
  if (found === undefined) throw new Error(`no such platform: ${provider}`);
  return found;
}

function streamerOn(sims: Simulators, provider: Provider, name: string): PlatformPerson {
  const known = (accountId: string, target: string) => ({ provider, name, accountId, target });
  switch (provider) {
    case 'twitch': {
      const { id, login } = sims.twitch.addChannel(name);
      return known(id, login);
    }
    case 'vkvideo': {
      const { slug } = sims.vkvideo.addChannel(name);
      return known(sims.vkvideo.person(name).id, slug);
    }
    case 'youtube': {
      const { id, ownerId } = sims.youtube.addChannel(name);
      return known(ownerId, id);
    }
    case 'trovo': {
      const { id } = sims.trovo.addPerson(name);
      return known(id, sims.trovo.room(name).id);
    }
    case 'kick': {
      const { id } = sims.kick.addChannel(name);
      return known(id, id);
    }
  }
}
