/** One channel's chat room: who is what in it, and what is allowed. */
import type { Person } from '../world/people.ts';
import type { Line } from './irc/wire.ts';

export type Role = 'moderator' | 'vip' | 'subscriber' | 'founder';

export interface RoomModes {
  emoteOnly: boolean;
  /** Minutes of following needed; -1 is off. */
  followersOnly: number;
  uniqueChat: boolean;
  slowSeconds: number;
  subscribersOnly: boolean;
}

export interface Stream {
  readonly id: string;
  readonly startedAt: Date;
  readonly title: string;
  readonly viewerCount: number;
}

/** A connection that sits in rooms. */
export interface Listener {
  readonly accountId: string | null;
  deliver(line: Line): void;
  /** The platform puts it out of the room. */
  expel(room: Room): void;
}

export class Room {
  readonly owner: Person;
  readonly listeners = new Set<Listener>();
  readonly roles = new Map<string, Set<Role>>();
  /** Person id → end of the exclusion in clock milliseconds; infinite for a ban. */
  readonly exclusions = new Map<string, number>();
  /** Person id → since when they follow. */
  readonly followers = new Map<string, Date>();
  readonly knownChatters = new Set<string>();
  readonly lastMessageMs = new Map<string, number>();
  readonly longTexts = new Set<string>();
  modes: RoomModes = {
    emoteOnly: false,
    followersOnly: -1,
    uniqueChat: false,
    slowSeconds: 0,
    subscribersOnly: false,
  };
  stream: Stream | null = null;
  suspended = false;
  /** When somebody last joined, in milliseconds since 1970 with fractions. */
  joinedAtMs: number | null = null;
  /** Rooms that show each other's messages, this one included. */
  sharedWith: readonly Room[] = [];

  constructor(owner: Person) {
    this.owner = owner;
  }

  get id(): string {
    return this.owner.id;
  }

  get name(): string {
    return this.owner.login;
  }

  has(personId: string, role: Role): boolean {
    return this.roles.get(personId)?.has(role) ?? false;
  }

  /** Broadcaster, moderator or VIP: whom most limits spare. */
  isPrivileged(personId: string): boolean {
    return personId === this.id || this.has(personId, 'moderator') || this.has(personId, 'vip');
  }

  setRole(personId: string, role: Role, held: boolean): void {
    const roles = this.roles.get(personId) ?? new Set();
    if (held) roles.add(role);
    else roles.delete(role);
    this.roles.set(personId, roles);
  }

  /** `banned`, `timed out`, or null for somebody who may write. */
  exclusionOf(personId: string, nowMs: number): 'banned' | 'timed out' | null {
    const until = this.exclusions.get(personId);
    if (until === undefined || until <= nowMs) return null;
    return until === Number.POSITIVE_INFINITY ? 'banned' : 'timed out';
  }

  broadcast(line: Line, except?: Listener): void {
    for (const listener of this.listeners) {
      if (listener !== except) listener.deliver(line);
    }
  }

  /** The value of the `badges` tag. */
  badgesOf(personId: string): string {
    const badges: string[] = [];
    if (personId === this.id) badges.push('broadcaster/1');
    if (this.has(personId, 'moderator')) badges.push('moderator/1');
    if (this.has(personId, 'vip')) badges.push('vip/1');
    if (this.has(personId, 'founder')) badges.push('founder/0');
    else if (this.has(personId, 'subscriber')) badges.push('subscriber/12');
    return badges.join(',');
  }

  badgeInfoOf(personId: string): string {
    return this.isSubscriber(personId) ? 'subscriber/14' : '';
  }

  isSubscriber(personId: string): boolean {
    return this.has(personId, 'subscriber') || this.has(personId, 'founder');
  }
}
