/** A Twitch chat client under test with everything it is given: time, a server, accounts, a place for its events. */
import { Writable } from 'node:stream';
import { onTestFinished, vi } from 'vitest';
import type { ChannelId, ExternalAccountId, PlatformChannelId, PlatformUserId } from '../../src/lib/brand.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type { CredentialSource, SenderCredential } from '../../src/platforms/account-side.ts';
import { type Irc, openIrc } from '../../src/platforms/twitch/irc/irc.ts';
import type { ChatMessage, ReadChannel, ReaderState } from '../../src/platforms/worker-side.ts';
import { ManualClock } from './manual-clock.ts';
import { ScriptedTwitchChat } from './scripted-twitch-chat.ts';

/** Bot accounts in memory; `renewals` counts refreshes. */
export class Accounts implements CredentialSource {
  shared: SenderCredential | null = account('helperbot', 'good', 'default');
  /** What a refresh yields; null is a dead grant. */
  nextToken: string | null = null;
  renewals = 0;
  #listeners: (() => void)[] = [];

  defaultSender = async () => this.shared ?? ('none' as const);
  owner = async () => 'none' as const;
  renewed: CredentialSource['renewed'] = async (credential) => {
    this.renewals += 1;
    return this.nextToken === null ? 'none' : { ...credential, accessToken: this.nextToken };
  };
  onDefaultSenderChanged(listener: () => void): void {
    this.#listeners.push(listener);
  }
  change(shared: SenderCredential | null): void {
    this.shared = shared;
    for (const listener of this.#listeners) listener();
  }
}

export interface ChatWorld {
  readonly clock: ManualClock;
  readonly server: ScriptedTwitchChat;
  readonly accounts: Accounts;
  readonly irc: Irc;
  readonly heard: ChatMessage[];
  readonly sendable: string[];
  /** Channels nobody answers for. */
  readonly lost: string[];
  state(slug: string): ReaderState | undefined;
  /** Lets real sockets settle, without moving time, until the expectation holds. */
  until(expectation: () => void): Promise<void>;
}

export async function chatWorld({ joinsPer10s = 0 } = {}): Promise<ChatWorld> {
  const clock = new ManualClock();
  const server = await ScriptedTwitchChat.start(clock);
  const accounts = new Accounts();
  const states = new Map<string, ReaderState>();
  const heard: ChatMessage[] = [];
  const sendable: string[] = [];
  const lost: string[] = [];
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const irc = openIrc({
    url: server.url,
    joinsPer10s,
    clock,
    log: createLogger({ level: 'debug', clock, output: nowhere, errorOutput: nowhere }),
    random: () => 0.5,
    credentials: accounts,
    events: {
      message: (message) => heard.push(message),
      state: (channelId, state) => states.set(channelId, state),
      live: () => {},
      sendable: (channelId) => sendable.push(channelId),
      renamed: () => {},
      lost: (channelId) => lost.push(channelId),
    },
    isOwnAccount: (id: PlatformUserId) => id === 'user-helperbot',
    limitShare: () => 1,
  });
  onTestFinished(async () => {
    await irc.close();
    await server.stop();
  });
  return {
    clock,
    server,
    accounts,
    irc,
    heard,
    sendable,
    lost,
    state: (slug) => states.get(slug),
    until: (expectation) => vi.waitFor(expectation, { timeout: 15_000, interval: 2 }),
  };
}

export function channel(slug: string, stableId: string | null = null): ReadChannel {
  return {
    channelId: slug as ChannelId,
    slug,
    target: slug as PlatformChannelId,
    ownerUserId: null,
    stableId,
    extra: {},
  };
}

export function account(login: string, accessToken: string, kind: SenderCredential['kind']): SenderCredential {
  return {
    kind,
    key: `account-${login}`,
    accountId: `account-${login}` as ExternalAccountId,
    platformUserId: `user-${login}` as PlatformUserId,
    login,
    accessToken,
    scopes: new Set(),
  };
}
