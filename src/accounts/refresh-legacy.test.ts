import { sql } from 'kysely';
import { expect, test, vi } from 'vitest';
import { BOT_SCOPES, type CredentialsWorld, credentialsWorld, HOUR_MS } from '../../test/support/credentials-world.ts';
import { cuttableLine } from '../../test/support/cuttable-line.ts';

const BOT = 'legacy_bot';

/** A user as installations from before linked accounts have it: tokens in plain text, no expiry. */
async function legacyWorld(options: { rotates?: boolean; displayName?: string; env?: Record<string, string> } = {}) {
  const world = await credentialsWorld({ rotates: options.rotates ?? true });
  const person = world.sim.addPerson(BOT);
  const grant = () => {
    const { access, refresh } = world.sim.issueToken(BOT, BOT_SCOPES);
    for (const secret of [access, refresh ?? '']) world.knownSecret(secret);
    return { twitchAccessToken: access, twitchRefreshToken: refresh ?? '' };
  };
  const userId = await world.user({
    displayName: options.displayName ?? 'Legacy_Bot',
    twitchUserId: person.id,
    ...grant(),
  });
  const env = options.env ?? { CHAT_BOT_LOGIN: BOT };
  return {
    ...world,
    userId,
    start: (more: Parameters<CredentialsWorld['process']>[0] = {}) => world.process({ env, ...more }),
    columns: () =>
      world.db
        .selectFrom('User')
        .select(['twitchAccessToken', 'twitchRefreshToken'])
        .where('id', '=', userId)
        .executeTakeFirstOrThrow(),
    async signInAgain() {
      const columns = grant();
      await world.db.updateTable('User').set(columns).where('id', '=', userId).execute();
      return columns.twitchAccessToken;
    },
  };
}

test('a plain token of the user table speaks until it is refused, then is refreshed once and written back sealed', async () => {
  const { start, columns, clock, refreshes, seal, sim } = await legacyWorld();
  const { credentials } = await start();
  const stored = await columns();
  const sender = await credentials.defaultSender();
  expect(sender).toMatchObject({
    kind: 'legacy',
    key: 'legacy',
    accountId: null,
    login: BOT,
    platformUserId: sim.person(BOT).id,
    accessToken: stored.twitchAccessToken,
  });
  await clock.advance(24 * HOUR_MS);
  expect(await credentials.defaultSender()).toEqual(sender);
  expect(refreshes()).toBe(0);

  const renewed = sender && (await credentials.renewed(sender, sender.accessToken));
  const after = await columns();
  expect(after.twitchAccessToken).toMatch(/^sealed\.v1\./);
  expect(after.twitchRefreshToken).toMatch(/^sealed\.v1\./);
  expect(seal.open(after.twitchAccessToken ?? '')).toBe(renewed?.accessToken);
  expect(seal.open(after.twitchRefreshToken ?? '')).not.toBe(stored.twitchRefreshToken);
  expect(await credentials.defaultSender()).toEqual(renewed);
});

test('ten callers in two processes cost one refresh of a token in the user table', async () => {
  const { start, columns, refreshes, seal } = await legacyWorld();
  const processes = [await start(), await start()];
  // All of them hold the token that is refused, before anybody renews it.
  const holders = [];
  for (const { credentials } of processes) {
    const sender = await credentials.defaultSender();
    if (sender === null) throw new Error('no sender');
    holders.push({ credentials, sender });
  }
  const answers = await Promise.all(
    holders.map(({ credentials, sender }) =>
      Promise.all(Array.from({ length: 5 }, () => credentials.renewed(sender, sender.accessToken))),
    ),
  );
  const stored = seal.open((await columns()).twitchAccessToken ?? '');
  expect(answers.flat().map((sender) => sender?.accessToken)).toEqual(Array(10).fill(stored));
  expect(refreshes()).toBe(1);
});

test('an answer without a refresh token leaves the one in the user table, sealed', async () => {
  const { start, columns, knownSecret, seal, tokenFault } = await legacyWorld({ rotates: false });
  const { twitchRefreshToken } = await columns();
  const { credentials } = await start();
  const sender = await credentials.defaultSender();
  knownSecret('only-access');
  tokenFault({ kind: 'answer', status: 200, body: { access_token: 'only-access', expires_in: 9000 }, times: 1 });
  expect(sender && (await credentials.renewed(sender, sender.accessToken))?.accessToken).toBe('only-access');
  const after = await columns();
  expect(after.twitchRefreshToken).toMatch(/^sealed\.v1\./);
  expect(seal.open(after.twitchRefreshToken ?? '')).toBe(twitchRefreshToken);
});

test('a dead grant of the user table is told of, never asked about or used again, and the next sign-in heals it', async () => {
  const { start, clock, refreshes, sim, signInAgain } = await legacyWorld();
  const { credentials, changes, events } = await start();
  const sender = await credentials.defaultSender();
  sim.faults.revokeGrant(BOT);
  for (let messages = 0; messages < 10; messages += 1) {
    expect(sender && (await credentials.renewed(sender, sender.accessToken))).toBeNull();
    expect(await credentials.defaultSender()).toBeNull();
    await clock.advance(6000);
  }
  expect(refreshes()).toBe(1);
  expect(events('twitch.token.refresh_failed')).toHaveLength(1);
  await vi.waitFor(() => expect(changes()).toBe(2));
  const access = await signInAgain();
  expect((await credentials.defaultSender())?.accessToken).toBe(access);
  credentials.invalidate();
  await vi.waitFor(() => expect(changes()).toBe(3));
});

test('a token without a refresh token is used until it is refused, and not again', async () => {
  const { start, clock, db } = await legacyWorld();
  await db.updateTable('User').set({ twitchRefreshToken: null }).execute();
  const { credentials } = await start();
  const sender = await credentials.defaultSender();
  expect(sender && (await credentials.renewed(sender, sender.accessToken))).toBeNull();
  await clock.advance(61_000);
  expect(await credentials.defaultSender()).toBeNull();
});

test('a token endpoint that is away is asked every 5 s at most, and breaks nothing', async () => {
  const { start, clock, refreshes, sim, tokenFault } = await legacyWorld();
  const { credentials } = await start();
  const sender = await credentials.defaultSender();
  const renewed = sender && (await credentials.renewed(sender, sender.accessToken));
  if (renewed === null) throw new Error('not renewed');
  await clock.advance(4 * HOUR_MS);
  tokenFault({ kind: 'answer', status: 503 });
  expect(await credentials.renewed(renewed, renewed.accessToken)).toBeNull();
  for (let messages = 0; messages < 10; messages += 1) expect(await credentials.defaultSender()).toBeNull();
  expect(refreshes()).toBe(2);
  await sim.faults.clear();
  await clock.advance(5000);
  // What is stored has no expiry there: it counts as valid until refused.
  const again = await credentials.defaultSender();
  expect(again && (await credentials.renewed(again, again.accessToken))).not.toBeNull();
});

test('a rotated token that cannot be saved is not used, not lost, and saved when it can be', async () => {
  const { start, acceptUpdates, clock, columns, refreshes, refuseUpdates, seal } = await legacyWorld();
  const { credentials } = await start();
  const sender = await credentials.defaultSender();
  if (sender === null) throw new Error('no sender');
  await refuseUpdates('User');
  await expect(credentials.renewed(sender, sender.accessToken)).rejects.toThrow('disk full');
  await acceptUpdates();
  await clock.advance(5000);
  const renewed = await credentials.renewed(sender, sender.accessToken);
  expect(renewed?.accessToken).toBe(seal.open((await columns()).twitchAccessToken ?? ''));
  expect(refreshes()).toBe(1);
});

test('where the environment says no login the token does', async () => {
  const world = await legacyWorld({ displayName: 'Легаси', env: { CHAT_BOT_LOGIN: '' } });
  const { credentials } = await world.process({ env: { CHAT_BOT_USER_ID: world.userId } });
  expect(await credentials.defaultSender()).toMatchObject({ login: BOT, platformUserId: world.sim.person(BOT).id });
  // Also when the login configured is another account's.
  const other = await world.process({ env: { CHAT_BOT_USER_ID: world.userId, CHAT_BOT_LOGIN: 'somebody_else' } });
  expect(await other.credentials.defaultSender()).toMatchObject({ login: BOT });
});

test("the environment's sender is ours from its first word on, also right after a hint", async () => {
  const { start, sim } = await legacyWorld();
  const { credentials, changes } = await start();
  const own = sim.person(BOT).id;
  await vi.waitFor(() => expect(changes()).toBe(1));
  await credentials.defaultSender();
  expect([...credentials.ownAccountIds()]).toEqual([own]);
  credentials.invalidate();
  expect([...credentials.ownAccountIds()]).toEqual([own]);
  await credentials.defaultSender();
  expect([...credentials.ownAccountIds()]).toEqual([own]);
  expect(changes()).toBe(1);
});

test('a default bot that is linked takes over at once, and is told of', async () => {
  const { start, account, defaultBot } = await legacyWorld();
  const { credentials, changes } = await start({ hears: true });
  await vi.waitFor(() => expect(changes()).toBe(1));
  await defaultBot(await account({ login: 'shared_bot' }));
  await vi.waitFor(async () => expect(await credentials.defaultSender()).toMatchObject({ login: 'shared_bot' }));
  await vi.waitFor(() => expect(changes()).toBe(2));
});

test('a linked account of the same person is used, and only its tokens are refreshed', async () => {
  const { start, account, columns, row, tokens, userId, sim } = await legacyWorld();
  const { credentials } = await start();
  const old = await credentials.defaultSender();
  const before = await columns();
  const id = await account({ login: BOT, userId, livesMs: 0 });
  // The tokens of the user table are not refreshed any more, not even for one who still holds them.
  expect(old && (await credentials.renewed(old, old.accessToken))).toBeNull();
  expect(await columns()).toEqual(before);
  credentials.invalidate();
  const sender = await credentials.defaultSender();
  expect(sender).toMatchObject({ kind: 'legacy', key: id, accountId: id, platformUserId: sim.person(BOT).id });
  expect(sender?.accessToken).toBe((await tokens(id)).access);
  expect((await row(id)).accessToken).toMatch(/^sealed\.v1\./);
  expect(await columns()).toEqual(before);
});

test('somebody who holds the token of one account is never given that of another', async () => {
  const world = await legacyWorld();
  const { credentials } = await world.start();
  const held = await credentials.defaultSender();
  if (held === null) throw new Error('no sender');
  const other = world.sim.addPerson('other_bot');
  const { access, refresh } = world.sim.issueToken('other_bot', BOT_SCOPES);
  const columns = { twitchUserId: other.id, twitchAccessToken: access, twitchRefreshToken: refresh };
  await world.db.updateTable('User').set(columns).where('id', '=', world.userId).execute();
  expect(await credentials.renewed(held, held.accessToken)).toBeNull();
  expect(await credentials.defaultSender()).toMatchObject({ accessToken: access, platformUserId: other.id });
});

test('the last known sender of the environment speaks on while the database is away', async () => {
  const { start, clock, databaseUrl } = await legacyWorld();
  const line = await cuttableLine(databaseUrl);
  const { credentials } = await start({ databaseUrl: line.url });
  const sender = await credentials.defaultSender();
  line.cut();
  await clock.advance(61_000);
  expect(await credentials.defaultSender()).toEqual(sender);
  credentials.invalidate();
  expect(await credentials.defaultSender()).toEqual(sender);
});

test('it is ours as well when a hint overtakes the first reading of the bot accounts', async () => {
  const world = await legacyWorld();
  const { credentials } = await world.start({ announces: false });
  const asked = credentials.defaultSender();
  credentials.invalidate();
  expect(await asked).not.toBeNull();
  expect([...credentials.ownAccountIds()]).toEqual([world.sim.person(BOT).id]);
});

test('a renewal needs one connection of the pool, also while it holds the lock', async () => {
  const { start, columns, databaseUrl } = await legacyWorld();
  const { credentials } = await start({ databaseUrl: `${databaseUrl}?connection_limit=1&pool_timeout=1` });
  const sender = await credentials.defaultSender();
  const renewed = sender && (await credentials.renewed(sender, sender.accessToken));
  expect(renewed).toMatchObject({ kind: 'legacy' });
  expect((await columns()).twitchAccessToken).toMatch(/^sealed\.v1\./);
});

test('a copy waits for the sender that another copy renews, longer than other statements wait for a lock', async () => {
  const world = await legacyWorld();
  const { credentials, db } = await world.start({ databaseUrl: `${world.databaseUrl}?connection_limit=1` });
  const sender = await credentials.defaultSender();
  await sql`set lock_timeout = '20ms'`.execute(db);
  const otherCopy = await world.db.startTransaction().execute();
  await sql`select pg_advisory_xact_lock(hashtextextended('legacy-sender:twitch', 0))`.execute(otherCopy);
  const asking = sender && credentials.renewed(sender, sender.accessToken);
  await world.waitsPatiently();
  await otherCopy.commit().execute();
  expect(await asking).toMatchObject({ kind: 'legacy' });
});
