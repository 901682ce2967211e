/** What to do without a credential: the one translation of both reasons into a reader's state and a time to ask again. */
import type { NoOwner } from './account-side.ts';
import type { CauseCode } from './causes/cause.ts';
import type { ReaderState } from './worker-side.ts';

/**
 * How long whoever was told `unavailable` waits before asking again. Two of them are under 5 s: a token is tried again
 * within 5 s of the return of a token endpoint, also when somebody else's failed try has just begun the wait.
 */
export const CREDENTIAL_RETRY_MS = 2000;

/** The platform hands out no token at the moment; nobody has to act. */
export const CREDENTIALS_UNAVAILABLE: ReaderState = { kind: 'degraded', reason: 'credentials_unavailable' };

/** Tells a missing credential from one that is there. */
export function isMissing<C extends object, M extends NoOwner>(credential: C | M): credential is M {
  return typeof credential === 'string';
}

/**
 * @param needed the reason told where a person has to link an account
 * @param first the same where no account was linked before
 */
export function stateWithout(missing: NoOwner, needed: CauseCode, first = needed): ReaderState {
  switch (missing) {
    case 'unlinked':
      return { kind: 'needs_user_action', reason: first };
    case 'none':
      return { kind: 'needs_user_action', reason: needed };
    case 'unreadable':
      return { kind: 'needs_user_action', reason: 'owner_unreadable' };
    case 'unavailable':
      return CREDENTIALS_UNAVAILABLE;
  }
}
