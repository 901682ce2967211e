/** All that one simulated Trovo knows: its people, channels, grants and chat. */
import type { Clock } from '../../src/lib/clock.ts';
import { MessageLog } from '../world/messages.ts';
import { type NewPerson, People, type Person, type PersonRef } from '../world/people.ts';
import { Chat } from './chat.ts';
import { LimitBook, type TrovoLimits } from './limits.ts';
import { Room } from './room.ts';
import { ChatTokens } from './socket/chat-tokens.ts';
import { TokenBook } from './tokens.ts';

export interface TrovoState {
  readonly clock: Clock;
  readonly people: People;
  readonly tokens: TokenBook;
  readonly chatTokens: ChatTokens;
  readonly log: MessageLog;
  readonly limits: LimitBook;
  readonly chat: Chat;
  readonly rooms: Rooms;
}

/** The application that a fresh simulator knows. */
export const APPLICATION = { id: 'simulatedtrovoclient00000000000', secret: 'simulatedtrovosecret00000000000' };

export function createState(clock: Clock, limits: TrovoLimits): TrovoState {
  const log = new MessageLog();
  const limitBook = new LimitBook(clock, limits);
  const tokens = new TokenBook(clock);
  tokens.addApplication(APPLICATION);
  return {
    clock,
    people: new People(100_000_001),
    tokens,
    chatTokens: new ChatTokens(clock),
    log,
    limits: limitBook,
    chat: new Chat(clock, limitBook, log),
    rooms: new Rooms(),
  };
}

export interface NewTrovoPerson extends NewPerson {
  /** Equal to the user id in every capture, and nothing to rely on: hence another by default (docs/platforms/trovo.md#rest-endpoints). */
  channelId?: string | undefined;
}

/** @returns the person who already has this login, unchanged, or a new one with a channel: everybody has one */
export function addPerson({ people, rooms }: TrovoState, given: NewTrovoPerson): Person {
  const person = people.add(given);
  rooms.open(person, given.channelId);
  return person;
}

/** @throws when nobody has this login */
export function roomOf({ people, rooms }: TrovoState, ref: PersonRef): Room {
  return rooms.open(people.find(ref));
}

/** Every channel, by its id and by whose it is. */
export class Rooms {
  readonly #byId = new Map<string, Room>();
  readonly #byOwner = new Map<string, Room>();
  #nextId = 500_000_001;

  open(owner: Person, id?: string): Room {
    const known = this.#byOwner.get(owner.id);
    if (known) return known;
    const room = new Room(id ?? String(this.#nextId++), owner);
    this.#byId.set(room.id, room);
    this.#byOwner.set(owner.id, room);
    return room;
  }

  byId(id: string): Room | undefined {
    return this.#byId.get(id);
  }

  all(): Room[] {
    return [...this.#byId.values()];
  }
}
