/** Opens what tells a worker of senders: their tokens, and who speaks for everybody. */
import { type Credentials, createCredentialSource } from '../../accounts/credentials.ts';
import type { Db } from '../../db/pool.ts';
import type { TokenSeal } from '../../lib/token-seal.ts';
import type { CommonDeps, Platform } from '../../platforms/platform.ts';
import { SharedSender } from './shared-sender.ts';

interface SenderDeps extends CommonDeps {
  readonly db: Db;
  readonly platform: Platform;
  readonly seal: TokenSeal;
}

export function openCredentials(deps: SenderDeps): Credentials {
  return createCredentialSource({ ...deps, oauth: deps.platform.oauth(deps), ...legacySenderOf(deps) });
}

export function openSharedSender(deps: SenderDeps): SharedSender {
  return new SharedSender({ ...deps, ...legacySenderOf(deps) });
}

function legacySenderOf(deps: SenderDeps) {
  const { platform } = deps;
  if (platform.legacySender === undefined) return {};
  return { legacySender: async (db: Db) => platform.legacySender?.({ ...deps, db }) ?? null };
}
