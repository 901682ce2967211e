/** Reads every chat of this copy, each over a connection of its own: Trovo's tokens open one chat only (docs/platforms/trovo.md#chat-token). */
import type { ChannelId } from '../../../lib/brand.ts';
import { Turnstile } from '../../../lib/turnstile.ts';
import type { SenderCredential } from '../../account-side.ts';
import type { ChatReader, ReadChannel } from '../../worker-side.ts';
import { Connection, type ConnectionDeps } from './connection.ts';

export type ReaderDeps = Omit<ConnectionDeps, 'standing' | 'looks'>;

/** Each takes a turn of those who have to connect, and stays for some seconds. */
const LOOKS_AT_ONCE = 8;

export interface TrovoReader extends ChatReader {
  /** Whether the account was seen to hold a role there that spares it the rules against spam. */
  isPrivileged(channel: ReadChannel, as: SenderCredential): boolean;
  look(channel: ReadChannel): void;
  /** The channel broadcasts, as Trovo said just now. */
  isLive(channelId: ChannelId): void;
  close(): Promise<void>;
}

/** Nothing is dialled before there is a channel to read. */
export function openReader(deps: ReaderDeps): TrovoReader {
  const connections = new Map<ChannelId, Connection>();
  /** Per channel: those of our accounts that are exempt there. */
  const exempt = new Map<ChannelId, Set<string>>();

  const connectionDeps: ConnectionDeps = {
    ...deps,
    looks: new Turnstile(LOOKS_AT_ONCE),
    standing({ channelId }, platformUserId, isExempt) {
      const known = exempt.get(channelId) ?? new Set();
      if (isExempt) known.add(platformUserId);
      else known.delete(platformUserId);
      exempt.set(channelId, known);
    },
  };

  const leave = (connection: Connection) => {
    const { channelId, target } = connection.channel;
    connections.delete(channelId);
    exempt.delete(channelId);
    deps.log.info('trovo_chatbot.part', { channelId, login: target });
    void connection.close();
  };

  return {
    setChannels(channels) {
      const wanted = new Map(channels.map((channel) => [channel.channelId, channel]));
      for (const connection of connections.values()) {
        const channel = wanted.get(connection.channel.channelId);
        if (channel === undefined || !isSameChat(channel, connection.channel)) leave(connection);
        else connection.channel = channel;
      }
      for (const channel of wanted.values()) {
        if (connections.has(channel.channelId)) continue;
        const connection = new Connection(connectionDeps, channel);
        connections.set(channel.channelId, connection);
        connection.start();
      }
    },
    isPrivileged: ({ channelId }, as) => exempt.get(channelId)?.has(as.platformUserId) ?? false,
    look: ({ channelId }) => connections.get(channelId)?.look(),
    isLive: (channelId) => connections.get(channelId)?.whileLive(),
    async close() {
      await Promise.all([...connections.values()].map((connection) => connection.close()));
    },
  };
}

/** Whether both mean one chat that is opened with the token of one owner. */
function isSameChat(one: ReadChannel, other: ReadChannel): boolean {
  return one.target === other.target && one.ownerUserId === other.ownerUserId;
}
