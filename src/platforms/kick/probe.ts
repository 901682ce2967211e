/** What Kick is asked by a live look: its word about the token, the account where that may be read, and event subscriptions. */
import { z } from 'zod';
import { PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import type { CommonDeps } from '../platform.ts';
import { deviationsOf, deviationsOfApplication, type Probe } from '../probe-side.ts';
import { createKickApi } from './api/client.ts';
import { type KickSettings, kickSettings } from './settings.ts';

const USER_SCOPE = 'user:read';

/** docs/platforms/kick.md#introspect */
const introspection = z.object({
  data: z.object({ active: z.literal(true), token_type: z.literal('user'), scope: z.string(), exp: z.number() }),
});

/** docs/platforms/kick.md#users */
const userList = z.object({ data: z.tuple([z.object({ user_id: z.number().int(), name: z.string().min(1) })]) });

/** docs/platforms/kick.md#event-subscriptions */
const subscriptionList = z.object({
  data: z.array(z.object({ id: z.string(), event: z.string(), version: z.number(), method: z.string() })),
});

export const probe: Probe = async (deps, { accessToken, platformUserId }) => {
  const settings = kickSettings(deps.settings);
  const api = createKickApi(deps, settings);
  const introspected = await introspect(deps, settings, accessToken);
  const scopes = introspection.safeParse(introspected).data?.data.scope.split(/\s+/) ?? [];
  const users = scopes.includes(USER_SCOPE) ? await api.asUser(accessToken, { path: '/users' }) : null;
  const subscriptions = `/events/subscriptions?${new URLSearchParams({ broadcaster_user_id: platformUserId })}`;
  return {
    platformUserId: String(userList.safeParse(users).data?.data[0].user_id ?? '') || null,
    units: 0,
    deviations: [
      ...(introspected === null ? [] : deviationsOf('POST introspect', introspection, introspected)),
      ...(users === null ? [] : deviationsOf('GET /users', userList, users)),
      ...(await deviationsOfApplication('GET /events/subscriptions', async () =>
        deviationsOf('GET /events/subscriptions', subscriptionList, await api.asApp({ path: subscriptions })),
      )),
    ],
  };
};

/** @returns null where no address is configured */
async function introspect({ http }: CommonDeps, { KICK_TOKEN_URL: url }: KickSettings, accessToken: string) {
  if (url === null) return null;
  const headers = { authorization: `Bearer ${accessToken}` };
  const answer = await http(`${url}/introspect`, { method: 'POST', headers });
  if (answer.status >= 500 || answer.status === 429) throw new PlatformUnreachable(`Kick answered ${answer.status}`);
  const inactive = z.object({ data: z.object({ active: z.literal(false) }) }).safeParse(answer.json());
  if (inactive.success) throw new PlatformRefused('Kick calls the token inactive', { status: 401 });
  if (answer.status >= 300) throw new PlatformRefused(`Kick answered ${answer.status}`, { status: answer.status });
  return answer.json();
}
