import { afterAll, expect, test } from 'vitest';
import { linkingWorld, PANEL, PROVIDERS, type Simulated } from '../../../test/support/linking-world.ts';

const api = await linkingWorld({ onEnd: afterAll });
const failureOf = (at: URL | null) => [at?.pathname, at?.searchParams.get('reason'), at?.searchParams.get('provider')];
const accountsOf = async (browser: ReturnType<typeof api.browser>) =>
  (await browser.ask('GET', '/auth/accounts')).json.accounts;

test.for(PROVIDERS)(
  'an account of %s is linked with its rights, and again without losing anything',
  async (provider) => {
    const streamer = await api.streamer();
    const id = api.someone(provider, 'linker');
    const browser = api.browser(streamer);
    const page = await browser.walk(`/auth/${provider}/link?redirect_to=/settings/bot`, { as: 'linker' });
    expect(page.at?.href).toBe(`${PANEL}/settings/bot`);
    const account = await api.accountOf(provider, id);
    expect(account).toMatchObject({ userId: streamer.userId, linkedAs: 'link', refreshToken: expect.any(String) });
    for (const scope of api.oauthOf(provider).oauth.scopes.streamer)
      expect(account?.scopes?.split(' ')).toContain(scope);

    await api.pg.query(
      `update "ExternalAccount" set "brokenAt" = now(), "brokenReason" = 'invalid_grant' where id = $1`,
      [account?.id],
    );
    await browser.walk(`/auth/${provider}/link`, { as: 'linker' });
    const again = await api.accountOf(provider, id);
    expect(again).toMatchObject({ id: account?.id, brokenAt: null, brokenReason: null });
    expect(again?.accessToken).not.toBe(account?.accessToken);
    // Nobody is signed in by it, and nobody's identity is written into the user table.
    expect(browser.cookies.get('token')).toBe(streamer.token);
    const user = api.db.selectFrom('User').select('twitchUserId').where('id', '=', streamer.userId);
    expect(await user.executeTakeFirst()).toEqual({ twitchUserId: null });
  },
);

test.for(PROVIDERS)('what somebody else has linked on %s stays theirs; scripts are told in JSON', async (provider) => {
  const [first, second] = [await api.streamer(), await api.streamer()];
  const id = api.someone(provider, 'wanted');
  await api.browser(first).walk(`/auth/${provider}/link`, { as: 'wanted' });
  const stored = await api.accountOf(provider, id);
  const browser = api.browser(second);
  const { at } = await browser.walk(`/auth/${provider}/link?redirect_to=/dashboard`, { as: 'wanted' });
  expect(failureOf(at)).toEqual(['/dashboard', 'account_already_linked', provider]);
  const told = await browser.walk(`/auth/${provider}/link`, { as: 'wanted', headers: { accept: 'application/json' } });
  expect([told.status, told.json.errorCode, told.json.details]).toEqual([
    409,
    'ACCOUNT_ALREADY_LINKED',
    { provider, providerAccountId: id },
  ]);
  expect(await api.accountOf(provider, id)).toEqual(stored);
});

test.for(PROVIDERS)(
  'unlinking an account of %s ends its grant there, and the second time there is none',
  async (provider) => {
    const streamer = await api.streamer();
    const browser = api.browser(streamer);
    const kept: Simulated = provider === 'kick' ? 'trovo' : 'kick';
    api.someone(kept, `kept_${provider}`);
    await browser.walk(`/auth/${kept}/link`, { as: `kept_${provider}` });
    const id = api.someone(provider, 'leaver');
    await browser.walk(`/auth/${provider}/link`, { as: 'leaver' });
    const account = await api.accountOf(provider, id);
    const { oauth } = api.oauthOf(provider);
    const token = account?.accessToken ?? '';
    expect((await oauth.identify(token)).platformUserId).toBe(id);

    const path = `/auth/accounts/${account?.id}`;
    const answer = await browser.ask('DELETE', path);
    expect([answer.status, answer.json]).toEqual([200, { ok: true }]);
    expect(await api.accountOf(provider, id)).toBeUndefined();
    await expect(oauth.identify(token)).rejects.toMatchObject({ name: 'PlatformRefused' });
    expect((await browser.ask('DELETE', path)).json.errorCode).toBe('NOT_FOUND');
    expect(await accountsOf(browser)).toMatchObject([{ provider: kept }]);
  },
);

test('an account is listed with its times, oldest first; it is nobody else’s to unlink', async () => {
  const browser = api.browser(await api.streamer());
  for (const provider of ['trovo', 'kick'] as const) {
    api.someone(provider, 'lister');
    await browser.walk(`/auth/${provider}/link`, { as: 'lister' });
  }
  const accounts = await accountsOf(browser);
  expect(accounts.map(({ provider }: { provider: string }) => provider)).toEqual(['trovo', 'kick']);
  expect(Object.keys(accounts[0]).sort()).toEqual([
    'avatarUrl',
    'createdAt',
    'displayName',
    'id',
    'login',
    'profileUrl',
    'provider',
    'providerAccountId',
    'updatedAt',
  ]);
  const stranger = api.browser(await api.streamer());
  expect((await stranger.ask('DELETE', `/auth/accounts/${accounts[0].id}`)).json.errorCode).toBe('NOT_FOUND');
  expect(await accountsOf(browser)).toHaveLength(2);
});

test('the last account stays, also when two requests want the last two', async () => {
  const browser = api.browser(await api.streamer());
  for (const provider of ['trovo', 'kick'] as const) {
    api.someone(provider, 'lasting');
    await browser.walk(`/auth/${provider}/link`, { as: 'lasting' });
  }
  const ids = (await accountsOf(browser)).map(({ id }: { id: string }) => id);
  const answers = await Promise.all(ids.map((id: string) => browser.ask('DELETE', `/auth/accounts/${id}`)));
  expect(answers.map(({ status, json }) => [status, json.errorCode]).sort()).toEqual([
    [200, undefined],
    [400, 'BAD_REQUEST'],
  ]);
  expect(await accountsOf(browser)).toHaveLength(1);
});

test.for(PROVIDERS)('a bot of %s is not listed and not unlinked: how to take it back is told', async (provider) => {
  const admin = await api.streamer({ role: 'admin' });
  const { tables } = api.oauthOf(provider).description;
  const browser = api.browser(admin);
  const id = api.someone(provider, 'twofaced');
  await browser.walk(`/auth/${provider}/link`, { as: 'twofaced' });
  const account = await api.accountOf(provider, id);
  const refusal = async () => {
    const { status, json } = await browser.ask('DELETE', `/auth/accounts/${account?.id}`);
    const { hint, ...details } = json.details;
    expect(hint).toContain(details.unlinkEndpoint);
    return [status, json.errorCode, details];
  };
  await api.pg.query(`insert into "${tables.override}" ("channelId", "externalAccountId") values ($1, $2)`, [
    admin.channelId,
    account?.id,
  ]);
  const ofChannel = { kind: 'channel_bot_credential', unlinkEndpoint: `DELETE /streamer/bots/${provider}/bot` };
  expect(await refusal()).toEqual([409, 'CONFLICT', { ...ofChannel, provider }]);
  await api.pg.query(`insert into "${tables.defaultCredential}" ("externalAccountId") values ($1)`, [account?.id]);
  const ofAll = { kind: 'global_bot_credential', unlinkEndpoint: `DELETE /owner/bots/${provider}/default` };
  expect(await refusal()).toEqual([409, 'CONFLICT', { ...ofAll, provider }]);
  expect(await accountsOf(browser)).toEqual([]);
});

test('accounts are for whoever is signed in, whatever their role', async () => {
  for (const [method, path] of [
    ['GET', '/auth/accounts'],
    ['DELETE', '/auth/accounts/x'],
    ['GET', '/auth/twitch/link'],
  ] as const) {
    expect(await api.codeOf(null, method, path)).toEqual([401, 'UNAUTHORIZED']);
  }
  expect((await api.ask(await api.person('viewer'), 'GET', '/auth/accounts')).json).toEqual({ accounts: [] });
});

test('on the beta whoever is not invited still sees and unlinks their accounts, and runs nothing', async () => {
  const beta = await linkingWorld({ providers: [], env: { INSTANCE: 'beta' } });
  const admin = await beta.streamer({ role: 'admin' });
  expect((await beta.ask(admin, 'GET', '/auth/accounts')).status).toBe(200);
  expect(await beta.codeOf(admin, 'DELETE', '/auth/accounts/x')).toEqual([404, 'NOT_FOUND']);
  expect(await beta.codeOf(admin, 'GET', '/owner/bots/kick/default/status')).toEqual([403, 'BETA_ACCESS_REQUIRED']);
});

test('unlinking the account one signs in with takes the sign-in away with it', async () => {
  const browser = api.browser();
  const id = api.someone('twitch', 'switcher');
  await browser.walk('/auth/twitch', { as: 'switcher' });
  api.someone('kick', 'switcher');
  await browser.walk('/auth/kick/link', { as: 'switcher' });
  const account = await api.accountOf('twitch', id);
  expect((await browser.ask('DELETE', `/auth/accounts/${account?.id}`)).status).toBe(200);
  const user = api.db
    .selectFrom('User')
    .selectAll()
    .where('id', '=', account?.userId ?? '');
  expect(await user.executeTakeFirst()).toMatchObject({
    twitchUserId: null,
    twitchAccessToken: null,
    twitchRefreshToken: null,
  });
});

test('a grant that can do more is kept when somebody signs in', async () => {
  const streamer = await api.streamer({ role: 'admin' });
  const id = api.someone('kick', 'doubler');
  const browser = api.browser(streamer);
  await browser.walk('/auth/kick/link', { as: 'doubler' });
  // As a bot it needs a right the streamer's link does not ask for, and the other way round: both are asked for.
  const path = await browser.consent(await api.toBotConsent(browser, 'kick', streamer, 'default'), 'doubler');
  const page = await browser.walk(path, { as: 'doubler' });
  expect([page.at?.pathname, page.asked]).toEqual([
    '/settings/accounts',
    [expect.stringContaining('events:subscribe')],
  ]);
  const both = await api.accountOf('kick', id);
  expect(both?.linkedAs).toBe('link');
  for (const scope of ['chat:write', 'events:subscribe']) expect(both?.scopes?.split(' ')).toContain(scope);

  await api.browser().walk('/auth/kick', { as: 'doubler' });
  const later = await api.accountOf('kick', id);
  expect([later?.accessToken, later?.scopes]).toEqual([both?.accessToken, both?.scopes]);
});

test('a link that is not configured, or of a platform there is not, ends on the page it began at', async () => {
  const bare = await linkingWorld({ providers: [] });
  const streamer = await bare.streamer();
  const goTo = async (path: string) => (await bare.ask(streamer, 'GET', path)).headers.location;
  const failed = `${PANEL}/settings/bot/kick?error=auth_failed`;
  expect(await goTo('/auth/kick/link?redirect_to=/settings/bot/kick')).toBe(
    `${failed}&reason=missing_oauth_env&provider=kick`,
  );
  expect(await goTo('/auth/myspace/link')).toBe(
    `${PANEL}/settings/accounts?error=auth_failed&reason=provider_not_supported&provider=myspace`,
  );
});
