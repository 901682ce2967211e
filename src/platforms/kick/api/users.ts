/** Who a Kick account is: asked with its own token, or by its id. */
import type { z } from 'zod';
import { PlatformRefused, PlatformUnreachable } from '../../../lib/errors.ts';
import type { HttpClient } from '../../../lib/http.ts';
import type { KickCall } from './client.ts';
import { usersAnswer } from './kick.external.ts';

type UserAnswer = z.infer<typeof usersAnswer>['data'][number];

export interface KickUser {
  readonly id: string;
  /** The name people see. */
  readonly name: string;
  /** Lower-case. */
  readonly login: string;
  readonly avatarUrl: string | null;
}

/** @throws PlatformRefused when the token belongs to nobody, PlatformUnreachable */
export async function ownUser(http: HttpClient, userInfoUrl: string, accessToken: string): Promise<KickUser> {
  const answer = await http(userInfoUrl, { headers: { authorization: `Bearer ${accessToken}` } });
  if (answer.status >= 500 || answer.status === 429) {
    throw new PlatformUnreachable(`Kick did not return the user (${answer.status})`);
  }
  const parsed = usersAnswer.safeParse(answer.json());
  const user = parsed.success ? parsed.data.data[0] : undefined;
  if (answer.status !== 200 || user === undefined) {
    throw new PlatformRefused('Kick does not recognise the token', { status: answer.status });
  }
  return kickUser(user);
}

/** @returns those of the ids that somebody has. @throws PlatformRefused, PlatformUnreachable */
export async function findUsers(
  ask: (call: KickCall) => Promise<unknown>,
  ids: readonly string[],
): Promise<readonly KickUser[]> {
  const query = new URLSearchParams(ids.map((id): [string, string] => ['id', id]));
  const parsed = usersAnswer.safeParse(await ask({ path: `/users?${query}` }));
  if (!parsed.success) throw new PlatformRefused('Kick returned users in an unknown format');
  return parsed.data.data.map(kickUser);
}

function kickUser({ user_id: id, name: given, profile_picture: picture }: UserAnswer): KickUser {
  const name = given.trim() || id;
  return { id, name, login: name.toLowerCase(), avatarUrl: picture || null };
}
