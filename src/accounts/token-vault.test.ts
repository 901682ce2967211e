import { expect, test, vi } from 'vitest';
import { BOT, credentialsWorld, HOUR_MS, sealKey } from '../../test/support/credentials-world.ts';
import { createTokenSeal } from '../lib/token-seal.ts';

const ALMOST_OVER_MS = 60_000;

test('a token with more than 60 s to live is used as it is, one with 60 s or less is refreshed first', async () => {
  const world = await credentialsWorld();
  const id = await world.linkedBot({ livesMs: ALMOST_OVER_MS + 1000 });
  const { credentials } = await world.process();
  const before = await world.tokens(id);
  expect((await credentials.defaultSender())?.accessToken).toBe(before.access);
  expect(world.refreshes()).toBe(0);

  await world.clock.advance(1000);
  const sender = await credentials.defaultSender();
  const after = await world.tokens(id);
  expect(sender?.accessToken).toBe(after.access);
  expect(after).not.toEqual(before);
  expect(world.refreshes()).toBe(1);
});

test('the copy in memory ends with the token: 60 s before its end another one is asked for', async () => {
  const world = await credentialsWorld();
  await world.linkedBot({ livesMs: HOUR_MS });
  const { credentials } = await world.process();
  const first = await credentials.defaultSender();
  await world.clock.advance(HOUR_MS - ALMOST_OVER_MS - 1);
  expect(await credentials.defaultSender()).toEqual(first);
  await world.clock.advance(1);
  expect((await credentials.defaultSender())?.accessToken).not.toBe(first?.accessToken);
});

test('a slow answer does not make a token live longer', async () => {
  const world = await credentialsWorld();
  const id = await world.linkedBot({ livesMs: 0 });
  const { credentials } = await world.process();
  world.sim.setTokenSeconds(4000);
  const askedAt = world.clock.now().getTime();
  world.tokenFault({ kind: 'slow', delayMs: 30_000, times: 1 });
  const asking = credentials.defaultSender();
  await vi.waitFor(() => expect(world.refreshes()).toBe(1));
  expect(await world.passing(asking, 1000)).not.toBeNull();
  expect((await world.row(id)).tokenExpiresAt?.getTime()).toBeLessThanOrEqual(askedAt + 4_000_000);
});

test.for([
  ['about to end', false],
  ['refused', true],
] as const)('ten callers in two processes cost one refresh when a token is %s', async ([, isRefused]) => {
  const world = await credentialsWorld();
  const id = await world.linkedBot({ livesMs: isRefused ? HOUR_MS : 0 });
  const processes = [await world.process(), await world.process()];
  const held = isRefused ? await Promise.all(processes.map(({ credentials }) => credentials.defaultSender())) : [];
  world.sim.faults.expireTokens(BOT);
  const asking = processes.flatMap(({ credentials }, index) =>
    Array.from({ length: 5 }, () => {
      const known = held[index];
      return known ? credentials.renewed(known, known.accessToken) : credentials.defaultSender();
    }),
  );
  const answers = await Promise.all(asking);
  const { access } = await world.tokens(id);
  expect(answers.map((sender) => sender?.accessToken)).toEqual(Array(10).fill(access));
  expect(world.refreshes()).toBe(1);
});

test('a rotated token is stored, sealed, before anybody gets it', async () => {
  const world = await credentialsWorld();
  const id = await world.linkedBot({ livesMs: 0 });
  const { credentials } = await world.process();
  const sender = await credentials.defaultSender();
  const stored = await world.row(id);
  expect(stored.accessToken).toMatch(/^sealed\.v1\./);
  expect(stored.refreshToken).toMatch(/^sealed\.v1\./);
  expect(sender?.accessToken).toBe((await world.tokens(id)).access);
  // And the stored refresh token is the living one.
  world.sim.faults.expireTokens(BOT);
  await world.clock.advance(31_000);
  expect(sender && (await credentials.renewed(sender, sender.accessToken))).not.toBeNull();
});

test('an answer without a refresh token leaves the stored one, and seals it if it was plain', async () => {
  const world = await credentialsWorld({ rotates: false });
  const id = await world.linkedBot({ livesMs: 0, sealed: false });
  const { refresh } = await world.tokens(id);
  world.knownSecret('only-access');
  world.tokenFault({ kind: 'answer', status: 200, body: { access_token: 'only-access', expires_in: 9000 }, times: 1 });
  const { credentials } = await world.process();
  expect(await credentials.defaultSender()).toMatchObject({ accessToken: 'only-access' });
  const stored = await world.row(id);
  expect(stored.refreshToken).toMatch(/^sealed\.v1\./);
  expect((await world.tokens(id)).refresh).toBe(refresh);
  // Scopes that the answer does not name stay too.
  expect(stored.scopes).toBe('chat:read chat:edit user:write:chat');
});

test('a plain token from before sealing is used as it is, and sealed at the next refresh', async () => {
  const world = await credentialsWorld();
  const id = await world.linkedBot({ sealed: false });
  const { credentials } = await world.process();
  const plain = await world.row(id);
  expect((await credentials.defaultSender())?.accessToken).toBe(plain.accessToken);
  await world.clock.advance(HOUR_MS);
  expect(await credentials.defaultSender()).not.toBeNull();
  const stored = await world.row(id);
  expect([stored.accessToken, stored.refreshToken].map((text) => text?.slice(0, 10))).toEqual([
    'sealed.v1.',
    'sealed.v1.',
  ]);
});

test('a token of unknown expiry is valid until it is refused, then refreshed once', async () => {
  const world = await credentialsWorld();
  await world.linkedBot({ livesMs: null });
  const { credentials } = await world.process();
  const sender = await credentials.defaultSender();
  await world.clock.advance(48 * HOUR_MS);
  expect(await credentials.defaultSender()).toEqual(sender);
  expect(world.refreshes()).toBe(0);
  const renewed = sender && (await credentials.renewed(sender, sender.accessToken));
  expect(renewed?.accessToken).not.toBe(sender?.accessToken);
  expect((await credentials.defaultSender())?.accessToken).toBe(renewed?.accessToken);
  expect(world.refreshes()).toBe(1);
});

test('a token refused right after its refresh is not refreshed again and again', async () => {
  const world = await credentialsWorld();
  await world.linkedBot();
  const { credentials } = await world.process();
  const old = await credentials.defaultSender();
  const fresh = old && (await credentials.renewed(old, old.accessToken));
  for (let refusals = 0; refusals < 5; refusals += 1) {
    expect(fresh && (await credentials.renewed(fresh, fresh.accessToken))).toBeNull();
  }
  expect(world.refreshes()).toBe(1);
  await world.clock.advance(31_000);
  expect(fresh && (await credentials.renewed(fresh, fresh.accessToken))).not.toBeNull();
  expect(world.refreshes()).toBe(2);
});

test('a token that lives little longer than it takes to be renewed in time is renewed each time', async () => {
  const world = await credentialsWorld();
  await world.linkedBot({ livesMs: 0 });
  world.sim.setTokenSeconds(ALMOST_OVER_MS / 1000 + 2);
  const { credentials } = await world.process();
  for (let renewals = 1; renewals <= 3; renewals += 1) {
    expect(await credentials.defaultSender()).not.toBeNull();
    expect(world.refreshes()).toBe(renewals);
    await world.clock.advance(2000);
  }
});

test('a token refused here is not handed out again because somebody else asked at the same time', async () => {
  const world = await credentialsWorld();
  const id = await world.linkedBot();
  const { credentials } = await world.process();
  const sender = await credentials.defaultSender();
  if (sender === null) throw new Error('no sender');
  const elsewhere = { ...sender, accessToken: 'an-older-one' };
  const [older, refused] = await Promise.all([
    credentials.renewed(elsewhere, elsewhere.accessToken),
    credentials.renewed(sender, sender.accessToken),
  ]);
  expect(older?.accessToken).toBe(sender.accessToken);
  expect(refused?.accessToken).toBe((await world.tokens(id)).access);
  expect(refused?.accessToken).not.toBe(sender.accessToken);
});

test('a dead grant is marked once, says why, is not tried at every message, and a new link heals it', async () => {
  const world = await credentialsWorld();
  const id = await world.linkedBot();
  const [first, second] = [await world.process(), await world.process()];
  const sender = await first.credentials.defaultSender();
  await second.credentials.defaultSender();
  world.sim.faults.revokeGrant(BOT);
  expect(sender && (await first.credentials.renewed(sender, sender.accessToken))).toBeNull();
  const broken = await world.row(id);
  expect(broken).toMatchObject({ brokenAt: world.clock.now(), brokenReason: 'invalid_grant' });

  for (let messages = 0; messages < 5; messages += 1) {
    await world.clock.advance(10_000);
    expect(await first.credentials.defaultSender()).toBeNull();
    expect(sender && (await second.credentials.renewed(sender, sender.accessToken))).toBeNull();
  }
  expect(world.refreshes()).toBe(1);
  expect((await world.row(id)).brokenAt).toEqual(broken.brokenAt);
  expect(first.events('twitch.token.grant_dead')).toHaveLength(1);

  const token = await world.relink(id, BOT);
  for (const { credentials } of [first, second]) {
    credentials.invalidate();
    expect((await credentials.defaultSender())?.accessToken).toBe(token.access);
  }
});

test('an account that can only be linked anew says so', async () => {
  const world = await credentialsWorld();
  const id = await world.account({ login: BOT, refreshToken: null });
  await world.defaultBot(id);
  const { credentials } = await world.process();
  const sender = await credentials.defaultSender();
  expect(sender && (await credentials.renewed(sender, sender.accessToken))).toBeNull();
  expect((await world.row(id)).brokenReason).toBe('no_refresh_token');
  expect(world.refreshes()).toBe(0);
});

test('with the wrong key there is no sender, nothing is lost, and it is said once; the right key heals', async () => {
  const world = await credentialsWorld();
  const id = await world.linkedBot();
  const { credentials, events } = await world.process({ seal: createTokenSeal([sealKey(2)]) });
  for (let messages = 0; messages < 5; messages += 1) {
    expect(await credentials.defaultSender()).toBeNull();
    await world.clock.advance(6000);
  }
  expect(events('twitch.token.unreadable')).toHaveLength(1);
  expect(events('twitch.token.unreadable')[0]).toMatchObject({ externalAccountId: id });
  expect(world.refreshes()).toBe(0);
  expect((await world.row(id)).brokenAt).toBeNull();

  const rotating = await world.process({ seal: createTokenSeal([sealKey(2), sealKey(1)]) });
  expect((await rotating.credentials.defaultSender())?.accessToken).toBe((await world.tokens(id)).access);
});

test('a process with the wrong key does not give up an account that cannot be renewed', async () => {
  const world = await credentialsWorld();
  const id = await world.linkedBot({ refreshToken: null });
  const { credentials } = await world.process({ seal: createTokenSeal([sealKey(2)]) });
  expect(await credentials.defaultSender()).toBeNull();
  expect((await world.row(id)).brokenAt).toBeNull();
  const right = await world.process();
  expect(await right.credentials.defaultSender()).toMatchObject({ login: BOT });
});
