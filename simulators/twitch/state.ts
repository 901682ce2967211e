/** All that one simulated Twitch knows: its people, rooms, grants and chat. */
import type { Clock } from '../../src/lib/clock.ts';
import { Grants } from '../world/grants.ts';
import { MessageLog } from '../world/messages.ts';
import { People, type PersonRef } from '../world/people.ts';
import { Chat } from './chat.ts';
import { LimitBook, type TwitchLimits } from './limits.ts';
import type { Room } from './room.ts';

export interface TwitchState {
  readonly clock: Clock;
  readonly people: People;
  readonly grants: Grants;
  readonly log: MessageLog;
  readonly limits: LimitBook;
  readonly chat: Chat;
  /** By broadcaster id. */
  readonly rooms: Map<string, Room>;
}

/** The application that a fresh simulator knows. */
export const APPLICATION = { id: 'simulatedclient0000000000000000', secret: 'simulatedsecret000000000000000' };

export function createState(clock: Clock, limits: TwitchLimits, rotateRefreshTokens: boolean): TwitchState {
  const log = new MessageLog();
  const limitBook = new LimitBook(clock, limits);
  const grants = new Grants(clock, { userTokenSeconds: 14_124, appTokenSeconds: 5_011_271, rotateRefreshTokens });
  grants.addApplication(APPLICATION);
  const chat = new Chat(clock, limitBook, log);
  return { clock, people: new People(5501), grants, log, limits: limitBook, chat, rooms: new Map() };
}

/** @throws when the person has no channel */
export function roomOf({ people, rooms }: TwitchState, ref: PersonRef): Room {
  const person = people.find(ref);
  const room = rooms.get(person.id);
  if (!room) throw new Error(`${person.login} has no channel`);
  return room;
}

/** The room that clients know by this name now. */
export function roomNamed({ people, rooms }: TwitchState, login: string): Room | undefined {
  return rooms.get(people.byLogin(login)?.id ?? '');
}
