import { sql, type Transaction } from 'kysely';
import { expect, test, vi } from 'vitest';
import { credentialsWorld } from '../../test/support/credentials-world.ts';
import type { Database } from '../db/tables.ts';
import type { ExternalAccountId, PlatformUserId, ProviderId, UserId } from '../lib/brand.ts';
import { twitch } from '../platforms/twitch/index.ts';
import { attach } from './linking/attach.ts';
import { makeOverride } from './linking/bot-roles.ts';
import { findAccount } from './linking/stored-account.ts';
import { forgetFormerBots } from './linking/unlink.ts';
import { removeDefaultBot, removeOwnBot } from './senders-unlink.ts';

const PROVIDER = 'twitch' as ProviderId;

/** A streamer and an owner who link bots and take them back. */
async function world() {
  const credentials = await credentialsWorld();
  const { db, seal, sim, clock } = credentials;
  const channelId = await credentials.channel('room0');
  await db.insertInto('ChannelEntitlement').values({ channelId, key: 'custom_bot', enabled: true }).execute();
  const streamer = (await credentials.user({ displayName: 'streamer', channelId })) as UserId;
  const owner = (await credentials.user({ displayName: 'owner' })) as UserId;
  await sql`update "User" set role = case id when ${owner} then 'admin' else 'streamer' end`.execute(db);
  const link = async (userId: UserId, target: string, login: string, granted = ['chat:read', 'chat:edit']) => {
    sim.addPerson(login);
    const { access, refresh, scopes } = sim.issueToken(login, granted);
    const person = { displayName: null, avatarUrl: null, profileUrl: null, login };
    const grant = {
      provider: PROVIDER,
      identity: { ...person, platformUserId: sim.person(login).id as PlatformUserId },
      tokens: { accessToken: access, refreshToken: refresh, expiresInSeconds: 9000, scopes },
      now: clock.now(),
    };
    const state = {
      provider: PROVIDER,
      kind: 'bot_link' as const,
      userId,
      channelId: target,
      redirectTo: null,
      origin: null,
      codeVerifier: null,
      extraScopes: [],
    };
    const attached = await attach(db, { state, userId, platform: twitch, grant }, seal);
    if (attached.kind === 'attached') await forgetFormerBots(db, twitch, attached.former);
    return attached.kind;
  };
  const take = async (remove: (tx: Transaction<Database>) => Promise<readonly ExternalAccountId[]>) =>
    forgetFormerBots(db, twitch, await db.transaction().execute(remove));
  return {
    db,
    channelId,
    linkOwn: (login: string, granted?: string[]) => link(streamer, channelId, login, granted),
    linkDefault: (login: string) => link(owner, '__global_twitch_bot__', login),
    takeOwn: () => take((tx) => removeOwnBot(tx, twitch.tables, channelId)),
    takeDefault: () => take((tx) => removeDefaultBot(tx, twitch.tables)),
  };
}

test('linking and taking back at once never wait for each other for ever, and leave no account without a use', async () => {
  const { db, linkOwn, linkDefault, takeOwn, takeDefault } = await world();
  const outcomes = new Set<string>();
  const noting = async (linking: ReturnType<typeof linkOwn>) => void outcomes.add(await linking);
  for (let round = 0; round < 12; round += 1) {
    const [own, shared] = round % 3 === 0 ? ['bot_b', 'bot_d'] : ['bot_a', 'bot_c'];
    await Promise.all([noting(linkOwn('bot_a')), takeOwn(), noting(linkOwn(own)), takeOwn(), noting(linkOwn('bot_a'))]);
    await Promise.all([noting(linkDefault('bot_c')), takeDefault(), noting(linkDefault(shared)), takeDefault()]);
  }
  expect([...outcomes]).toEqual(['attached']);
  await takeOwn();
  await takeDefault();
  expect(await db.selectFrom('ExternalAccount').select('login').execute()).toEqual([]);
});

test('a bot is taken back while its account is being linked anew, and the later of the two wins', async () => {
  const { db, channelId, linkOwn, takeOwn } = await world();
  await linkOwn('bot_a');
  const { id, providerAccountId } = await db.selectFrom('ExternalAccount').selectAll().executeTakeFirstOrThrow();
  const { taking } = await db.transaction().execute(async (tx) => {
    // The steps of a link, with somebody in between.
    await findAccount(tx, PROVIDER, providerAccountId as PlatformUserId, new Date());
    await tx.updateTable('ExternalAccount').set({ displayName: 'Bot A' }).where('id', '=', id).execute();
    const taking = takeOwn();
    await vi.waitFor(async () => {
      expect(await db.selectFrom('TwitchBotIntegration').select('id').execute()).toEqual([]);
    });
    await makeOverride(tx, twitch.tables, id as ExternalAccountId, channelId);
    return { taking };
  });
  expect(await taking).toEqual([]);
  expect(await db.selectFrom('TwitchBotIntegration').select('externalAccountId').execute()).toEqual([
    { externalAccountId: id },
  ]);
});

test('an account that is unlinked while a grant of it comes back is linked anew with that grant, however little it can do', async () => {
  const { db, linkOwn } = await world();
  await linkOwn('bot_a');
  const { linking } = await db.transaction().execute(async (tx) => {
    await tx.deleteFrom('ExternalAccount').execute();
    const linking = linkOwn('bot_a', ['chat:read']);
    await vi.waitFor(async () => {
      const { rows } = await sql`
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
      `.execute(db);
      expect(rows).toHaveLength(1);
    });
    return { linking };
  });
  expect(await linking).toBe('attached');
  const { accessToken, scopes } = await db.selectFrom('ExternalAccount').selectAll().executeTakeFirstOrThrow();
  expect([accessToken, scopes]).toEqual([expect.any(String), 'chat:read']);
});
