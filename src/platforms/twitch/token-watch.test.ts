import { expect, test } from 'vitest';
import { ScriptedTwitchApi } from '../../../test/support/scripted-twitch-api.ts';
import { twitchDeps } from '../../../test/support/twitch-api-world.ts';
import type { ExternalAccountId, PlatformUserId } from '../../lib/brand.ts';
import type { AccountCredential, NoCredential, SenderCredential } from '../account-side.ts';
import { createOAuth } from './oauth.ts';
import { TokenWatch } from './token-watch.ts';

const HOUR_MS = 3_600_000;

function sender(key: string, kind: SenderCredential['kind']): SenderCredential {
  const accountId = key as ExternalAccountId;
  const platformUserId = key as PlatformUserId;
  return { accountId, platformUserId, login: key, accessToken: `token-${key}`, scopes: new Set(), kind, key };
}

async function world() {
  const twitch = await ScriptedTwitchApi.start();
  const deps = twitchDeps(twitch);
  const renewals: string[] = [];
  const failing = new Set<string>();
  const { validate = async () => 'unknown' as const } = createOAuth(deps);
  let validated = 0;
  const watch = new TokenWatch({
    ...deps,
    async validate(accessToken) {
      const verdict = await validate(accessToken);
      validated += 1;
      return verdict;
    },
    credentials: {
      async defaultSender() {
        if (failing.has('shared')) throw new Error('database away');
        return sender('shared', 'default');
      },
      async renewed<C extends AccountCredential>(credential: C): Promise<C | NoCredential> {
        renewals.push(credential.accessToken);
        if (failing.has(String(credential.accountId))) throw new Error('database away');
        return credential;
      },
    },
  });
  return { ...deps, twitch, watch, renewals, failing, validated: () => validated };
}

async function until(condition: () => boolean): Promise<void> {
  await expect.poll(condition).toBe(true);
}

test('tokens in use are validated at the start and every hour, and only a dead one is renewed', async () => {
  const { watch, clock, twitch, renewals, validated } = await world();
  watch.start();
  watch.start();
  await until(() => validated() === 1);
  expect(renewals).toEqual([]);

  watch.used(sender('own', 'override'));
  watch.used(sender('shared', 'default'));
  twitch.deadTokens.add('token-own');
  await clock.advance(HOUR_MS);
  await until(() => validated() === 3);
  await until(() => renewals.length === 1);
  expect(renewals).toEqual(['token-own']);
  // Not used since: not asked about.
  await clock.advance(HOUR_MS);
  await until(() => validated() === 4);
});

test('an account that cannot be renewed now leaves the others their turn, and the next round comes all the same', async () => {
  const { watch, clock, twitch, renewals, failing, validated } = await world();
  for (const key of ['first', 'second']) {
    twitch.deadTokens.add(`token-${key}`);
    failing.add(key);
    watch.used(sender(key, 'override'));
  }
  failing.add('shared');
  watch.start();
  await until(() => validated() === 2);
  await until(() => renewals.length === 2);
  failing.clear();
  await clock.advance(HOUR_MS);
  await until(() => validated() === 3);
});

test('a closed watch asks nothing any more', async () => {
  const { watch, clock, validated } = await world();
  watch.start();
  await until(() => validated() === 1);
  watch.close();
  await clock.advance(3 * HOUR_MS);
  expect(clock.pendingTimers).toBe(0);
  expect(validated()).toBe(1);
});
