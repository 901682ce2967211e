/** Beginning a sign-in or a link, one's accounts, and logout (docs/contract/http-api.md#oauth-providers, docs/contract/http-api.md#accounts, docs/contract/http-api.md#login-and-logout). */
import { expect } from 'vitest';
import { PROVIDERS, type Provider } from '../accounts.ts';
import { type CasesOf, each, type Look } from '../kit.ts';
import { HOST, PANEL, type Stage } from '../stage.ts';

const EVIL = 'https://evil.example';

/** Leads to the platform with a state of this kind, and gives the browser its secret. */
const consent =
  (provider: Provider, kind: 'login' | 'link'): Look =>
  async ({ headers }, { pg }) => {
    const page = new URL(headers.location ?? '');
    expect(page.hostname).toBe('127.0.0.1');
    const { rows } = await pg.query('select provider, kind, origin from "OAuthState" where state = $1', [
      page.searchParams.get('state'),
    ]);
    // A foreign origin is dropped at the start (W4).
    expect(rows).toEqual([{ provider, kind, origin: null }]);
    expect(String(headers['set-cookie'])).toMatch(/oauth_state=[\w-]{43};.*HttpOnly/);
  };

const starts: CasesOf = {
  'GET /auth/{provider}': [
    ...each(PROVIDERS, (provider) => ({
      when: `${provider} can sign people in; a foreign origin is dropped`,
      expects: '302',
      ask: () => ({ params: { provider }, query: { redirect_to: '/dashboard', origin: EVIL } }),
      shows: consent(provider, 'login'),
    })),
    {
      when: 'there is no application of the platform',
      on: 'unconfigured',
      expects: '302 ?no_client_id',
      ask: () => ({ params: { provider: 'kick' } }),
    },
    {
      when: 'the platform would not know where to send people back to',
      on: 'unconfigured',
      expects: '302 ?no_callback_url',
      ask: () => ({ params: { provider: 'twitch' } }),
    },
    {
      when: 'the platform is unknown',
      expects: '302 ?unsupported_provider',
      ask: () => ({ params: { provider: 'myspace' }, query: { origin: EVIL } }),
      shows: ({ headers }) => expect(headers.location).toContain(`${PANEL}/?error=auth_failed`),
    },
  ],
  'GET /auth/{provider}/link': [
    ...each(PROVIDERS, (provider) => ({
      when: `${provider} can be linked, by a viewer too; a foreign origin is dropped`,
      expects: '302',
      ask: async (at) => ({ as: await at.person('viewer'), params: { provider }, query: { origin: EVIL } }),
      shows: consent(provider, 'link'),
    })),
    ...each(PROVIDERS, (provider) => ({
      when: `${provider}: the instance is not configured for links`,
      on: 'unconfigured',
      expects: '302 ?missing_oauth_env',
      ask: async (at) => ({
        as: await at.person('viewer'),
        params: { provider },
        query: { redirect_to: '/settings/bot' },
      }),
      shows: ({ headers }) => {
        const page = new URL(headers.location ?? '');
        expect([page.pathname, page.searchParams.get('provider')]).toEqual(['/settings/bot', provider]);
      },
    })),
    {
      when: 'the platform is unknown',
      expects: '302 ?provider_not_supported',
      ask: async (at) => ({ as: await at.person('viewer'), params: { provider: 'myspace' } }),
    },
    {
      when: 'a page of another site leads there',
      expects: '403 CSRF_INVALID',
      ask: async (at) => ({
        as: await at.person('viewer'),
        params: { provider: 'kick' },
        headers: { 'sec-fetch-site': 'cross-site' },
      }),
    },
    {
      when: 'in production no header shows which page the request comes from',
      on: 'production',
      expects: '403 CSRF_INVALID',
      ask: async (at) => ({ as: await at.person('viewer'), params: { provider: 'kick' } }),
    },
  ],
  'POST /auth/logout': [
    {
      when: 'nobody is signed in: both cookies are cleared, of the host and of the domain',
      expects: '200',
      ask: () => ({}),
      shows: ({ headers }) => {
        const names = (headers['set-cookie'] ?? []).map((line) => [line.split('=')[0], line.includes(HOST)]);
        expect(names).toEqual([
          ['token_beta', false],
          ['token_beta', true],
          ['token', false],
          ['token', true],
        ]);
      },
    },
    {
      when: 'somebody is signed in: their login ends',
      expects: '200',
      ask: async (at) => ({ as: await at.person('viewer') }),
      shows: async (_answer, { pg }) => {
        const { rows } = await pg.query('select count(*)::int as ended from "EndedSession"');
        expect(rows[0].ended).toBeGreaterThan(0);
      },
    },
    {
      when: 'in production only Sec-Fetch-Site shows that the page is of the same site',
      on: 'production',
      expects: '200',
      ask: () => ({ headers: { 'sec-fetch-site': 'same-origin' } }),
    },
  ],
};

async function withAccounts(at: Stage, ...providers: Provider[]) {
  const who = await at.streamer();
  const ids = [];
  for (const provider of providers) ids.push(await at.linkOwn(who.userId, at.streamerOn(provider)));
  return { as: who, ids };
}

const unlinking = (externalAccountId: string | undefined) => ({
  params: { externalAccountId: externalAccountId ?? '' },
});

const accounts: CasesOf = {
  'GET /auth/accounts': [
    {
      when: 'the user has accounts: oldest first, without bots',
      expects: '200',
      async ask(at) {
        const { as } = await withAccounts(at, 'youtube', 'kick');
        await at.ownBot(as.channelId, as.userId, 'trovo');
        return { as };
      },
      shows: ({ json }) => {
        expect(json.accounts.map((one: { provider: string }) => one.provider)).toEqual(['youtube', 'kick']);
        expect(Object.keys(json.accounts[0]).sort()).toEqual(
          'avatarUrl createdAt displayName id login profileUrl provider providerAccountId updatedAt'.split(' '),
        );
      },
    },
    {
      when: 'a viewer asks',
      expects: '200',
      ask: async (at) => ({ as: await at.person('viewer') }),
      shows: ({ json }) => expect(json).toEqual({ accounts: [] }),
    },
  ],
  'DELETE /auth/accounts/{externalAccountId}': [
    {
      when: 'another account remains',
      expects: '200',
      async ask(at) {
        const { as, ids } = await withAccounts(at, 'youtube', 'twitch');
        return { as, ...unlinking(ids[0]) };
      },
      shows: { ok: true },
    },
    {
      when: 'there is no such account',
      expects: '404 NOT_FOUND',
      ask: async (at) => ({ ...(await withAccounts(at)), ...unlinking('nothing') }),
    },
    {
      when: 'the account belongs to somebody else',
      expects: '404 NOT_FOUND',
      async ask(at) {
        const { ids } = await withAccounts(at, 'youtube', 'twitch');
        return { as: await at.streamer(), ...unlinking(ids[0]) };
      },
    },
    {
      when: 'it is the last account of the user',
      expects: '400 BAD_REQUEST',
      async ask(at) {
        const { as, ids } = await withAccounts(at, 'twitch');
        return { as, ...unlinking(ids[0]) };
      },
    },
    ...each(PROVIDERS, (provider) => ({
      when: `${provider}: the account is the bot of a channel`,
      expects: '409 CONFLICT',
      async ask(at) {
        const as = await at.streamer();
        return { as, ...unlinking(await at.ownBot(as.channelId, as.userId, provider)) };
      },
      shows: {
        details: {
          kind: 'channel_bot_credential',
          provider,
          unlinkEndpoint: `DELETE /streamer/bots/${provider}/bot`,
          hint: `Call DELETE /streamer/bots/${provider}/bot first`,
        },
      },
    })),
    {
      when: 'the account is the default bot and the bot of a channel: the default bot is named',
      expects: '409 CONFLICT',
      async ask(at) {
        const as = await at.streamer();
        const id = await at.ownBot(as.channelId, as.userId, 'kick');
        await at.noDefaultBot('kick');
        await at.pg.query('insert into "GlobalKickBotCredential" ("externalAccountId") values ($1)', [id]);
        return { as, ...unlinking(id) };
      },
      shows: { details: { kind: 'global_bot_credential', unlinkEndpoint: 'DELETE /owner/bots/kick/default' } },
    },
  ],
};

export const signIn: CasesOf = { ...starts, ...accounts };
