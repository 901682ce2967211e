import { expect, test } from 'vitest';
import { channelNamed, STREAMER, vkvideoWorld } from '../../../../test/support/vkvideo-world.ts';
import type { PlatformUserId } from '../../../lib/brand.ts';
import type { ChatAuthor } from '../../worker-side.ts';
import { readRoleStubs } from './role-stubs.ts';

const room = channelNamed(STREAMER);
const LOOK_UP = '/v1/channel_roles/user';

async function world(env: Readonly<Record<string, string>> = {}) {
  const given = await vkvideoWorld({ env });
  const { sim, side } = given;
  const author = (login: string): ChatAuthor => ({
    platformUserId: sim.addPerson(login).id as PlatformUserId,
    login,
    displayName: login,
    avatarUrl: null,
    roles: new Set(),
  });
  return {
    ...given,
    author,
    give(login: string, name: string): string {
      const channel = sim.channel(STREAMER);
      const { id } = channel.addRole(name);
      channel.standing(sim.addPerson(login).id).roleIds.add(id);
      return id;
    },
    rolesOf: async (given: ChatAuthor) => [...((await side.roleResolver?.roleIds(room, given)) ?? [])],
    lookUps: () => given.calls(LOOK_UP).length,
  };
}

test('what the message carried is believed without a question', async () => {
  const { sim, read, heard, until, give, rolesOf, lookUps } = await world();
  const vip = give('mira_k', 'VIP');
  await read(STREAMER);
  sim.say(STREAMER, 'mira_k', '!hi');
  await until(() => expect(heard).toHaveLength(1));
  expect(await rolesOf(heard[0]?.author as ChatAuthor)).toEqual([vip]);
  expect(lookUps()).toBe(0);
});

test('whoever carried none is asked about once within the life of an answer, also when it is "none"', async () => {
  const { author, give, rolesOf, lookUps, leap } = await world({ VKVIDEO_USER_ROLES_CACHE_TTL_MS: '30000' });
  const vip = give('mira_k', 'VIP');
  const [mira, otto] = [author('mira_k'), author('otto')];
  for (let time = 0; time < 2; time += 1) {
    expect(await rolesOf(mira)).toEqual([vip]);
    expect(await rolesOf(otto)).toEqual([]);
  }
  expect(lookUps()).toBe(2);
  await leap(31_000);
  const second = give('mira_k', 'Regular');
  expect(new Set(await rolesOf(mira))).toEqual(new Set([vip, second]));
});

test('a stub by id wins over one by name, and both over whatever the platform says', async () => {
  const probe = await vkvideoWorld();
  const { id } = probe.sim.addPerson('mira_k');
  const stubs = {
    [STREAMER]: {
      [`user:${id}`]: ['by-id'],
      'LOGIN:Mira_K': ['by-name'],
      'login:otto': ['otto-role'],
      'login:ina': [],
    },
    elsewhere: { 'login:ina': ['elsewhere'] },
  };
  const { author, give, rolesOf, lookUps } = await world({ VKVIDEO_ROLE_STUBS_JSON: JSON.stringify(stubs) });
  give('mira_k', 'VIP');
  expect(author('mira_k').platformUserId).toBe(id);
  expect(await rolesOf(author('mira_k'))).toEqual(['by-id']);
  expect(await rolesOf(author('otto'))).toEqual(['otto-role']);
  expect(lookUps()).toBe(0);
  // An empty list is no stub.
  expect(await rolesOf(author('ina'))).toEqual([]);
  expect(lookUps()).toBe(1);
});

test('stubs that cannot be read are none, with a warning', () => {
  for (const raw of ['{', '[]', '7', 'null', '"text"']) {
    const reading = readRoleStubs(raw);
    expect(reading).toHaveProperty('warning');
    expect('value' in reading && reading.value.find(STREAMER, '1', 'mira_k')).toBeNull();
  }
  const odd = readRoleStubs('{"northpine":7,"southoak":{"user:1":"no list","user:2":[1],"user:3":["kept"]}}');
  expect('value' in odd && odd.value.find('southoak', '3', null)).toEqual(['kept']);
  expect('value' in odd && odd.value.find('southoak', '1', null)).toBeNull();
  expect('value' in odd && odd.value.find('northpine', '3', null)).toBeNull();
});

test('an answer that cannot be had closes the command, is not remembered, and is asked of the streamer too', async () => {
  const { sim, author, give, rolesOf, accounts, events } = await world();
  const vip = give('mira_k', 'VIP');
  const mira = author('mira_k');
  sim.faults.http({ kind: 'answer', status: 502, path: LOOK_UP, times: 1 });
  expect(await rolesOf(mira)).toEqual([]);
  expect(events('vkvideo.channel_roles_user.fetch_failed')).toHaveLength(1);
  const wrongPath = { error: 'unknown_api_method' };
  sim.faults.http({ kind: 'answer', status: 404, path: LOOK_UP, body: wrongPath, times: 1 });
  expect(await rolesOf(mira)).toEqual([]);
  // However often a viewer writes the command.
  expect(events('vkvideo.channel_roles_user.fetch_failed')).toHaveLength(1);

  accounts.shared = accounts.link('helperbot', ['chat:message:send']);
  expect(await rolesOf(mira)).toEqual([]);
  accounts.owners.set(room.channelId, accounts.link(STREAMER, ['channel:roles']));
  expect(await rolesOf(mira)).toEqual([vip]);
});

test('a template of the operator is asked in the place of the DevAPI', async () => {
  const probe = await vkvideoWorld();
  const template = `${probe.sim.urls.api}/v1/channel_roles/user?channel_url={channelUrl}&user_id={userId}&id={channelId}`;
  const { rolesOf, author } = await world({ VKVIDEO_CHANNEL_ROLES_USER_URL_TEMPLATE: template });
  await rolesOf(author('mira_k'));
  const [call] = probe.calls(LOOK_UP);
  expect(call?.query).toContain(`channel_url=${STREAMER}`);
  expect(call?.query).toContain(`id=${STREAMER}`);
});
