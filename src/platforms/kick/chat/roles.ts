/** What badges say about a chatter (docs/platforms/kick.md#user-object). */
import type { Role } from '../../platform.ts';

/** `founder` is worn in the place of `subscriber` by the first ones; `sub_gifter`, `og`, `verified` and what is unknown say nothing about a role. */
const ROLES: Readonly<Record<string, Role>> = {
  broadcaster: 'moderator',
  moderator: 'moderator',
  vip: 'vip',
  subscriber: 'subscriber',
  founder: 'subscriber',
};

export function rolesOf(badges: readonly string[]): Role[] {
  return [...new Set(badges.flatMap((badge) => (Object.hasOwn(ROLES, badge) ? [ROLES[badge] as Role] : [])))];
}
