import { sql } from 'kysely';
import { afterAll, expect, test } from 'vitest';
import type { Person, StreamerPerson } from '../../../test/support/api-world.ts';
import { linkingWorld, PANEL, PROVIDERS, type Simulated } from '../../../test/support/linking-world.ts';
import type { BotTarget } from '../../accounts/linking/oauth-state.ts';

const api = await linkingWorld({ onEnd: afterAll });

interface Sender {
  readonly externalAccountId: string;
  readonly enabled: boolean;
  readonly channelId?: string;
}

const tablesOf = (provider: Simulated) => api.oauthOf(provider).description.tables;
const rowsOf = async (table: string) => (await sql<Sender>`select * from ${sql.table(table)}`.execute(api.db)).rows;
const overrideOf = async (provider: Simulated, { channelId }: StreamerPerson) =>
  (await rowsOf(tablesOf(provider).override)).find((row) => row.channelId === channelId);
const entitle = ({ channelId }: StreamerPerson) =>
  api.db.insertInto('ChannelEntitlement').values({ channelId, key: 'custom_bot', enabled: true }).execute();

/** Goes to the consent page, lets something happen there, agrees, and comes back. */
async function bring(
  provider: Simulated,
  person: Person,
  target: BotTarget,
  bot: string,
  {
    meanwhile = async () => {},
    redirectTo = '/settings/bot',
  }: { meanwhile?: () => Promise<unknown>; redirectTo?: string } = {},
) {
  const browser = api.browser(person);
  const page = await api.toBotConsent(browser, provider, person, target, redirectTo);
  const path = await browser.consent(page, bot);
  await meanwhile();
  return (await browser.walk(path, { as: bot })).at;
}

const failureAt = (page: string, reason: string, provider?: string) =>
  `${PANEL}${page}?error=auth_failed&reason=${reason}${provider === undefined ? '' : `&provider=${provider}`}`;

test.for(PROVIDERS)('on %s an entitled streamer brings a bot, and later another one in its place', async (provider) => {
  const streamer = await api.streamer();
  await entitle(streamer);
  const [first, second] = [api.someone(provider, 'bot_one'), api.someone(provider, 'bot_two')];
  expect((await bring(provider, streamer, streamer, 'bot_one'))?.href).toBe(`${PANEL}/settings/bot`);
  const account = await api.accountOf(provider, first);
  expect(account).toMatchObject({ userId: streamer.userId, linkedAs: 'bot_link', brokenAt: null });
  for (const scope of api.oauthOf(provider).oauth.scopes.bot) {
    expect(account?.scopes?.split(' ').map((granted) => granted.replace(/^.*userinfo\./, ''))).toContain(scope);
  }
  expect(await overrideOf(provider, streamer)).toMatchObject({ externalAccountId: account?.id, enabled: true });

  await bring(provider, streamer, streamer, 'bot_two');
  const other = await api.accountOf(provider, second);
  expect(await overrideOf(provider, streamer)).toMatchObject({ externalAccountId: other?.id });
  // What is no bot any more is not kept, and its grant is ended.
  expect(await api.accountOf(provider, first)).toBeUndefined();
  await expect(api.oauthOf(provider).oauth.identify(account?.accessToken ?? '')).rejects.toThrow();
});

test.for(PROVIDERS)('on %s the default bot is one, also when two owners bring theirs at once', async (provider) => {
  const [one, two] = [await api.person('admin'), await api.person('admin')];
  api.someone(provider, 'default_one');
  api.someone(provider, 'default_two');
  const ends = await Promise.all([
    bring(provider, one, 'default', 'default_one'),
    bring(provider, two, 'default', 'default_two'),
  ]);
  expect(ends.map((at) => at?.href)).toEqual([`${PANEL}/settings/bot`, `${PANEL}/settings/bot`]);
  const rows = await rowsOf(tablesOf(provider).defaultCredential);
  expect(rows).toHaveLength(1);
  const stored = await api.db
    .selectFrom('ExternalAccount')
    .select('id')
    .where('provider', '=', provider)
    .where('login', 'is not', null)
    .where('linkedAs', '=', 'bot_link')
    .where('userId', 'in', [one.userId, two.userId])
    .execute();
  expect(stored).toEqual([{ id: rows[0]?.externalAccountId }]);
});

test.for(PROVIDERS)('the panel’s links for bots of %s lead over the platform back to their pages', async (provider) => {
  const admin = await api.streamer({ role: 'admin' });
  await entitle(admin);
  const browser = api.browser(admin);
  for (const [start, shown, bot] of [
    [`/streamer/bots/${provider}/bot/link`, `/streamer/bots/${provider}/bot`, 'walked_bot'],
    [`/owner/bots/${provider}/default/link`, `/owner/bots/${provider}/default/status`, 'walked_default'],
  ] as const) {
    const id = api.someone(provider, bot);
    const { at } = await browser.walk(`${start}?redirect_to=/settings/bot/${provider}`, { as: bot });
    expect(at?.href).toBe(`${PANEL}/settings/bot/${provider}`);
    const status = await browser.ask('GET', shown);
    expect(status.json).toMatchObject({ enabled: true, externalAccountId: (await api.accountOf(provider, id))?.id });
    const foreign = await browser.ask('GET', start, { 'sec-fetch-site': 'cross-site' });
    expect([foreign.status, foreign.json.errorCode]).toEqual([403, 'CSRF_INVALID']);
  }
});

test('without the entitlement at the end nothing is kept of a new account', async () => {
  const streamer = await api.streamer();
  await entitle(streamer);
  const id = api.someone('twitch', 'latecomer');
  const revoke = () =>
    api.db
      .updateTable('ChannelEntitlement')
      .set({ enabled: false })
      .where('channelId', '=', streamer.channelId)
      .execute();
  const at = await bring('twitch', streamer, streamer, 'latecomer', { meanwhile: revoke });
  expect(at?.href).toBe(failureAt('/settings/bot', 'subscription_required', 'twitch'));
  expect(await overrideOf('twitch', streamer)).toBeUndefined();
  expect(await api.accountOf('twitch', id)).toBeUndefined();
});

test('an entitlement that has run out is none; an account that was linked before keeps its new grant', async () => {
  const streamer = await api.streamer();
  const id = api.someone('trovo', 'own_account');
  const browser = api.browser(streamer);
  await browser.walk('/auth/trovo/link', { as: 'own_account' });
  await api.db
    .insertInto('ChannelEntitlement')
    .values({ channelId: streamer.channelId, key: 'custom_bot', expiresAt: new Date(Date.now() - 1000) })
    .execute();
  const at = await bring('trovo', streamer, streamer, 'own_account');
  expect(at?.href).toBe(failureAt('/settings/bot', 'subscription_required', 'trovo'));
  expect(await overrideOf('trovo', streamer)).toBeUndefined();
  const account = await api.accountOf('trovo', id);
  expect((await api.oauthOf('trovo').oauth.identify(account?.accessToken ?? '')).platformUserId).toBe(id);
});

test('who was an owner or a streamer when the link began, and is none when it ends, brings no bot', async () => {
  const admin = await api.streamer({ role: 'admin' });
  const demote = (role: string) => () =>
    api.pg.query('update "User" set role = $2 where id = $1', [admin.userId, role]);
  const id = api.someone('kick', 'usurper');
  const asDefault = await bring('kick', admin, 'default', 'usurper', { meanwhile: demote('streamer') });
  expect(asDefault?.href).toBe(failureAt('/', 'forbidden'));
  await entitle(admin);
  const asOverride = await bring('kick', admin, admin, 'usurper', { meanwhile: demote('viewer') });
  expect(asOverride?.href).toBe(failureAt('/', 'forbidden'));
  expect(await api.accountOf('kick', id)).toBeUndefined();
  expect(await overrideOf('kick', admin)).toBeUndefined();
});

test('a link that began for one channel ends with nothing once the streamer has another', async () => {
  const [streamer, other] = [await api.streamer(), await api.streamer()];
  await entitle(streamer);
  await entitle(other);
  api.someone('kick', 'mover');
  const move = () =>
    api.pg.query('update "User" set "channelId" = $2 where id = $1', [streamer.userId, other.channelId]);
  const at = await bring('kick', streamer, streamer, 'mover', { meanwhile: move });
  expect(at?.href).toBe(failureAt('/', 'forbidden'));
  expect([await overrideOf('kick', streamer), await overrideOf('kick', other)]).toEqual([undefined, undefined]);
});

test('an account speaks for one channel: a second channel of its user is refused it', async () => {
  const first = await api.streamer();
  const second = await api.streamer();
  await entitle(first);
  await entitle(second);
  api.someone('twitch', 'shared_bot');
  await bring('twitch', first, first, 'shared_bot');
  const move = 'update "User" set "channelId" = $2 where id = $1';
  await api.pg.query(move, [first.userId, second.channelId]);
  const at = await bring('twitch', first, { channelId: second.channelId }, 'shared_bot');
  expect(at?.href).toBe(failureAt('/settings/bot', 'bot_account_in_use', 'twitch'));
  expect(await overrideOf('twitch', second)).toBeUndefined();
  expect(await overrideOf('twitch', first)).toMatchObject({ enabled: true });
});

test('somebody else’s account becomes nobody else’s bot', async () => {
  const [owner, taker] = [await api.streamer(), await api.streamer({ role: 'admin' })];
  const id = api.someone('twitch', 'owned');
  await api.browser(owner).walk('/auth/twitch/link', { as: 'owned' });
  const stored = await api.accountOf('twitch', id);
  const at = await bring('twitch', taker, 'default', 'owned');
  expect(at?.href).toBe(failureAt('/settings/bot', 'account_already_linked', 'twitch'));
  expect(await api.accountOf('twitch', id)).toEqual(stored);
  // The grant that is in use goes on working.
  expect((await api.oauthOf('twitch').oauth.identify(stored?.accessToken ?? '')).platformUserId).toBe(id);
});

test('one account may be the default bot and an override; who brought which is on record', async () => {
  const admin = await api.streamer({ role: 'admin' });
  await entitle(admin);
  const id = api.someone('trovo', 'both_bot');
  await bring('trovo', admin, 'default', 'both_bot');
  await bring('trovo', admin, admin, 'both_bot');
  const account = await api.accountOf('trovo', id);
  expect(await rowsOf(tablesOf('trovo').defaultCredential)).toMatchObject([{ externalAccountId: account?.id }]);
  expect(await overrideOf('trovo', admin)).toMatchObject({ externalAccountId: account?.id });
  const audit = await api.db
    .selectFrom('AuditLog')
    .select(['channelId', 'action', 'payloadJson'])
    .where('actorId', '=', admin.userId)
    .orderBy('createdAt')
    .execute();
  const payload = { provider: 'trovo', externalAccountId: account?.id };
  expect(audit.map(({ payloadJson, ...row }) => ({ ...row, ...JSON.parse(payloadJson) }))).toEqual([
    { channelId: null, action: 'owner.bots.default.link', ...payload },
    { channelId: admin.channelId, action: 'streamer.bots.bot.link', ...payload },
  ]);
});

test('tokens of a bot are sealed where there is a key', async () => {
  const sealed = await linkingWorld({
    providers: ['trovo'],
    env: { CREDENTIALS_ENCRYPTION_KEY: Buffer.alloc(32, 5).toString('base64') },
  });
  const admin = await sealed.person('admin');
  const id = sealed.someone('trovo', 'sealed_bot');
  const browser = sealed.browser(admin);
  const path = await browser.consent(await sealed.toBotConsent(browser, 'trovo', admin, 'default'), 'sealed_bot');
  expect((await browser.ask('GET', path)).headers.location).toBe(`${PANEL}/settings/accounts`);
  const account = await sealed.accountOf('trovo', id);
  for (const stored of [account?.accessToken, account?.refreshToken]) expect(stored).toMatch(/^sealed\.v1\./);
});
