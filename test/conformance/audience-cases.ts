/** Conformance: who may trigger a restricted command, as the platform's capabilities say (docs/design.md#who-may-trigger-a-command). */
import { expect, test } from 'vitest';
import type { Role } from '../../src/platforms/platform.ts';
import { testHaving } from './declared.ts';
import { room, STREAMER, type Subject } from './world.ts';

const ROLES: readonly Role[] = ['vip', 'moderator', 'subscriber'];

export function audienceCases(subject: Subject): void {
  const { roles } = subject.platform.capabilities;

  for (const role of ROLES) {
    const isKnown = roles.includes(role);
    const title = isKnown
      ? `a command for the role ${role} admits those who hold it and ignores everybody else`
      : `a command for the role ${role}, which the platform does not know, admits nobody`;
    test(title, async () => {
      const { answers, sim } = await room(subject, (world, id) =>
        world.addCommand(id, '!role', 'welcome', { allowedRoles: [role] }),
      );
      sim.say(STREAMER, 'mira_k', '!role');
      for (const other of roles.filter((held) => held !== role)) sim.say(STREAMER, `only_${other}`, '!role', other);
      expect(await answers()).toEqual([]);
      if (isKnown) sim.say(STREAMER, `a_${role}`, '!role', role);
      expect(await answers()).toEqual(isKnown ? ['welcome'] : []);
    });
  }

  test('a command for followers admits nobody: no platform tells who follows', async () => {
    const { say, answers } = await room(subject, (world, id) =>
      world.addCommand(id, '!follower', 'welcome', { allowedRoles: ['follower'] }),
    );
    say('mira_k', '!follower');
    expect(await answers()).toEqual([]);
  });

  test('a command for named viewers admits them and ignores everybody else', async () => {
    const { say, answers } = await room(subject, (world, id) =>
      world.addCommand(id, '!named', 'welcome', { allowedUsers: [world.sim.nameInAllowedUsers('mira_k')] }),
    );
    say('stranger', '!named');
    say('mira_k2', '!named');
    expect(await answers()).toEqual([]);
    say('mira_k', '!named');
    expect(await answers()).toEqual(['welcome']);
  });

  test('a command for a role id the platform does not have admits nobody', async () => {
    const { say, answers } = await room(subject, (world, id) =>
      world.addCommand(id, '!id', 'welcome', { vkvideoAllowedRoleIds: ['no-such-role'] }),
    );
    say('mira_k', '!id');
    expect(await answers()).toEqual([]);
  });

  testHaving(
    subject,
    'givePlatformRole',
    "a command for a role id of the platform's own admits those who hold it and ignores everybody else",
    async () => {
      const { say, answers } = await room(subject, async (world, id) => {
        const roleId = world.ability('givePlatformRole')(STREAMER, 'holder');
        await world.addCommand(id, '!id', 'welcome', { vkvideoAllowedRoleIds: [roleId] });
      });
      say('mira_k', '!id');
      expect(await answers()).toEqual([]);
      say('holder', '!id');
      expect(await answers()).toEqual(['welcome']);
    },
  );
}
