import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { BOT, credentialsWorld, HOUR_MS } from '../../test/support/credentials-world.ts';
import type { ProviderId } from '../lib/brand.ts';
import { createLogger } from '../lib/logger.ts';
import type { GrantedTokens, PlatformOAuth } from '../platforms/account-side.ts';
import { readBotAccount } from './account-state.ts';
import { TokenVault } from './token-vault.ts';

const DAY_MS = 24 * HOUR_MS;
const WEEK_SECONDS = 7 * 24 * 3600;

type Said = Pick<GrantedTokens, 'grantEndsInSeconds'>;

/** A linked account of a platform that says at each refresh what the test wants of the grant's end. */
async function world() {
  const world = await credentialsWorld();
  const { db, seal, clock } = world;
  let said: Said = {};
  const oauth: Pick<PlatformOAuth, 'refresh'> = {
    refresh: async () => ({
      kind: 'refreshed',
      tokens: { accessToken: 'renewed', refreshToken: null, expiresInSeconds: 3600, scopes: null, ...said },
    }),
  };
  const lines: string[] = [];
  const output = new Writable({ write: (line, _encoding, done) => done(void lines.push(String(line))) });
  const log = createLogger({ level: 'warn', clock, output, errorOutput: output });
  const vault = new TokenVault({ db, seal, clock, oauth, provider: 'twitch' as ProviderId, random: () => 0.5, log });
  const id = await world.account({ login: BOT, livesMs: 0 });
  return {
    clock,
    look: () => vault.read(id),
    warnings: () =>
      lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'twitch.token.grant_ends_soon'),
    async renew(saying: Said) {
      said = saying;
      await clock.advance(HOUR_MS);
      expect(await vault.renew(id, 'renewed')).toMatchObject({ kind: 'fresh' });
    },
    endsAt: async () => (await readBotAccount({ db, seal, now: clock.now() }, id))?.grantEndsAt,
  };
}

test('the end a platform tells is kept, and stays where it was when a later answer is silent about it', async () => {
  const { clock, renew, endsAt } = await world();
  await renew({});
  expect(await endsAt()).toBeNull();
  await renew({ grantEndsInSeconds: WEEK_SECONDS });
  const end = new Date(clock.now().getTime() + 7 * DAY_MS);
  expect(await endsAt()).toEqual(end);
  await renew({});
  await renew({ grantEndsInSeconds: null });
  expect(await endsAt()).toEqual(end);
  await renew({ grantEndsInSeconds: WEEK_SECONDS });
  expect(await endsAt()).toEqual(new Date(clock.now().getTime() + 7 * DAY_MS));
});

test('three days before a grant ends the operator is told, once for each end', async () => {
  const { clock, renew, endsAt, look, warnings } = await world();
  await renew({ grantEndsInSeconds: WEEK_SECONDS });
  const end = await endsAt();
  await clock.advance(4 * DAY_MS - 1);
  await look();
  expect(warnings()).toEqual([]);
  await clock.advance(1);
  for (let looks = 0; looks < 3; looks += 1) await look();
  expect(warnings()).toMatchObject([{ level: 'warn', grantEndsAt: end?.toISOString() }]);
});
