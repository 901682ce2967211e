/** For tests that ask whether there is a credential, and not why there is none. */
import type { Credentials } from '../../src/accounts/credentials.ts';
import type { AccountCredential, NoOwner } from '../../src/platforms/account-side.ts';
import { isMissing } from '../../src/platforms/no-credential.ts';

export function present<C extends object>(credential: C | NoOwner): C | null {
  return isMissing(credential) ? null : credential;
}

/** The same source; null stands for every way of having no credential. */
export function presentOnly(credentials: Credentials) {
  return {
    ...presentMethods(credentials),
    onDefaultSenderChanged: (listener: () => void) => credentials.onDefaultSenderChanged(listener),
    ownAccountIds: () => credentials.ownAccountIds(),
    ownNames: () => credentials.ownNames(),
    invalidate: () => credentials.invalidate(),
  };
}

function presentMethods(credentials: Credentials) {
  return {
    defaultSender: async () => present(await credentials.defaultSender()),
    owner: async (...args: Parameters<Credentials['owner']>) => present(await credentials.owner(...args)),
    senderFor: async (...args: Parameters<Credentials['senderFor']>) => present(await credentials.senderFor(...args)),
    renewed: async <C extends AccountCredential>(credential: C, refusedToken: string): Promise<C | null> =>
      present(await credentials.renewed(credential, refusedToken)),
  };
}
