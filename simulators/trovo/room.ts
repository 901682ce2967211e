/** One channel of the simulated Trovo: its chat, its people's roles and its stream. */
import type { Person } from '../world/people.ts';
import type { Chat } from './chats.ts';

/** Built-in roles and their numbers (docs/platforms/trovo.md#chat-frame). */
export const ROLE_TYPES = {
  streamer: 100_000,
  mod: 100_001,
  editor: 100_002,
  subscriber: 100_004,
  supermod: 100_005,
  follower: 100_006,
  ace: 300_000,
  'ace+': 300_001,
  admin: 500_000,
  warden: 500_001,
} as const;
export type RoleName = keyof typeof ROLE_TYPES;
export const ROLE_NAMES = Object.keys(ROLE_TYPES) as RoleName[];

export const CUSTOM_ROLE_TYPE = 200_000;

/** A role as frames name it; a streamer's own role may be called like a built-in one. */
export interface HeldRole {
  readonly name: string;
  readonly type: number;
}

export interface RoomModes {
  /** 0 is off. */
  slowSeconds: number;
  followersOnly: boolean;
  linksForbidden: boolean;
  /** Whoever writes one of them is stopped. */
  forbiddenWords: readonly string[];
}

/** Whoever is shown the frames of a channel. */
export interface Listener {
  deliver(frame: string): void;
}

const EXEMPT: readonly number[] = [ROLE_TYPES.mod, ROLE_TYPES.supermod, ROLE_TYPES.admin, ROLE_TYPES.warden];

export class Room {
  readonly id: string;
  readonly owner: Person;
  readonly listeners = new Set<Listener>();
  /** Oldest first. */
  history: Chat[] = [];
  modes: RoomModes = { slowSeconds: 0, followersOnly: false, linksForbidden: false, forbiddenWords: [] };
  /** Until when each is banned, on the monotonic clock; for ever is infinity. */
  readonly bans = new Map<string, number>();
  readonly lastMessageMs = new Map<string, number>();
  isLive = false;
  startedAt: Date | null = null;
  endedAt: Date | null = null;
  title = 'A stream';
  categoryId = '10023';
  readonly #roles = new Map<string, HeldRole[]>();

  constructor(id: string, owner: Person) {
    this.id = id;
    this.owner = owner;
  }

  setRole(personId: string, role: HeldRole, held: boolean): void {
    const others = (this.#roles.get(personId) ?? []).filter(
      ({ name, type }) => name !== role.name || type !== role.type,
    );
    this.#roles.set(personId, held ? [...others, role] : others);
  }

  rolesOf(personId: string): readonly HeldRole[] {
    const own = personId === this.owner.id ? [{ name: 'streamer', type: ROLE_TYPES.streamer }] : [];
    return [...own, ...(this.#roles.get(personId) ?? [])];
  }

  has(personId: string, type: number): boolean {
    return this.rolesOf(personId).some((role) => role.type === type);
  }

  /** Streamers, moderators and admins: limits and modes do not apply to them. */
  isExempt(personId: string): boolean {
    return personId === this.owner.id || EXEMPT.some((type) => this.has(personId, type));
  }

  isBanned(personId: string, nowMs: number): boolean {
    return (this.bans.get(personId) ?? Number.NEGATIVE_INFINITY) > nowMs;
  }

  broadcast(frame: string): void {
    for (const listener of this.listeners) listener.deliver(frame);
  }
}
