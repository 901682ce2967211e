/** Methods about channel roles (docs/platforms/vkvideo.md#roles). */
import { z } from 'zod';
import { shownRoles } from '../shapes.ts';
import { bodyOf, data, done, type Methods, queryOf, Refused } from './method.ts';

const PICTURES = { small_url: '', medium_url: '', large_url: '' };
const rolesBody = z.object({ roles: z.array(z.object({ id: z.string() })) });

export const roleMethods: Methods = {
  'GET /v1/channel_roles': {
    by: 'user',
    scope: 'channel:roles',
    inChannel: true,
    run: (_state, { channel }) => data({ roles: channel.roles.map((role) => ({ ...role, ...PICTURES })) }),
  },
  'GET /v1/channel_roles/user': {
    by: 'user',
    scope: 'channel:roles',
    inChannel: true,
    run({ people }, { call, channel }) {
      const user = people.byId(queryOf(call, 'user_id'));
      const roles = user ? shownRoles(channel, user) : [];
      // Nobody is told apart from somebody without roles.
      if (roles.length === 0) throw new Refused(404, 'not_found', 'No roles');
      return data({ roles });
    },
  },
  'POST /v1/channel_roles/user/set': {
    by: 'user',
    scope: 'channel:roles',
    only: 'owner',
    inChannel: true,
    run(_state, { call, channel }) {
      const { roleIds } = channel.standing(queryOf(call, 'user_id'));
      const given = bodyOf(call, rolesBody).roles.map(({ id }) => id);
      if (given.some((id) => !channel.roles.some((role) => role.id === id)))
        throw new Refused(400, 'invalid_request', 'There is no such role');
      roleIds.clear();
      for (const id of given) roleIds.add(id);
      return done;
    },
  },
};
