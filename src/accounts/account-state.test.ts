import { expect, test } from 'vitest';
import { BOT, credentialsWorld, HOUR_MS, sealKey } from '../../test/support/credentials-world.ts';
import type { ExternalAccountId } from '../lib/brand.ts';
import { createTokenSeal, type TokenSeal } from '../lib/token-seal.ts';
import { readBotAccount } from './account-state.ts';

async function world() {
  const world = await credentialsWorld();
  const { db, clock } = world;
  return {
    ...world,
    async state(id: ExternalAccountId, seal: TokenSeal = world.seal) {
      return readBotAccount({ db, seal, now: clock.now() }, id);
    },
  };
}

test('an account that can be used or renewed is ok', async () => {
  const { account, state, clock } = await world();
  const id = await account({ login: BOT });
  await clock.advance(2 * HOUR_MS);
  expect(await state(id)).toMatchObject({ state: 'ok', reason: null, grantEndsAt: null });
});

test('a grant that its platform ended asks to be linked again and says why; the new link is ok', async () => {
  const { linkedBot, process, sim, state, relink } = await world();
  const id = await linkedBot({ livesMs: 0 });
  sim.faults.revokeGrant(BOT);
  await (await process()).credentials.defaultSender();
  expect(await state(id)).toMatchObject({ state: 'relink', reason: 'invalid_grant' });
  await relink(id, BOT);
  expect(await state(id)).toMatchObject({ state: 'ok', reason: null });
});

test('a token that is over and cannot be renewed is told before anybody tries it', async () => {
  const { account, state, clock } = await world();
  const id = await account({ login: BOT, refreshToken: null });
  expect(await state(id)).toMatchObject({ state: 'ok' });
  await clock.advance(HOUR_MS);
  expect(await state(id)).toMatchObject({ state: 'relink', reason: 'no_refresh_token' });
});

test('tokens that no key opens are unreadable, which is not their owner’s fault', async () => {
  const { account, state } = await world();
  const id = await account({ login: BOT });
  expect(await state(id, createTokenSeal([sealKey(2)]))).toMatchObject({
    state: 'unreadable',
    reason: 'no_key_opens_it',
  });
});

test('accounts that are not linked have no state', async () => {
  const { state } = await world();
  expect(await state('nobody' as ExternalAccountId)).toBeNull();
});
