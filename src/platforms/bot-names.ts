/** Where only the names of bots are asked for, and how a platform is asked as the bot that all channels share. */
import { PlatformRefused, PlatformUnreachable } from '../lib/errors.ts';
import type { CredentialSource, NoCredential, PlatformIdentity } from './account-side.ts';
import { isMissing } from './no-credential.ts';
import type { NameDirectory } from './worker-side.ts';

type Credentials = Pick<CredentialSource, 'defaultSender' | 'renewed'>;

/** Of platforms whose channels are read by an id that stays, or that follow renamed channels in another way. */
export const BOTS_ALONE: Pick<NameDirectory, 'idOf' | 'isGone'> = { idOf: () => null, isGone() {} };

/** For platforms that tell a name only to the account itself: a custom bot keeps its name of the last link. */
export function nameOfDefaultBot(
  credentials: Credentials,
  identify: (accessToken: string) => Promise<PlatformIdentity>,
): NameDirectory {
  return {
    ...BOTS_ALONE,
    // However many are meant, one of them is asked.
    idsPerQuestion: Number.POSITIVE_INFINITY,
    async namesOf() {
      const bot = await asDefaultBot(credentials, identify);
      if (bot === null || bot.login === null) return new Map();
      return new Map([[bot.platformUserId, { login: bot.login, displayName: bot.displayName ?? bot.login }]]);
    },
  };
}

/**
 * A refused token is renewed once, and the call repeated once.
 *
 * @returns null where no account speaks for all, or its grant is over
 * @throws PlatformUnreachable while no token can be had, and what the call throws
 */
export async function asDefaultBot<T>(
  credentials: Credentials,
  call: (accessToken: string) => Promise<T>,
): Promise<T | null> {
  const bot = await credentials.defaultSender();
  if (isMissing(bot)) return without(bot);
  try {
    return await call(bot.accessToken);
  } catch (error) {
    if (!(error instanceof PlatformRefused && error.status === 401)) throw error;
  }
  const renewed = await credentials.renewed(bot, bot.accessToken);
  return isMissing(renewed) ? without(renewed) : call(renewed.accessToken);
}

function without(missing: NoCredential): null {
  switch (missing) {
    case 'none':
      return null;
    case 'unavailable':
      throw new PlatformUnreachable('No token of the default bot is available at the moment');
  }
}
