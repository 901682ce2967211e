/** Who a Twitch account is: asked by its id, or by its own token. */
import { PlatformRefused } from '../../../lib/errors.ts';
import type { Helix } from './client.ts';
import { usersAnswer } from './helix.external.ts';

export interface TwitchUser {
  readonly id: string;
  /** Lower-case. */
  readonly login: string;
  readonly displayName: string;
  readonly avatarUrl: string | null;
}

/** @returns null when there is no such account, or it is suspended */
export async function findUser(helix: Helix, id: string): Promise<TwitchUser | null> {
  return firstUser(await helix.asApp({ path: `/users?${new URLSearchParams({ id })}` }));
}

/** @throws PlatformRefused when the token belongs to nobody */
export async function ownUser(helix: Helix, accessToken: string): Promise<TwitchUser> {
  const user = firstUser(await helix.asUser(accessToken, { path: '/users' }));
  if (user === null) throw new PlatformRefused('Twitch does not know whose token that is');
  return user;
}

function firstUser(json: unknown): TwitchUser | null {
  const parsed = usersAnswer.safeParse(json);
  if (!parsed.success) throw new PlatformRefused('Twitch described users in an unknown form');
  const user = parsed.data.data[0];
  return user === undefined
    ? null
    : {
        id: user.id,
        login: user.login.toLowerCase(),
        displayName: user.display_name.trim() || user.login,
        avatarUrl: user.profile_image_url || null,
      };
}
