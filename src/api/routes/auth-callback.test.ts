import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { startTwitchSimulator } from '../../../simulators/twitch/simulator.ts';
import { type StreamerPerson, startApiWorld } from '../../../test/support/api-world.ts';
import { Browser } from '../../../test/support/browser.ts';
import { createTestDatabase } from '../../../test/support/database.ts';
import { createBrowserSecret, createOAuthState, type OAuthState } from '../../accounts/linking/oauth-state.ts';
import type { ProviderId } from '../../lib/brand.ts';

const WEB = 'https://panel.example';
const SECOND_PANEL = 'https://overlay.example';
const PRODUCTION = { NODE_ENV: 'production', CREDENTIALS_ENCRYPTION_KEY: Buffer.alloc(32, 3).toString('base64') };

async function world(
  env: Record<string, string> = {},
  onEnd: typeof onTestFinished | typeof afterAll = onTestFinished,
) {
  const { url } = await createTestDatabase(onEnd === onTestFinished ? { forTest: true } : {});
  const twitch = await startTwitchSimulator();
  onEnd(() => twitch.stop());
  const variables = { ...twitch.env(), TWITCH_CALLBACK_URL: `${WEB}/auth/twitch/callback`, WEB_URL: WEB, ...env };
  const api = await startApiWorld(url, { env: { OVERLAY_URL: SECOND_PANEL, ...variables }, onEnd });
  return {
    ...api,
    twitch,
    browser: (person?: StreamerPerson) => new Browser(api, person),
    /** A state as some writer may have left it, and a browser that could have begun it. */
    async left(state: Partial<OAuthState>, person?: StreamerPerson) {
      const secret = createBrowserSecret();
      const whole: OAuthState = {
        provider: 'twitch' as ProviderId,
        kind: 'link',
        userId: person?.userId ?? null,
        channelId: null,
        redirectTo: null,
        origin: null,
        codeVerifier: null,
        extraScopes: [],
        ...state,
      };
      const text = await createOAuthState(
        api.db,
        whole,
        { browserSecret: secret, instanceOrigin: null },
        api.clock.now(),
      );
      const browser = new Browser(api, person);
      browser.cookies.set('oauth_state', secret);
      return { browser, text, path: `/auth/twitch/callback?code=abc&state=${text}` };
    },
  };
}

const reasonOf = (location: string | undefined) => new URL(location ?? '').searchParams.get('reason');

const api = await world({}, afterAll);
const accountsOf = (...logins: string[]) =>
  api.db
    .selectFrom('ExternalAccount')
    .select(['userId', 'login'])
    .where('login', 'in', logins)
    .orderBy('login')
    .execute();

test('a consent that somebody else began ends with nothing in the browser it is pushed into', async () => {
  api.twitch.addPerson('attacker');
  api.twitch.addPerson('victim');
  const attacker = api.browser(await api.streamer());
  const victim = api.browser(await api.streamer());
  // The attacker's own code and state, opened by the victim: neither a login nor a link comes of it.
  for (const start of ['/auth/twitch', '/auth/twitch/link']) {
    const path = await attacker.consent(await attacker.toConsent(start), 'attacker');
    const before = victim.cookies.get('token');
    expect(reasonOf((await victim.ask('GET', path)).headers.location)).toBe('state_not_found');
    expect(victim.cookies.get('token')).toBe(before);
    // Also when the victim is at a consent page at the same time.
    await victim.toConsent('/auth/twitch/link');
    expect(reasonOf((await victim.ask('GET', path)).headers.location)).toBe('state_not_found');
  }
  // The attacker's consent page, agreed to by the victim.
  const lured = await victim.consent(await attacker.toConsent('/auth/twitch/link'), 'victim');
  expect(reasonOf((await victim.ask('GET', lured)).headers.location)).toBe('state_not_found');
  expect(await accountsOf('attacker', 'victim')).toEqual([]);
});

test('somebody else who signs in meanwhile in the same browser gets no foreign account, and nobody does', async () => {
  api.twitch.addPerson('switcher');
  const [first, second] = [await api.streamer(), await api.streamer()];
  const browser = api.browser(first);
  const path = await browser.consent(await browser.toConsent('/auth/twitch/link'), 'switcher');
  browser.cookies.set('token', second.token);
  const answer = await browser.ask('GET', path);
  expect(answer.headers.location).toBe(`${WEB}/?error=auth_failed&reason=link_user_mismatch`);
  const other = api.browser(first);
  const again = await other.consent(await other.toConsent('/auth/twitch/link'), 'switcher');
  other.cookies.delete('token');
  expect(reasonOf((await other.ask('GET', again)).headers.location)).toBe('login_required');
  expect(await accountsOf('switcher')).toEqual([]);
});

test('finishing a link signs nobody in', async () => {
  api.twitch.addPerson('settler');
  const streamer = await api.streamer();
  const browser = api.browser(streamer);
  const path = await browser.consent(await browser.toConsent('/auth/twitch/link'), 'settler');
  const { headers } = await browser.ask('GET', path);
  expect(headers.location).toBe(`${WEB}/settings/accounts`);
  expect((headers['set-cookie'] ?? []).filter((line) => line.startsWith('token'))).toEqual([]);
});

test('two tabs at consent pages at once both end well', async () => {
  api.twitch.addPerson('tab_one');
  api.twitch.addPerson('tab_two');
  const browser = api.browser(await api.streamer());
  const pages = [await browser.toConsent('/auth/twitch/link'), await browser.toConsent('/auth/twitch/link')];
  for (const [index, login] of ['tab_one', 'tab_two'].entries()) {
    const path = await browser.consent(pages[index] as URL, login);
    expect((await browser.ask('GET', path)).headers.location).toBe(`${WEB}/settings/accounts`);
  }
  expect((await accountsOf('tab_one', 'tab_two')).map(({ login }) => login)).toEqual(['tab_one', 'tab_two']);
});

test('a start that names an origin ends there when pages of ours are there, and never with a token in the address', async () => {
  const strict = await world(PRODUCTION);
  strict.twitch.addPerson('northpine');
  const headers = { 'sec-fetch-site': 'same-site' };
  const browser = strict.browser();
  await browser.walk('/auth/twitch', { as: 'northpine' });
  for (const [origin, end] of [
    ['https://overlay.example', SECOND_PANEL],
    ['https://overlay.example/some/page?x=1', SECOND_PANEL],
    ['https://beta.evil.example', WEB],
    ['https://panel.example.evil.example', WEB],
    ['https://panel.example@evil.example', WEB],
    ['http://panel.example', WEB],
    ['http://localhost:5173', WEB],
    ['javascript:alert(1)', WEB],
    ['null', WEB],
  ] as const) {
    const query = `origin=${encodeURIComponent(origin)}&redirect_to=/dashboard`;
    for (const start of ['/auth/twitch/link', '/auth/twitch']) {
      const { at } = await browser.walk(`${start}?${query}`, { as: 'northpine', headers });
      expect(at?.href).toBe(`${end}/dashboard`);
    }
  }
});

test('an origin or a page that another writer left unchecked is not gone to', async () => {
  api.twitch.addPerson('returner');
  const streamer = await api.streamer();
  const foreign = { origin: 'https://evil.example', redirectTo: '//evil.example' };
  const { browser, text } = await api.left(foreign, streamer);
  const page = new URL(
    `${api.twitch.urls.auth}/authorize?response_type=code&client_id=${api.twitch.env().TWITCH_CLIENT_ID}`,
  );
  page.searchParams.set('redirect_uri', `${WEB}/auth/twitch/callback`);
  page.searchParams.set('state', text);
  const path = await browser.consent(page, 'returner');
  expect((await browser.ask('GET', path)).headers.location).toBe(`${WEB}/settings/accounts`);
  expect(await accountsOf('returner')).toMatchObject([{ userId: streamer.userId }]);
});

test('a link cannot be begun from a foreign page', async () => {
  const api = await world(PRODUCTION);
  const streamer = await api.streamer();
  const begin = async (headers: Record<string, string>) => {
    const { status, json } = await api.ask(streamer, 'GET', '/auth/twitch/link', { headers });
    return [status, json?.errorCode];
  };
  const refused = [403, 'CSRF_INVALID'];
  expect(await begin({ 'sec-fetch-site': 'cross-site' })).toEqual(refused);
  expect(await begin({ 'sec-fetch-site': 'cross-site', referer: 'https://evil.example/x' })).toEqual(refused);
  expect(await begin({})).toEqual(refused);
  expect(await api.db.selectFrom('OAuthState').select('state').execute()).toEqual([]);
  for (const site of ['same-origin', 'same-site', 'none']) {
    expect(await begin({ 'sec-fetch-site': site })).toEqual([302, undefined]);
  }
  expect(await begin({ 'sec-fetch-site': 'cross-site', referer: `${SECOND_PANEL}/settings` })).toEqual([
    302,
    undefined,
  ]);
  expect(await begin({ referer: `${WEB}/settings` })).toEqual([302, undefined]);
  const lax = await world();
  const foreign = { headers: { 'sec-fetch-site': 'cross-site' } };
  expect(await lax.codeOf(await lax.streamer(), 'GET', '/auth/twitch/link', foreign)).toEqual([403, 'CSRF_INVALID']);
  expect((await lax.ask(await lax.streamer(), 'GET', '/auth/twitch/link')).status).toBe(302);
});

test('what a state is good for is looked at before the platform is asked', async () => {
  const api = await world();
  const streamer = await api.streamer();
  const endOf = async (state: Partial<OAuthState>, person?: StreamerPerson) => {
    const { browser, path } = await api.left(state, person);
    const { headers } = await browser.ask('GET', path);
    return headers.location?.slice(WEB.length);
  };
  const failed = '/?error=auth_failed&reason=';
  expect(await endOf({ userId: null }, undefined)).toBe(`${failed}missing_link_user`);
  const discord = { provider: 'discord' as ProviderId };
  expect(await endOf({ ...discord, kind: 'login' })).toBe(`${failed}login_not_supported&provider=discord`);
  expect(await endOf(discord, streamer)).toBe(`${failed}provider_not_supported&provider=discord`);
  // Nothing but Twitch is configured here.
  expect(await endOf({ provider: 'vkvideo' as ProviderId }, streamer)).toBe(`${failed}missing_oauth_env`);
  expect(await endOf({ provider: 'kick' as ProviderId }, streamer)).toBe(`${failed}missing_oauth_env&provider=kick`);
  expect(await endOf({ provider: 'trovo' as ProviderId }, streamer)).toBe(`${failed}missing_oauth_env&provider=trovo`);
  expect(await endOf({ kind: 'bot_link' }, streamer)).toBe(`${failed}no_token`);
  await api.pg.query(`alter type "OAuthStateKind" add value 'something_new'`);
  const { browser, path, text } = await api.left({}, streamer);
  await api.pg.query(`update "OAuthState" set kind = 'something_new' where state = $1`, [text]);
  expect(reasonOf((await browser.ask('GET', path)).headers.location)).toBe('invalid_state_kind');
});

test('a state is good for one attempt, also for one that failed', async () => {
  api.twitch.addPerson('refuser');
  const browser = api.browser();
  const path = await browser.consent(await browser.toConsent('/auth/twitch'), 'refuser', true);
  expect(reasonOf((await browser.ask('GET', path)).headers.location)).toBe('access_denied');
  const forged = path.replace('error=access_denied', 'code=forged');
  expect(reasonOf((await browser.ask('GET', forged)).headers.location)).toBe('state_already_used');
});

test('a token of nobody is no user, and an account that ends with its user is nobody’s', async () => {
  api.twitch.addPerson('nobody');
  const streamer = await api.streamer();
  const browser = api.browser(streamer);
  api.twitch.faults.http({ kind: 'answer', status: 401, path: '/helix/users', times: 1 });
  const first = await browser.consent(await browser.toConsent('/auth/twitch/link'), 'nobody');
  expect((await browser.ask('GET', first)).headers.location).toBe(`${WEB}/?error=auth_failed&reason=no_user`);

  const path = await browser.consent(await browser.toConsent('/auth/twitch/link'), 'nobody');
  const asked = () => api.twitch.calls.filter(({ path: called }) => called === '/helix/users').length;
  const before = asked();
  api.twitch.faults.http({ kind: 'slow', delayMs: 300, path: '/helix/users', times: 1 });
  const answer = browser.ask('GET', path);
  await vi.waitFor(() => expect(asked()).toBe(before + 1));
  await api.pg.query('delete from "User" where id = $1', [streamer.userId]);
  expect((await answer).headers.location).toBe(`${WEB}/?error=auth_failed&reason=user_not_found`);
  expect(await accountsOf('nobody')).toEqual([]);
  // What nobody keeps is given back.
  expect(api.twitch.calls.filter(({ path: called }) => called === '/oauth2/revoke')).toHaveLength(1);
});

test('a callback of an application that two instances share ends at the one it began at, bound to the same browser', async () => {
  const { url } = await createTestDatabase({ forTest: true });
  const twitch = await startTwitchSimulator();
  onTestFinished(() => twitch.stop());
  twitch.addPerson('northpine');
  const env = { ...twitch.env(), TWITCH_CALLBACK_URL: 'https://bots.example/auth/twitch/callback', WEB_URL: WEB };
  const first = await startApiWorld(url, { env: { ...env, DOMAIN: 'bots.example' } });
  const beta = await startApiWorld(url, {
    env: { ...env, DOMAIN: 'beta.bots.example', INSTANCE: 'beta', WEB_URL: 'https://beta.bots.example' },
  });
  const there = new Browser(beta);
  const path = await there.consent(await there.toConsent('/auth/twitch'), 'northpine');
  const sentOn = new URL((await new Browser(first).ask('GET', path)).headers.location ?? '');
  expect([sentOn.origin, sentOn.pathname]).toEqual(['https://beta.bots.example', '/auth/twitch/complete']);
  const complete = sentOn.pathname + sentOn.search;
  // Whoever is handed the address gets nothing, at either of them.
  for (const api of [first, beta]) {
    expect(reasonOf((await new Browser(api).ask('GET', complete)).headers.location)).toBe('state_not_found');
  }
  expect((await there.ask('GET', complete)).headers.location).toBe('https://beta.bots.example/');
  expect(there.cookies.has('token_beta')).toBe(true);
  expect(reasonOf((await there.ask('GET', complete)).headers.location)).toBe('state_already_used');
});

test('bringing a bot and linking ask on the platform’s page even who has agreed before; signing in does not', async () => {
  const streamer = await api.streamer();
  const asked = async (path: string) => (await api.browser(streamer).toConsent(path)).searchParams.get('force_verify');
  expect([await asked('/auth/twitch'), await asked('/auth/twitch/link')]).toEqual([null, 'true']);
});

test('without the tables the feature is not there, and the process lives on', async () => {
  const api = await world();
  await api.pg.query('drop table "OAuthState"');
  expect((await api.ask(null, 'GET', '/auth/twitch')).json.errorCode).toBe('FEATURE_NOT_AVAILABLE');
  await api.pg.query('drop table "ExternalAccount" cascade');
  const streamer = await api.streamer();
  for (const method of ['GET', 'DELETE'] as const) {
    const path = method === 'GET' ? '/auth/accounts' : '/auth/accounts/x';
    expect(await api.codeOf(streamer, method, path)).toEqual([404, 'FEATURE_NOT_AVAILABLE']);
  }
  expect((await api.ask(null, 'GET', '/health')).status).toBe(200);
});
