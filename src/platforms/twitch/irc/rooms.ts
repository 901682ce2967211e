/** The channels to be read: on which connection each is joined, and what is said about those that are not. */

import type { Logger } from '../../../lib/logger.ts';
import type { CauseCode } from '../../causes/cause.ts';
import type { ReadChannel, ReaderEvents, ReaderState } from '../../worker-side.ts';
import { JoinQueue, type JoinQueueDeps } from './join-queue.ts';
import { type IrcLine, roomIn, tagOf } from './line.ts';
import { shareOf } from './pacing.ts';
import { type Forgettable, RoomLooks } from './room-looks.ts';
import { batches, roomName } from './room-names.ts';
import type { Session } from './session.ts';
import type { Standings } from './standings.ts';

export interface RoomsDeps extends JoinQueueDeps {
  readonly log: Logger;
  readonly events: ReaderEvents;
  readonly standings: Standings;
  /** Called when the newest session has nothing left to join. */
  readonly settled: () => void;
}

export interface Room extends Forgettable {
  channel: ReadChannel;
  /** The session that reads it and may speak in it: the newest, or the one before until the newest has joined. */
  joinedOn: Session | null;
  /** As Twitch named it when it was joined; null before. */
  roomId: string | null;
  state: ReaderState | null;
  /** The session on which Twitch last forgot that we are there. */
  forgottenOn: Session | null;
}

/** Channels one account may be in without being moderator there (docs/platforms/twitch.md#joined-channels). */
const UNPRIVILEGED_ROOMS_MAX = 100;
export const JOIN_REFUSALS: Readonly<Record<string, CauseCode>> = {
  msg_banned: 'banned',
  msg_channel_blocked: 'banned',
  msg_channel_suspended: 'suspended',
  msg_suspended: 'suspended',
  tos_ban: 'suspended',
};

export class Rooms {
  readonly #deps: RoomsDeps;
  readonly #rooms = new Map<string, Room>();
  readonly #queue: JoinQueue<Room>;
  readonly #looks: RoomLooks<Room>;
  /** What is said of a new room. */
  #linkState: ReaderState = { kind: 'connecting', reason: null };

  constructor(deps: RoomsDeps) {
    this.#deps = deps;
    this.#queue = new JoinQueue(deps, (silent) => this.#silent(silent));
    this.#looks = new RoomLooks({ clock: deps.clock, queue: this.#queue, rooms: () => this.#rooms.values() });
  }

  /** @param name in any case; each chat line asks, and nearly every one in lower case */
  find(name: string): Room | undefined {
    return this.#rooms.get(name) ?? this.#rooms.get(name.toLowerCase());
  }

  setChannels(channels: readonly ReadChannel[]): void {
    const wanted = new Map<string, ReadChannel>();
    for (const channel of channels) {
      const name = roomName(channel.target);
      if (name === null) this.#deps.events.state(channel.channelId, userAction('invalid_login'));
      else if (wanted.has(name)) this.#deps.events.state(channel.channelId, userAction('duplicate_channel'));
      else wanted.set(name, channel);
    }
    const isUnwanted = (room: Room) => wanted.get(room.name)?.channelId !== room.channel.channelId;
    this.#leave([...this.#rooms.values()].filter(isUnwanted));
    for (const [name, channel] of wanted) this.#want(name, channel);
    this.#queue.pump();
    this.#checkSettled();
  }

  /** A newer session is ready: every room moves to it; what an older one has joined is read there until then. */
  attach(session: Session): void {
    this.#queue.start(session);
    this.#looks.start();
    this.#linkState = { kind: 'connecting', reason: 'join_queued' };
    for (const room of this.#rooms.values()) {
      // A room that refuses keeps its pace: a new connection changes nothing for it.
      if (room.step !== 'refused') this.#queue.wait(room);
      if (room.joinedOn === null && room.failures === 0) this.#tell(room, this.#linkState);
    }
    this.#queue.pump();
    this.#checkSettled();
  }

  detach(session: Session): void {
    if (session === this.#queue.session) this.#queue.stop();
    for (const room of this.#rooms.values()) {
      if (room.joinedOn !== session) continue;
      room.joinedOn = null;
      if (room.step === 'joined') this.#queue.wait(room);
      this.#tell(room, { kind: 'degraded', reason: 'disconnected' });
    }
  }

  /** Why there is no connection, for every room that is not read. */
  linkDown(state: ReaderState): void {
    this.#linkState = state;
    for (const room of this.#rooms.values()) if (room.joinedOn === null) this.#tell(room, state);
  }

  /** A line came from this room over this session, so Twitch has not forgotten that we are there. */
  heard(room: Room, session: Session): void {
    if (room.joinedOn === session) room.provenMs = this.#deps.clock.monotonicMs();
  }

  /** Somebody asks whether the room is still ours. */
  look(name: string): void {
    const room = this.#rooms.get(name);
    if (room) this.#looks.hurry(room);
  }

  /** ROOMSTATE, USERSTATE, NOTICE, our own JOIN and PART; of everything else only that it came. */
  handle(session: Session, line: IrcLine): void {
    const room = this.#rooms.get(roomIn(line));
    if (!room) return;
    this.heard(room, session);
    const isAnswer = session === this.#queue.session && room.step === 'asked';
    switch (line.command) {
      case 'USERSTATE':
        this.#deps.standings.shown(session.userId, room.name, line.tags);
        return;
      case 'ROOMSTATE':
        room.roomId = tagOf(line.tags, 'room-id') ?? room.roomId;
        if (isAnswer) this.#joined(room, session);
        return;
      case 'NOTICE': {
        const reason = JOIN_REFUSALS[tagOf(line.tags, 'msg-id') ?? ''];
        if (!reason) return;
        if (isAnswer) this.#refuse(room, userAction(reason));
        // The answer to a look: we are not there any more. Entering anew tells it in the usual way.
        else if (this.#looks.isAsked(room) && !session.hasInFlight(room.name)) this.doubt(room.name);
        this.#queue.pump();
        return;
      }
      case 'JOIN':
        // Whoever was there is not let in again.
        if (room.joinedOn === session && room.step === 'joined' && this.#looks.isAsked(room)) {
          // Should Twitch begin to answer every look, that is worth one line for each room and no more.
          this.#deps.log[room.forgottenOn === session ? 'debug' : 'warn']('chatbot.room_forgotten', logFields(room));
          room.forgottenOn = session;
        }
        return;
      case 'PART':
        // Only our own are sent to us, under whatever name the account goes by now.
        this.#parted(room, session);
    }
  }

  /** Nobody has the name any more, says Twitch: the answer to another JOIN shows whether the room is there. */
  doubt(name: string): void {
    const room = this.#rooms.get(name);
    if (!room?.joinedOn || room.step !== 'joined') return;
    room.joinedOn.write(`PART ${name}`);
    room.joinedOn = null;
    this.#tell(room, { kind: 'degraded', reason: 'parted' });
    this.#queue.wait(room);
    this.#queue.pump();
  }

  close(): void {
    this.#queue.close();
    this.#looks.close();
    this.#rooms.clear();
  }

  #want(name: string, channel: ReadChannel): void {
    const known = this.#rooms.get(name);
    if (known) {
      known.channel = channel;
      return;
    }
    const room: Room = {
      channel,
      name,
      step: 'waiting',
      joinedOn: null,
      roomId: null,
      failures: 0,
      atMs: 0,
      provenMs: 0,
      lookedMs: Number.NEGATIVE_INFINITY,
      urgency: 0,
      state: null,
      forgottenOn: null,
    };
    this.#rooms.set(name, room);
    this.#queue.wait(room);
    this.#tell(room, this.#linkState);
  }

  #leave(rooms: readonly Room[]): void {
    const bySession = new Map<Session, string[]>();
    for (const room of rooms) {
      this.#rooms.delete(room.name);
      this.#deps.standings.forget(room.name);
      this.#queue.remove(room);
      // A room that was only asked for may still be joined a moment later.
      const sessions = new Set([room.joinedOn, room.step === 'asked' ? this.#queue.session : null]);
      for (const session of sessions) {
        if (!session) continue;
        const names = bySession.get(session);
        if (names) names.push(room.name);
        else bySession.set(session, [room.name]);
      }
      this.#deps.log.info('chatbot.part', logFields(room));
    }
    for (const [session, names] of bySession) {
      for (const list of batches(names)) session.write(`PART ${list}`);
    }
  }

  #joined(room: Room, session: Session): void {
    this.#queue.joined(room);
    room.joinedOn = session;
    this.heard(room, session);
    this.#deps.log.info('chatbot.join', logFields(room));
    this.#tell(room, { kind: 'live', reason: null });
    this.#deps.events.sendable(room.channel.channelId);
    this.#checkSettled();
  }

  #refuse(room: Room, state: ReaderState): void {
    this.#queue.postpone(room);
    this.#deps.log.warn('chatbot.join_failed', { ...logFields(room), reason: state.reason, failures: room.failures });
    if (room.joinedOn === null) this.#tell(room, state);
    // A streamer who renamed is found by their id. Once is enough: the hour comes by itself.
    if (room.failures === 1) this.#deps.events.lost(room.channel.channelId);
    this.#checkSettled();
  }

  /** Silence is all that Twitch says to an unknown channel and to one above the limit (docs/platforms/twitch.md#join-and-part, docs/platforms/twitch.md#joined-channels). */
  #silent(rooms: readonly Room[]): void {
    let unprivileged = 0;
    for (const { name, joinedOn } of this.#rooms.values()) {
      if (joinedOn && !this.#deps.standings.isPrivileged(joinedOn.userId, name)) unprivileged += 1;
    }
    const isFull = unprivileged >= shareOf(UNPRIVILEGED_ROOMS_MAX, this.#deps.limitShare());
    const state: ReaderState = isFull ? userAction('join_limit') : { kind: 'degraded', reason: 'join_unconfirmed' };
    for (const room of rooms) this.#refuse(room, state);
  }

  /** Twitch takes us out of a room when the bot is banned there; the next JOIN is told the reason. */
  #parted(room: Room, session: Session): void {
    if (room.joinedOn !== session) return;
    room.joinedOn = null;
    this.#tell(room, { kind: 'degraded', reason: 'parted' });
    if (room.step === 'joined') this.#queue.rejoin(room);
    this.#queue.pump();
  }

  #checkSettled(): void {
    if (this.#queue.isSettled) this.#deps.settled();
  }

  #tell(room: Room, state: ReaderState): void {
    if (room.state?.kind === state.kind && room.state.reason === state.reason) return;
    room.state = state;
    this.#deps.events.state(room.channel.channelId, state);
  }
}

function logFields(room: Room): { channelId: string; login: string } {
  return { channelId: room.channel.channelId, login: room.name.slice(1) };
}

function userAction(reason: CauseCode): ReaderState {
  return { kind: 'needs_user_action', reason };
}
