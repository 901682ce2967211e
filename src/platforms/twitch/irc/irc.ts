/** Twitch chat over IRC: the reader of all channels and a sender that knows what became of each message. */
import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type { CredentialSource, SenderCredential } from '../../account-side.ts';
import type { ChatReader, ChatSender, ReadChannel, ReaderEvents, SendOutcome, WorkerDeps } from '../../worker-side.ts';
import { bearsWords, toChatMessage } from './chat-message.ts';
import { Connection } from './connection.ts';
import { deliver, NOT_JOINED } from './delivery.ts';
import type { IrcLine } from './line.ts';
import { Overrides } from './overrides.ts';
import { roomName } from './room-names.ts';
import { Rooms } from './rooms.ts';
import type { Session } from './session.ts';
import { Standings } from './standings.ts';
import { Repetitions } from './wording.ts';

export interface IrcDeps {
  /** `TWITCH_IRC_URL` */
  readonly url: string;
  /** `TWITCH_JOINS_PER_10S`; 0 is off. */
  readonly joinsPer10s: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly credentials: CredentialSource;
  readonly events: ReaderEvents;
  readonly isOwnAccount: WorkerDeps['isOwnAccount'];
  readonly limitShare: () => number;
}

export interface Irc {
  readonly reader: Required<ChatReader>;
  readonly sender: ChatSender;
  /** Helix did not take a message of this account, for this reason. */
  refused(channel: ReadChannel, as: SenderCredential, reason: string): void;
  /** Whose chat it is that is read for the channel; null before it was joined. */
  roomId(channel: ReadChannel): string | null;
  /** Twitch does not let us in under the channel's name. */
  isLost(channel: ReadChannel): boolean;
  /** Nobody seems to have the channel's name: its room is joined anew. */
  doubt(channel: ReadChannel): void;
  close(): Promise<void>;
}

/** Nothing is dialled before the reader has a channel to read. */
export function openIrc(deps: IrcDeps): Irc {
  const standings = new Standings();
  const rooms = new Rooms({ ...deps, standings, settled: () => connection.retireOld() });
  const connection = new Connection({
    ...deps,
    listener: {
      up: (session) => rooms.attach(session),
      down: (session) => rooms.detach(session),
      missing: (state) => rooms.linkDown(state),
      line: lineReader(deps, rooms, standings),
    },
  });
  const overrides = new Overrides({ ...deps, standings });
  const find = ({ target }: ReadChannel) => rooms.find(roomName(target) ?? '');
  return {
    reader: {
      setChannels: (channels) => {
        rooms.setChannels(channels);
        if (channels.length > 0) connection.start();
      },
      look: ({ target }) => rooms.look(roomName(target) ?? ''),
    },
    sender: createSender(deps, rooms, connection, overrides, standings),
    refused: (channel, as, reason) => standings.refused(as.platformUserId, roomName(channel.target) ?? '', reason),
    roomId: (channel) => find(channel)?.roomId ?? null,
    isLost: (channel) => roomName(channel.target) === null || (find(channel)?.failures ?? 0) > 0,
    doubt: (channel) => rooms.doubt(roomName(channel.target) ?? ''),
    close: async () => {
      rooms.close();
      await Promise.all([connection.close(), overrides.close()]);
    },
  };
}

function lineReader(deps: IrcDeps, rooms: Rooms, standings: Standings): (session: Session, line: IrcLine) => void {
  const nowMs = () => deps.clock.now().getTime();
  return (session, line) => {
    if (!bearsWords(line)) {
      rooms.handle(session, line);
      return;
    }
    const room = rooms.find(line.params);
    if (room) rooms.heard(room, session);
    const message = room && toChatMessage(line, room.channel.channelId, deps.isOwnAccount, nowMs);
    if (!message) return;
    // The only sight of an account that speaks by Helix alone: it has no connection that is told its badges.
    if (message.isOwn) standings.shown(message.author.platformUserId, room.name, line.tags);
    deps.events.message(message);
  };
}

function createSender(
  deps: IrcDeps,
  rooms: Rooms,
  connection: Connection,
  overrides: Overrides,
  standings: Standings,
): ChatSender {
  const { clock, log } = deps;
  const repetitions = new Repetitions(clock);
  const hasOwnConnection = (as: SenderCredential) => as.kind === 'override' && as.key !== connection.key;

  const sendAsDefault = async (
    channel: ReadChannel,
    name: string,
    text: string,
    deadlineMs: number,
  ): Promise<SendOutcome> => {
    const room = rooms.find(name);
    const session = room?.joinedOn;
    if (!room || !session || session.key !== connection.key) return NOT_JOINED;
    log.info('chatbot.say.sender', { channelId: channel.channelId, sender: 'global', overrideExternalAccountId: null });
    const utterance = repetitions.begin(`${session.key} ${name}`, text);
    const wording = utterance.wording(standings.isPrivileged(session.userId, name));
    const outcome = await deliver(session, name, wording, deadlineMs, clock);
    if (outcome.kind !== 'sent') standings.refused(session.userId, name, outcome.reason);
    return utterance.end(outcome);
  };

  return {
    async send(channel, text, as, deadlineMs) {
      const name = roomName(channel.target);
      if (name === null) return { kind: 'rejected', reason: 'invalid_login' };
      if (!hasOwnConnection(as)) {
        return as.key === connection.key ? sendAsDefault(channel, name, text, deadlineMs) : NOT_JOINED;
      }
      const startedMs = clock.monotonicMs();
      const outcome = await overrides.send(channel, name, repetitions.begin(`${as.key} ${name}`, text), as, deadlineMs);
      if (outcome !== 'unusable') return outcome;
      return sendAsDefault(channel, name, text, deadlineMs - (clock.monotonicMs() - startedMs));
    },
    isPrivileged(channel, as) {
      const name = roomName(channel.target);
      // In their own channel streamers need no badge to be known by.
      const roomId = (name === null ? null : rooms.find(name)?.roomId) ?? channel.stableId;
      return roomId === as.platformUserId || (name !== null && standings.isPrivileged(as.platformUserId, name));
    },
  };
}
