import { expect, test } from 'vitest';
import type { PlatformUserId } from '../../lib/brand.ts';
import { platforms } from '../../platforms/all.ts';
import type { Role } from '../../platforms/platform.ts';
import type { ChatAuthor } from '../../platforms/worker-side.ts';
import { type Audience, admission, readAudience } from './audience.ts';
import { commandWarnings, enableWarnings } from './warnings.ts';

const nobody: Audience = { allowedUsers: [], allowedRoles: [], vkvideoAllowedRoleIds: [] };

function author(login: string | null, ...roles: Role[]): ChatAuthor {
  const platformUserId = '1' as PlatformUserId;
  return { platformUserId, login, displayName: 'Someone', avatarUrl: null, roles: new Set(roles) };
}

const places = platforms.map((description) => {
  const settings = Object.fromEntries(
    Object.values(description.variables).map((variable) => {
      const reading = variable.read(null, false);
      return [variable.name, 'value' in reading ? reading.value : null];
    }),
  );
  return { description, limits: description.limits(settings) };
});

test('a command without any list is for everybody', () => {
  expect(admission(nobody, author(null))).toBe('admitted');
});

test('any list that names the chatter admits them; a list that cannot be evaluated admits nobody', () => {
  const restricted = { ...nobody, allowedUsers: ['mira_k'], allowedRoles: ['moderator', 'follower'] };
  expect(admission(restricted, author('mira_k'))).toBe('admitted');
  expect(admission(restricted, author('other', 'moderator'))).toBe('admitted');
  expect(admission(restricted, author('other', 'vip', 'subscriber'))).toBe('refused');
  expect(admission(restricted, author(null))).toBe('refused');
});

test('the role ids of the platform are asked for only when nothing else has decided', () => {
  const audience = { ...nobody, allowedUsers: ['mira_k'], vkvideoAllowedRoleIds: ['7'] };
  expect(admission(audience, author('mira_k'))).toBe('admitted');
  expect(admission(audience, author('other'))).toBe('ask_role_ids');
});

test('lists another writer left unreadable close the command; without lists it is for everybody', () => {
  const read = (lists: object) => readAudience({ ...nobody, ...lists });
  expect(read({ allowedUsers: null, allowedRoles: null, vkvideoAllowedRoleIds: null })).toEqual(nobody);
  expect(admission(read({ allowedUsers: [' Mira_K '] }), author('mira_k'))).toBe('admitted');
  for (const stored of ['mira_k', {}, 0, [7], [null]]) {
    for (const list of ['allowedUsers', 'allowedRoles']) {
      expect(admission(read({ [list]: stored }), author('mira_k', 'moderator'))).toBe('refused');
    }
  }
});

test('what is saved says where it will answer nobody or less, and nothing when all is well', () => {
  const warned = (command: Partial<Audience & { response: string }>) =>
    commandWarnings(places, { ...nobody, trigger: '!hi', response: 'hello', ...command });
  expect(warned({})).toEqual([]);
  expect(warned({ allowedUsers: ['mira_k'], allowedRoles: ['vip'] })).toEqual([]);
  expect(warned({ allowedRoles: ['vip'] })).toEqual([
    'Nobody can use this command on VK Video Live, YouTube and Trovo. The roles that the command requires are not known there.',
  ]);
  expect(warned({ allowedRoles: ['follower'] })[0]).toBe(
    'The role follower admits nobody, because no platform reports it',
  );
  expect(warned({ response: '/ban me' })).toEqual(['A leading / or . is removed from the answer before it is sent']);
  expect(warned({ response: 'x'.repeat(201) })).toEqual([
    'YouTube allows 200 characters. The answer is longer and will be cut there.',
  ]);
});

test('a bot that is switched on says what its platform does unlike others, and which commands are affected', () => {
  const warned = (title: string, ...commands: Partial<Audience & { trigger: string; response: string }>[]) => {
    const place = places.find(({ description }) => description.title === title);
    if (place === undefined) throw new Error(`no platform is called ${title}`);
    return enableWarnings(
      place,
      commands.map((command) => ({ ...nobody, trigger: '!hi', response: 'hello', ...command })),
    );
  };
  const forVips = { trigger: '!vip', allowedRoles: ['vip'] };
  const long = { trigger: '!long', response: 'x'.repeat(201) };
  expect(warned('Twitch', forVips, long)).toEqual([]);
  expect(warned('YouTube', {}, forVips, long)).toEqual([
    'YouTube has a chat only while the channel is live, so the bot reads and writes only then',
    'Nobody can use !vip on YouTube. The required roles are not known there.',
    'YouTube allows 200 characters. The answer of !long is longer and will be cut there.',
  ]);
  expect(warned('VK Video Live')).toEqual(['The bot can write on VK Video Live only while the channel is live']);
  expect(warned('Trovo')).toEqual(['Trovo closed its service on 2026-06-30']);
});
