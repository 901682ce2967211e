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

/** @param ids at most 100 @returns by id; one that is suspended or deleted is missing */
export async function findUsers(helix: Helix, ids: readonly string[]): Promise<ReadonlyMap<string, TwitchUser>> {
  const query = new URLSearchParams();
  for (const id of ids) query.append('id', id);
  const users = usersOf(await helix.asApp({ path: `/users?${query}` }));
  return new Map(users.map((user) => [user.id, user]));
}

/** @param login without a sign in front */
export async function isNameTaken(helix: Helix, login: string): Promise<boolean> {
  return firstUser(await helix.asApp({ path: `/users?${new URLSearchParams({ login })}` })) !== null;
}

/** @throws PlatformRefused when the token belongs to nobody */
export async function ownUser(helix: Helix, accessToken: string): Promise<TwitchUser> {
  const user = firstUser(await helix.asUser(accessToken, { path: '/users' }));
  if (user === null) throw new PlatformRefused('Twitch does not recognise the token');
  return user;
}

function firstUser(json: unknown): TwitchUser | null {
  return usersOf(json)[0] ?? null;
}

function usersOf(json: unknown): TwitchUser[] {
  const parsed = usersAnswer.safeParse(json);
  if (!parsed.success) throw new PlatformRefused('Twitch returned users in an unknown format');
  return parsed.data.data.map((user) => ({
    id: user.id,
    login: user.login.toLowerCase(),
    displayName: user.display_name.trim() || user.login,
    avatarUrl: user.profile_image_url || null,
  }));
}
