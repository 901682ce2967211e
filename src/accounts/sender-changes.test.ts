import { expect, test, vi } from 'vitest';
import { BOT_SCOPES, credentialsWorld, HOUR_MS } from '../../test/support/credentials-world.ts';
import type { PlatformUserId } from '../lib/brand.ts';
import type { PlatformDescription } from '../platforms/platform.ts';
import { twitch } from '../platforms/twitch/index.ts';
import { signIn } from './login.ts';

test('listeners are told of another account, of other scopes and of no default sender, but not of a refresh', async () => {
  const world = await credentialsWorld();
  const first = await world.account({ login: 'first_bot' });
  await world.defaultBot(first);
  const { credentials, changes } = await world.process({ hears: true });
  const toldOnce = async (times: number, what: string) => {
    await vi.waitFor(() => expect(changes(), what).toBe(times));
    // Whoever asks after the notification gets the new sender.
    return (await credentials.defaultSender())?.login ?? null;
  };
  expect(await toldOnce(1, 'the first')).toBe('first_bot');

  const sender = await credentials.defaultSender();
  const renewed = sender && (await credentials.renewed(sender, sender.accessToken));
  expect(renewed?.accessToken).not.toBe(sender?.accessToken);
  await world.relink(first, 'first_bot');
  await world.relink(first, 'first_bot', [...BOT_SCOPES].reverse());
  await vi.waitFor(async () => {
    const { access } = await world.tokens(first);
    expect((await credentials.defaultSender())?.accessToken).toBe(access);
  });
  expect(changes()).toBe(1);

  await world.relink(first, 'first_bot', ['chat:read', 'chat:edit']);
  expect(await toldOnce(2, 'other scopes')).toBe('first_bot');
  expect((await credentials.defaultSender())?.scopes).toEqual(new Set(['chat:read', 'chat:edit']));

  const second = await world.account({ login: 'second_bot' });
  await world.db.updateTable('GlobalTwitchBotCredential').set({ externalAccountId: second }).execute();
  expect(await toldOnce(3, 'another account')).toBe('second_bot');

  world.sim.faults.revokeGrant('second_bot');
  const dead = await credentials.defaultSender();
  expect(dead && (await credentials.renewed(dead, dead.accessToken))).toBeNull();
  expect(await toldOnce(4, 'none')).toBeNull();

  await world.relink(second, 'second_bot');
  expect(await toldOnce(5, 'linked again')).toBe('second_bot');
});

test('when the token expires while the token endpoint is down, the default sender stays the same', async () => {
  const world = await credentialsWorld();
  await world.defaultBot(await world.account({ login: 'shared_bot' }));
  const { credentials, changes } = await world.process();
  await vi.waitFor(() => expect(changes()).toBe(1));
  world.tokenFault({ kind: 'answer', status: 503 });
  await world.clock.advance(HOUR_MS);
  expect(await credentials.defaultSender()).toBeNull();
  credentials.invalidate();
  await credentials.defaultSender();
  await world.sim.faults.clear();
  await world.clock.advance(5000);
  expect(await credentials.defaultSender()).toMatchObject({ login: 'shared_bot' });
  expect(changes()).toBe(1);
});

test('after several changes at once, listeners know the last default sender', async () => {
  const world = await credentialsWorld();
  const [first, second] = [await world.account({ login: 'first_bot' }), await world.account({ login: 'second_bot' })];
  await world.defaultBot(first);
  const { credentials, changes } = await world.process();
  const told: (string | null)[] = [];
  const asked: Promise<unknown>[] = [];
  credentials.onDefaultSenderChanged(() => {
    asked.push(credentials.defaultSender().then((sender) => told.push(sender?.login ?? null)));
  });
  await vi.waitFor(() => expect(changes()).toBe(1));
  for (const externalAccountId of [second, first, second]) {
    await world.db.updateTable('GlobalTwitchBotCredential').set({ externalAccountId }).execute();
    credentials.invalidate();
  }
  await vi.waitFor(async () => {
    await Promise.all(asked);
    expect(told.at(-1)).toBe('second_bot');
  });
  const before = changes();
  credentials.invalidate();
  await credentials.defaultSender();
  expect(changes()).toBe(before);
});

test('without listeners an expired token is not refreshed until somebody needs the token itself', async () => {
  const world = await credentialsWorld();
  await world.defaultBot(await world.account({ login: 'shared_bot', livesMs: 0 }));
  const { credentials, senders, log } = await world.process({ announces: false });
  credentials.invalidate();
  expect(await senders.effective(await world.channel('room0'))).toMatchObject({ kind: 'default', login: 'shared_bot' });
  expect(world.refreshes()).toBe(0);
  expect(log).toEqual([]);
});

test.for(['by signing in', 'by a writer that does not know the columns of broken accounts'] as const)(
  'an account that is linked again %s speaks again without a restart',
  async (how) => {
    const world = await credentialsWorld();
    const shared = await world.account({ login: 'shared_bot', livesMs: 0 });
    await world.defaultBot(shared);
    const { credentials, changes } = await world.process({ hears: true });
    world.sim.faults.revokeGrant('shared_bot');
    expect(await credentials.defaultSender()).toBeNull();
    await vi.waitFor(async () => expect((await world.row(shared)).brokenReason).toBe('invalid_grant'));
    await vi.waitFor(() => expect(changes()).toBe(2));

    const { access, refresh, scopes } = world.sim.issueToken('shared_bot', BOT_SCOPES);
    for (const secret of [access, refresh ?? '']) world.knownSecret(secret);
    if (how === 'by signing in') {
      const { id } = world.sim.person('shared_bot');
      const identity = { login: 'shared_bot', displayName: null, avatarUrl: null, profileUrl: null };
      // As on a platform without columns in the user table: there the account says which user signs in.
      const { userColumns: _, ...platform }: PlatformDescription = twitch;
      await world.db.updateTable('ExternalAccount').set({ linkedAs: 'login' }).where('id', '=', shared).execute();
      const signing = {
        platform,
        provider: platform.id,
        isAskedAgain: false,
        identity: { ...identity, platformUserId: id as PlatformUserId },
        tokens: { accessToken: access, refreshToken: refresh, expiresInSeconds: 9000, scopes },
        now: world.clock.now(),
      };
      await signIn(world.db, signing, { seal: world.seal, ownerLogins: new Map(), selfSignup: false });
    } else {
      const columns = { accessToken: access, refreshToken: refresh, tokenExpiresAt: null };
      await world.db.updateTable('ExternalAccount').set(columns).where('id', '=', shared).execute();
    }
    await vi.waitFor(async () => expect((await credentials.defaultSender())?.accessToken).toBe(access));
    expect(await world.row(shared)).toMatchObject({ brokenAt: null, brokenReason: null });
    await vi.waitFor(() => expect(changes()).toBe(3));
  },
);
