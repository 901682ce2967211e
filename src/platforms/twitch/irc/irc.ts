/** Twitch chat over IRC: the reader of all channels and a sender that knows what became of each message. */
import type { Clock } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';
import type {
  ChatReader,
  ChatSender,
  CredentialSource,
  ReadChannel,
  ReaderEvents,
  SenderCredential,
  SendOutcome,
  WorkerDeps,
} from '../../platform.ts';
import { bearsWords, toChatMessage } from './chat-message.ts';
import { Connection } from './connection.ts';
import { deliver, NOT_JOINED } from './delivery.ts';
import type { IrcLine } from './line.ts';
import { Overrides } from './overrides.ts';
import { roomName } from './room-names.ts';
import { Rooms, type RoomsDeps } from './rooms.ts';
import type { Session } from './session.ts';
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
  readonly resolveLogin: RoomsDeps['resolveLogin'];
}

export interface Irc {
  readonly reader: ChatReader;
  readonly sender: ChatSender;
  /** Whose chat it is that is read for the channel; null before it was joined. */
  roomId(channel: ReadChannel): string | null;
  close(): Promise<void>;
}

/** Nothing is dialled before the reader has a channel to read. */
export function openIrc(deps: IrcDeps): Irc {
  const rooms = new Rooms({ ...deps, settled: () => connection.retireOld() });
  const connection = new Connection({
    ...deps,
    listener: {
      up: (session) => rooms.attach(session),
      down: (session) => rooms.detach(session),
      missing: (state) => rooms.linkDown(state),
      line: lineReader(deps, rooms),
    },
  });
  const overrides = new Overrides(deps);
  return {
    reader: {
      setChannels: (channels) => {
        rooms.setChannels(channels);
        if (channels.length > 0) connection.start();
      },
    },
    sender: createSender(deps, rooms, connection, overrides),
    roomId: ({ target }) => rooms.find(roomName(target) ?? '')?.roomId ?? null,
    close: async () => {
      rooms.close();
      await Promise.all([connection.close(), overrides.close()]);
    },
  };
}

function lineReader(deps: IrcDeps, rooms: Rooms): (session: Session, line: IrcLine) => void {
  const nowMs = () => deps.clock.now().getTime();
  return (session, line) => {
    if (!bearsWords(line)) {
      rooms.handle(session, line);
      return;
    }
    const room = rooms.find(line.params);
    const message = room && toChatMessage(line, room.channel.channelId, deps.isOwnAccount, nowMs);
    if (message) deps.events.message(message);
  };
}

function createSender(deps: IrcDeps, rooms: Rooms, connection: Connection, overrides: Overrides): ChatSender {
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
    return utterance.end(await deliver(session, name, utterance.wording(room.isPrivileged), deadlineMs, clock));
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
      if (name === null) return false;
      if (hasOwnConnection(as)) return overrides.isPrivileged(as.key, name);
      return as.key === connection.key && (rooms.find(name)?.isPrivileged ?? false);
    },
  };
}
