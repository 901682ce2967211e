/** Tokens of the pub/sub server: of a connection, and of channels not everybody may read (docs/platforms/vkvideo.md#websocket-tokens). */
import type { CredentialSource } from '../../account-side.ts';
import { isMissing } from '../../no-credential.ts';
import { socketTokenAnswer, subscriptionTokensAnswer } from '../api.external.ts';
import type { Ask, DevApi } from '../api.ts';

export interface Tokens {
  /** Of the account that reads by now. @throws PlatformRefused, PlatformUnreachable */
  connection(): Promise<{ token: string; accountKey: string }>;
  /** Tokens by name; names without access are missing. @throws PlatformRefused, PlatformUnreachable */
  channels(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** Keeps the address of the question short. */
const BATCH = 50;

export function createTokens(
  api: DevApi,
  credentials: Pick<CredentialSource, 'defaultSender' | 'renewed'>,
  ask: Ask,
): Tokens {
  return {
    async connection() {
      const account = await credentials.defaultSender();
      const askAsIt = api.asAccount(credentials, async () => account);
      const token = await askAsIt({ path: '/v1/websocket/token' }, socketTokenAnswer);
      return { token, accountKey: isMissing(account) ? '' : account.key };
    },
    async channels(names) {
      const tokens = new Map<string, string>();
      for (let start = 0; start < names.length; start += BATCH) {
        const channels = names.slice(start, start + BATCH).join(',');
        const request = { path: '/v1/websocket/subscription_token', query: { channels } };
        for (const [name, token] of await ask(request, subscriptionTokensAnswer)) tokens.set(name, token);
      }
      return tokens;
    },
  };
}
