import { afterAll, expect, test } from 'vitest';
import { linkingWorld, PANEL, PROVIDERS } from '../../../test/support/linking-world.ts';

const api = await linkingWorld({ onEnd: afterAll });
const OTHERS = PROVIDERS.filter((provider) => provider !== 'twitch');

test.for(PROVIDERS)('%s signs a new person in, and the same one the next time', async (provider) => {
  const id = api.someone(provider, 'newcomer');
  const browser = api.browser();
  const first = await browser.walk(`/auth/${provider}`, { as: 'newcomer' });
  expect([first.at?.href, first.consents]).toEqual([`${PANEL}/`, 1]);
  const account = await api.accountOf(provider, id);
  expect(account).toMatchObject({ linkedAs: 'login', brokenAt: null, accessToken: expect.any(String) });
  expect(account?.scopes).toBeTruthy();
  const accounts = await browser.ask('GET', '/auth/accounts');
  expect(accounts.json.accounts).toMatchObject([{ id: account?.id, provider, providerAccountId: id }]);

  const second = await api.browser().walk(`/auth/${provider}`, { as: 'newcomer' });
  expect(second.at?.href).toBe(`${PANEL}/`);
  expect((await api.accountOf(provider, id))?.userId).toBe(account?.userId);
});

test.for(PROVIDERS)('whoever does not consent on %s is not signed in, and told so', async (provider) => {
  api.someone(provider, 'refuser');
  const browser = api.browser();
  const { at } = await browser.walk(`/auth/${provider}`, { as: 'refuser', denies: true });
  expect(at?.origin).toBe(PANEL);
  const expected =
    provider === 'vkvideo'
      ? { error: 'auth_failed', reason: 'vk_oauth_error', provider: 'vkvideo', details: expect.any(String) }
      : { error: 'auth_failed', reason: 'access_denied' };
  expect(Object.fromEntries(at?.searchParams ?? [])).toEqual(expected);
  expect(browser.cookies.has('token')).toBe(false);
});

test.for(PROVIDERS)('a forged code of %s is no token', async (provider) => {
  api.someone(provider, 'unlucky');
  const browser = api.browser();
  const path = await browser.consent(await browser.toConsent(`/auth/${provider}`), 'unlucky');
  const { headers } = await browser.ask('GET', path.replace(/code=[^&]+/, 'code=forged'));
  const names = provider === 'trovo' || provider === 'kick';
  const suffix = names ? `&provider=${provider}` : '';
  expect(headers.location).toBe(`${PANEL}/?error=auth_failed&reason=no_token${suffix}`);
});

test.for(OTHERS)('a bot of %s signs nobody in: who helps with a bot does not become its owner', async (provider) => {
  const owner = await api.streamer({ role: 'admin' });
  const id = api.someone(provider, 'helperbot');
  const brought = api.browser(owner);
  const path = await brought.consent(await api.toBotConsent(brought, provider, owner, 'default'), 'helperbot');
  expect((await brought.ask('GET', path)).headers.location).toBe(`${PANEL}/settings/accounts`);
  expect((await api.accountOf(provider, id))?.userId).toBe(owner.userId);

  const helper = api.browser();
  const { at } = await helper.walk(`/auth/${provider}`, { as: 'helperbot' });
  expect(at?.href).toBe(`${PANEL}/?error=auth_failed&reason=account_already_linked&provider=${provider}`);
  expect(helper.cookies.has('token')).toBe(false);
});

test.for(OTHERS)('a linked account of %s signs its user in, on any browser', async (provider) => {
  const streamer = await api.streamer();
  api.someone(provider, 'northpine');
  await api.browser(streamer).walk(`/auth/${provider}/link`, { as: 'northpine' });
  const browser = api.browser();
  const { at } = await browser.walk(`/auth/${provider}`, { as: 'northpine' });
  expect(at?.href).toBe(`${PANEL}/dashboard`);
  expect((await browser.ask('GET', '/streamer/bots')).status).toBe(200);
});

test('the name of an owner is worth something on the platform it was given for alone', async () => {
  const api = await linkingWorld({ providers: ['twitch', 'kick', 'trovo'], env: { OWNER_TWITCH_LOGINS: 'BigOwner' } });
  for (const provider of ['kick', 'trovo', 'twitch'] as const) {
    api.someone(provider, 'bigowner');
    await api.browser().walk(`/auth/${provider}`, { as: 'bigowner' });
  }
  const users = await api.db.selectFrom('User').select(['role', 'twitchUserId']).execute();
  expect(users.map(({ role, twitchUserId }) => [role, twitchUserId !== null]).sort()).toEqual([
    ['admin', true],
    ['viewer', false],
    ['viewer', false],
  ]);
});

test.for(PROVIDERS)(
  'with self sign-up a streamer of %s gets a channel at the first sign-in, once',
  async (provider) => {
    const api = await linkingWorld({ providers: [provider], env: { SELF_SIGNUP: 'on' } });
    api.sim(provider).addStreamer('freshling');
    const browser = api.browser();
    const { at } = await browser.walk(`/auth/${provider}`, { as: 'freshling' });
    expect(at?.href).toBe(`${PANEL}/dashboard`);
    await browser.walk(`/auth/${provider}`, { as: 'freshling' });
    const channels = await api.db.selectFrom('Channel').select(['slug', 'twitchChannelId']).execute();
    expect(channels).toHaveLength(1);
    expect(channels[0]?.slug).toMatch(/^[\p{L}\p{N}_-]+$/u);
    expect(channels[0]?.twitchChannelId !== null).toBe(provider === 'twitch');
    const users = await api.db.selectFrom('User').select(['role']).execute();
    expect(users).toEqual([{ role: 'streamer' }]);
  },
);

test('a name that is taken on another platform costs nobody their channel', async () => {
  const api = await linkingWorld({ providers: ['kick', 'trovo'], env: { SELF_SIGNUP: 'on' } });
  for (const provider of ['kick', 'trovo'] as const) {
    api.someone(provider, 'freshling');
    const { at } = await api.browser().walk(`/auth/${provider}`, { as: 'freshling' });
    expect(at?.href).toBe(`${PANEL}/dashboard`);
  }
  const channels = await api.db.selectFrom('Channel').select('slug').orderBy('slug').execute();
  expect(channels).toEqual([{ slug: 'freshling' }, { slug: 'freshling-trovo' }]);
});

test('a name that is taken in another case is taken: credits of a channel are found in any', async () => {
  const api = await linkingWorld({ providers: ['kick'], env: { SELF_SIGNUP: 'on' } });
  await api.db.insertInto('Channel').values({ slug: 'FreshLing', name: 'FreshLing' }).execute();
  api.someone('kick', 'freshling');
  await api.browser().walk('/auth/kick', { as: 'freshling' });
  const channels = await api.db.selectFrom('Channel').select('slug').orderBy('createdAt').execute();
  expect(channels).toEqual([{ slug: 'FreshLing' }, { slug: 'freshling-kick' }]);
});
