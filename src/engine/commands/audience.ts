/** Who may use a command: one rule for all platforms (docs/design.md#who-may-trigger-a-command). */
import type { ChatAuthor } from '../../platforms/worker-side.ts';

export interface Audience {
  /** Logins, lower-case; an entry with a leading `@` was stripped of it when it was saved. */
  readonly allowedUsers: readonly string[];
  readonly allowedRoles: readonly string[];
  readonly vkvideoAllowedRoleIds: readonly string[];
}

/** Matches no login, role or id. */
const NOBODY = '';

/** The lists as stored, by us or by another writer: what is no list closes the command instead of opening it to all. */
export function readAudience(stored: Readonly<Record<keyof Audience, unknown>>): Audience {
  return {
    allowedUsers: readList(stored.allowedUsers).map((entry) => entry.trim().toLowerCase()),
    allowedRoles: readList(stored.allowedRoles),
    vkvideoAllowedRoleIds: readList(stored.vkvideoAllowedRoleIds),
  };
}

function readList(stored: unknown): string[] {
  if (stored === null) return [];
  return Array.isArray(stored) ? stored.map(String) : [NOBODY];
}

export type Admission =
  | 'admitted'
  | 'refused'
  /** Only the platform's own role ids can still open it. */
  | 'ask_role_ids';

/** A command is restricted when any of its lists is non-empty; any list that names the chatter admits them. */
export function admission(audience: Audience, author: ChatAuthor): Admission {
  const { allowedUsers, allowedRoles, vkvideoAllowedRoleIds } = audience;
  if (allowedUsers.length === 0 && allowedRoles.length === 0 && vkvideoAllowedRoleIds.length === 0) return 'admitted';
  if (author.login !== null && allowedUsers.includes(author.login)) return 'admitted';
  if (author.otherLogins?.some((login) => allowedUsers.includes(login))) return 'admitted';
  for (const role of author.roles) if (allowedRoles.includes(role)) return 'admitted';
  return vkvideoAllowedRoleIds.length > 0 ? 'ask_role_ids' : 'refused';
}
