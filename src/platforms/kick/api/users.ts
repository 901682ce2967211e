/** Who a Kick account is, asked with its own token. */
import { PlatformRefused, PlatformUnreachable } from '../../../lib/errors.ts';
import type { HttpClient } from '../../../lib/http.ts';
import { usersAnswer } from './kick.external.ts';

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
    throw new PlatformUnreachable(`Kick described no user (${answer.status})`);
  }
  const parsed = usersAnswer.safeParse(answer.json());
  const user = parsed.success ? parsed.data.data[0] : undefined;
  if (answer.status !== 200 || user === undefined) {
    throw new PlatformRefused('Kick does not know whose token that is', { status: answer.status });
  }
  const name = user.name.trim() || user.user_id;
  return { id: user.user_id, name, login: name.toLowerCase(), avatarUrl: user.profile_picture || null };
}
