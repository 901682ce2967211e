/**
 * Where accounts of ours are broadcaster, moderator or VIP, as Twitch showed it last: in what it answers to a JOIN and to
 * a message, in each line of theirs that comes back, and in refusals that spare those who have a role.
 */
import type { PlatformUserId } from '../../../lib/brand.ts';
import { isPrivilegedState } from './roles.ts';

/** Twitch refuses nothing for these reasons to somebody with a role in the channel. */
const SPARES_ROLES: ReadonlySet<string> = new Set([
  'msg_duplicate',
  'msg_slowmode',
  'msg_emoteonly',
  'msg_subsonly',
  'msg_followersonly',
  'msg_followersonly_followed',
  'msg_followersonly_zero',
]);

export class Standings {
  /** By `#login`: the accounts that have a role there. */
  readonly #privileged = new Map<string, Set<PlatformUserId>>();

  isPrivileged(userId: PlatformUserId, room: string): boolean {
    return this.#privileged.get(room)?.has(userId) ?? false;
  }

  /** @param tags of a line that shows the account's badges in this room */
  shown(userId: PlatformUserId, room: string, tags: string): void {
    this.#set(userId, room, isPrivilegedState(tags));
  }

  /** @param reason Twitch's code for why the account's message was not taken */
  refused(userId: PlatformUserId, room: string, reason: string): void {
    if (SPARES_ROLES.has(reason)) this.#set(userId, room, false);
  }

  forget(room: string): void {
    this.#privileged.delete(room);
  }

  #set(userId: PlatformUserId, room: string, isPrivileged: boolean): void {
    const known = this.#privileged.get(room);
    if (!isPrivileged) known?.delete(userId);
    else if (known) known.add(userId);
    else this.#privileged.set(room, new Set([userId]));
  }
}
