/** What badges and flags say about the standing of a Twitch chatter, or of ourselves, in one channel. */
import type { Role } from '../../platform.ts';
import { tagOf } from './line.ts';

/** Bits of a standing; combined with `|`. */
export const MODERATOR = 1;
export const SUBSCRIBER = 2;
export const VIP = 4;

const BITS: readonly (readonly [bit: number, role: Role])[] = [
  [MODERATOR, 'moderator'],
  [SUBSCRIBER, 'subscriber'],
  [VIP, 'vip'],
];

/** One shared set for every combination, so that a message costs none. */
const SETS: readonly ReadonlySet<Role>[] = Array.from(
  { length: 8 },
  (_, standing) => new Set(BITS.filter(([bit]) => (standing & bit) !== 0).map(([, role]) => role)),
);
const NO_ROLES: ReadonlySet<Role> = new Set();

export function rolesOf(standing: number): ReadonlySet<Role> {
  return SETS[standing] ?? NO_ROLES;
}

/** Reads `set/version,set/version`. The broadcaster counts as moderator: their `mod` flag is 0 (docs/platforms/twitch.md#privmsg). */
export function badgeStanding(badges: string): number {
  let standing = 0;
  let at = 0;
  while (at < badges.length) {
    if (
      badges.startsWith('moderator/', at) ||
      badges.startsWith('broadcaster/', at) ||
      badges.startsWith('lead_moderator/', at)
    ) {
      standing |= MODERATOR;
    } else if (badges.startsWith('subscriber/', at) || badges.startsWith('founder/', at)) standing |= SUBSCRIBER;
    else if (badges.startsWith('vip/', at)) standing |= VIP;
    const comma = badges.indexOf(',', at);
    if (comma === -1) break;
    at = comma + 1;
  }
  return standing;
}

/** Whether a USERSTATE says that we may speak as broadcaster, moderator or VIP. */
export function isPrivilegedState(tags: string): boolean {
  if (tagOf(tags, 'mod') === '1' || tagOf(tags, 'vip') === '1') return true;
  return (badgeStanding(tagOf(tags, 'badges') ?? '') & (MODERATOR | VIP)) !== 0;
}
