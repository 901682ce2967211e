/** What a streamer should know about a command they saved: where it answers nobody, or less than written (design §9). */
import type { PlatformDescription, PlatformLimits } from '../../platforms/platform.ts';
import { lengthOf } from '../outbox/wording.ts';
import type { Audience } from './audience.ts';

interface SavedCommand extends Audience {
  readonly response: string;
}

interface Place {
  readonly description: Pick<PlatformDescription, 'title' | 'capabilities'>;
  readonly limits: Pick<PlatformLimits, 'message'>;
}

/** @returns English sentences, one per matter; empty when the command does everywhere what it says */
export function commandWarnings(platforms: readonly Place[], command: SavedCommand): string[] {
  const warnings: string[] = [];
  if (/^[/.]/.test(command.response)) warnings.push('A leading / or . is removed from the answer before it is sent');
  if (command.allowedRoles.includes('follower')) warnings.push('The role follower matches nobody on any platform');
  const closed = platforms.filter(({ description }) => admitsNobody(description.capabilities, command));
  if (closed.length > 0) warnings.push(`Nobody can use this command on ${titles(closed)}: its roles are unknown there`);
  const tooLong = platforms.filter(
    ({ limits }) => lengthOf(command.response, limits.message.unit) > limits.message.max,
  );
  for (const { description, limits } of tooLong) {
    warnings.push(`The answer is cut to ${limits.message.max} characters on ${description.title}`);
  }
  return warnings;
}

/** A restricted command stays closed where none of its lists can be evaluated. */
function admitsNobody({ roles, hasPlatformRoleIds }: PlatformDescription['capabilities'], audience: Audience): boolean {
  const { allowedUsers, allowedRoles, vkvideoAllowedRoleIds } = audience;
  if (allowedUsers.length > 0 || (allowedRoles.length === 0 && vkvideoAllowedRoleIds.length === 0)) return false;
  if (hasPlatformRoleIds && vkvideoAllowedRoleIds.length > 0) return false;
  return !allowedRoles.some((role) => (roles as readonly string[]).includes(role));
}

function titles(places: readonly Place[]): string {
  return places.map(({ description }) => description.title).join(', ');
}
