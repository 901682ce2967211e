/** What moderators type, without the slash (docs/platforms/trovo.md#command). */
import { CUSTOM_ROLE_TYPE, ROLE_TYPES, type Room, type RoomModes } from '../room.ts';
import type { TrovoState } from '../state.ts';

/** What people see: a done thing, or why nothing was done. */
export type CommandAnswer = { readonly done: string } | string;

type Run = (state: TrovoState, room: Room, given: readonly string[]) => CommandAnswer;

const DONE: CommandAnswer = { done: 'Done.' };

const COMMANDS: Readonly<Record<string, Run>> = {
  mod: withPerson((room, id) => room.setRole(id, { name: 'mod', type: ROLE_TYPES.mod }, true)),
  unmod: withPerson((room, id) => room.setRole(id, { name: 'mod', type: ROLE_TYPES.mod }, false)),
  ban: withPerson((room, id, { clock }, seconds = 'Infinity') =>
    room.bans.set(id, clock.monotonicMs() + Number(seconds) * 1000),
  ),
  unban: withPerson((room, id) => room.bans.delete(id)),
  clear(_state, room) {
    room.history = [];
    return DONE;
  },
  slow: (_state, room, [seconds]) =>
    Number(seconds) > 0 ? changed(room, { slowSeconds: Number(seconds) }) : 'How many seconds?',
  slowoff: (_state, room) => changed(room, { slowSeconds: 0 }),
  followers: (_state, room) => changed(room, { followersOnly: true }),
  followersoff: (_state, room) => changed(room, { followersOnly: false }),
  addrole: roleChange(true),
  removerole: roleChange(false),
  settitle(_state, room, words) {
    room.title = words.join(' ');
    return DONE;
  },
};

export function runCommand(state: TrovoState, room: Room, text: string): CommandAnswer {
  const [name = '', ...given] = text.trim().split(/\s+/);
  const run = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  return run ? run(state, room, given) : `Unknown command ${name}`;
}

function withPerson(change: (room: Room, id: string, state: TrovoState, ...more: string[]) => unknown): Run {
  return (state, room, [login, ...more]) => {
    const person = state.people.byLogin(login?.replace(/^@/, ''));
    if (!person) return `User ${login ?? ''} does not exist.`;
    change(room, person.id, state, ...more);
    return DONE;
  };
}

function roleChange(isHeld: boolean): Run {
  return (state, room, [role = '', login = '']) =>
    withPerson((where, id) => where.setRole(id, { name: role, type: CUSTOM_ROLE_TYPE }, isHeld))(state, room, [login]);
}

function changed(room: Room, modes: Partial<RoomModes>): CommandAnswer {
  room.modes = { ...room.modes, ...modes };
  return DONE;
}
