/** What a streamer should know: where a command answers nobody or less than written, what a platform does unlike others. */
import type { PlatformDescription, PlatformLimits } from '../../platforms/platform.ts';
import { lengthOf } from '../outbox/wording.ts';
import type { Audience } from './audience.ts';

const LIST = new Intl.ListFormat('en-GB', { type: 'conjunction' });

interface SavedCommand extends Audience {
  readonly trigger: string;
  readonly response: string;
}

interface Place {
  readonly description: Pick<PlatformDescription, 'title' | 'capabilities' | 'retiredSince'>;
  readonly limits: Pick<PlatformLimits, 'message'>;
}

/** @returns English sentences, one per matter; empty when the command does everywhere what it says */
export function commandWarnings(platforms: readonly Place[], command: SavedCommand): string[] {
  const warnings: string[] = [];
  if (/^[/.]/.test(command.response)) warnings.push('A leading / or . is removed from the answer before it is sent');
  if (command.allowedRoles.includes('follower'))
    warnings.push('The role follower admits nobody, because no platform reports it');
  const closed = platforms.filter(({ description }) => admitsNobody(description.capabilities, command));
  if (closed.length > 0)
    warnings.push(
      `Nobody can use this command on ${titles(closed)}. The roles that the command requires are not known there.`,
    );
  const tooLong = platforms.filter(({ limits }) => isTooLong(limits, command));
  for (const { description, limits } of tooLong) {
    warnings.push(tooLongOn(description.title, limits, 'The answer is'));
  }
  return warnings;
}

/** @returns what is different on a platform whose bot is switched on, with the commands the channel has */
export function enableWarnings({ description, limits }: Place, commands: readonly SavedCommand[]): string[] {
  const { title, capabilities, retiredSince } = description;
  const warnings: string[] = [];
  if (retiredSince !== undefined) warnings.push(`${title} closed its service on ${retiredSince}`);
  if (capabilities.chatsOffline === 'reads')
    warnings.push(`The bot can write on ${title} only while the channel is live`);
  if (capabilities.chatsOffline === 'neither')
    warnings.push(`${title} has a chat only while the channel is live, so the bot reads and writes only then`);
  const closed = commands.filter((command) => admitsNobody(capabilities, command));
  if (closed.length > 0) {
    warnings.push(`Nobody can use ${triggers(closed)} on ${title}. The required roles are not known there.`);
  }
  const cut = commands.filter((command) => isTooLong(limits, command));
  if (cut.length > 0) {
    const answers = cut.length === 1 ? 'The answer of' : 'The answers of';
    warnings.push(tooLongOn(title, limits, `${answers} ${triggers(cut)} ${cut.length === 1 ? 'is' : 'are'}`));
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

function isTooLong({ message }: Place['limits'], { response }: SavedCommand): boolean {
  return lengthOf(response, message.unit) > message.max;
}

function triggers(commands: readonly SavedCommand[]): string {
  return listed(commands.map(({ trigger }) => trigger));
}

function titles(places: readonly Place[]): string {
  return listed(places.map(({ description }) => description.title));
}

/** As in a sentence: `a, b and c`. */
function listed(names: readonly string[]): string {
  return LIST.format(names);
}

/** @param answers which answers, with the verb */
function tooLongOn(title: string, { message }: Place['limits'], answers: string): string {
  return `${title} allows ${message.max} characters. ${answers} longer and will be cut there.`;
}
