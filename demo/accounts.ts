/** Accounts people linked. Until they can do it in the API, they are written here. */
import type { LinkedAccount } from '../simulators/world/simulated-platform.ts';
import type { UserId } from '../src/lib/brand.ts';
import type { PlatformDescription } from '../src/platforms/platform.ts';
import { addAccount, makeDefaultBot } from '../test/conformance/rows.ts';
import type { Stack } from './stack.ts';

type Vault = Pick<Stack, 'pool' | 'seal'>;

export function linkAccount(
  { pool, seal }: Vault,
  userId: UserId,
  { id }: PlatformDescription,
  name: string,
  account: LinkedAccount,
): Promise<string> {
  const { accessToken, refreshToken } = account;
  const sealed = {
    ...account,
    accessToken: seal.seal(accessToken),
    refreshToken: refreshToken === null ? null : seal.seal(refreshToken),
  };
  return addAccount(pool.db, id, userId, name, sealed);
}

/** Makes it the account that all channels' bots speak with. */
export async function linkDefaultBot(
  vault: Vault,
  ownerId: UserId,
  platform: PlatformDescription,
  name: string,
  account: LinkedAccount,
): Promise<void> {
  await makeDefaultBot(vault.pool.db, platform, await linkAccount(vault, ownerId, platform, name, account));
}
