/** Every outcome of a callback, on both of its paths (docs/contract/http-api.md#callback-outcomes). */
import { expect, vi } from 'vitest';

import type { ProviderId } from '../../../src/lib/brand.ts';

import type { Ask } from '../call.ts';
import type { Case, CasesOf, Look } from '../kit.ts';
import { PANEL, type Stage } from '../stage.ts';
import { back, bringing, left, walked } from '../walks.ts';

const lands =
  (page: string): Look =>
  ({ headers }) => {
    expect(headers.location?.split('?')[0]).toBe(PANEL + page);
    expect(String(headers['set-cookie'] ?? '')).not.toMatch(/(^|,)token/);
  };

const successes: Case[] = [
  {
    when: 'somebody signs in: the browser is given the login',
    expects: '302',
    async ask(at) {
      const { browser, path } = await walked(at, 'twitch', { start: '/auth/twitch', person: null });
      return back(browser, path);
    },
    shows: ({ headers }) => {
      expect(headers.location).toBe(`${PANEL}/`);
      expect(String(headers['set-cookie'])).toMatch(/^token=.*HttpOnly/);
    },
  },
  ...(['twitch', 'vkvideo', 'youtube', 'trovo', 'kick'] as const).flatMap((provider): Case[] => [
    {
      when: `${provider}: an account is linked, and nobody is signed in by it`,
      expects: '302',
      async ask(at) {
        const { browser, path } = await walked(at, provider);
        return back(browser, path);
      },
      shows: lands('/settings/accounts'),
    },
    {
      when: `${provider}: a channel brings its bot`,
      expects: '302',
      async ask(at) {
        const { browser, path } = await bringing(at, await at.streamer(), provider);
        return back(browser, path);
      },
      shows: lands('/settings/bot'),
    },
  ]),
];

const states: Case[] = [
  {
    when: 'there is no code',
    expects: '302 ?no_code',
    ask: () => ({ params: { provider: 'twitch' }, query: { state: 'x' } }),
  },
  {
    when: 'the state is not known',
    expects: '302 ?state_not_found',
    ask: () => ({ params: { provider: 'twitch' }, query: { state: 'x', code: 'y' } }),
  },
  {
    when: 'another browser began it: it ends with no login and no account',
    expects: '302 ?state_not_found',
    async ask(at) {
      const { path } = await walked(at, 'twitch', { start: '/auth/twitch', person: null });
      return back(at.browser(await at.streamer()), path);
    },
    shows: lands('/'),
  },
  {
    when: 'the state was used',
    expects: '302 ?state_already_used',
    async ask(at) {
      const { browser, path } = await walked(at, 'twitch');
      await browser.ask('GET', path);
      return back(browser, path);
    },
  },
  {
    when: 'the state is older than ten minutes',
    expects: '302 ?state_expired',
    async ask(at) {
      const { state, ...ask } = await left(at, {}, await at.streamer());
      await at.pg.query(`update "OAuthState" set "expiresAt" = '2020-01-01' where state = $1`, [state]);
      return ask;
    },
  },
  {
    when: 'a later version began something this one does not know',
    expects: '302 ?invalid_state_kind',
    async ask(at) {
      await at.pg.query(`alter type "OAuthStateKind" add value if not exists 'something_new'`);
      const { state, ...ask } = await left(at, {}, await at.streamer());
      await at.pg.query(`update "OAuthState" set kind = 'something_new' where state = $1`, [state]);
      return ask;
    },
  },
  {
    when: 'the platform of the state signs nobody in',
    expects: '302 ?login_not_supported',
    ask: async (at) => left(at, { kind: 'login', provider: 'discord' as ProviderId }, null),
    shows: ({ headers }) => expect(headers.location).toContain('provider=discord'),
  },
  {
    when: 'the platform of the state links nothing',
    expects: '302 ?provider_not_supported',
    ask: async (at) => left(at, { provider: 'discord' as ProviderId }, await at.streamer()),
    shows: ({ headers }) => expect(headers.location).toContain('provider=discord'),
  },
  {
    when: 'the instance has lost the settings since',
    on: 'unconfigured',
    expects: '302 ?missing_oauth_env',
    ask: async (at) => left(at, { provider: 'kick' as ProviderId }, await at.streamer()),
    shows: ({ headers }) => expect(headers.location).toContain('provider=kick'),
  },
  {
    when: 'the stored state names no user',
    expects: '302 ?missing_link_user',
    ask: async (at) => left(at, {}, null),
  },
];

const answersOfPlatforms: Case[] = [
  {
    when: 'the person refuses',
    expects: '302 ?access_denied',
    async ask(at) {
      const { browser, path } = await walked(at, 'twitch', { denies: true });
      return back(browser, path);
    },
  },
  {
    when: 'the person refuses at VK',
    expects: '302 ?vk_oauth_error',
    ask: () => ({ params: { provider: 'vkvideo' }, query: { error: 'no', error_description: 'x'.repeat(300) } }),
    shows: ({ headers }) => {
      const { searchParams } = new URL(headers.location ?? '');
      expect([searchParams.get('provider'), searchParams.get('details')]).toEqual(['vkvideo', 'x'.repeat(240)]);
    },
  },
  {
    when: 'the platform refuses the code',
    expects: '302 ?no_token',
    async ask(at) {
      const { state: _state, ...ask } = await left(at, {}, await at.streamer());
      return ask;
    },
  },
  {
    when: 'the platform does not say whose token it is',
    expects: '302 ?no_user',
    async ask(at) {
      const { browser, path } = await walked(at, 'twitch');
      at.sims.twitch.faults.http({ kind: 'answer', status: 401, path: '/helix/users', times: 1 });
      return back(browser, path);
    },
  },
  {
    when: 'the platform cannot be reached: no internal detail is shown',
    expects: '302 ?exception',
    async ask(at) {
      const { browser, path } = await walked(at, 'kick');
      at.sims.kick.faults.http({ kind: 'answer', status: 503, body: 'secret words', path: '/oauth/token', times: 1 });
      return back(browser, path);
    },
    shows: ({ headers }) => {
      expect(headers.location).toBe(`${PANEL}/?error=auth_failed&reason=exception`);
    },
  },
];

const people: Case[] = [
  {
    when: 'the account is another user’s',
    expects: '302 ?account_already_linked',
    ask: (at) => taken(at),
    shows: ({ headers }) => expect(headers.location).toContain('/settings/bot?error=auth_failed'),
  },
  {
    when: 'the account is another user’s and a script asks',
    expects: '409 ACCOUNT_ALREADY_LINKED',
    ask: (at) => taken(at, { accept: 'application/json' }),
    shows: { details: { provider: 'kick', providerAccountId: expect.any(String) } },
    // The state is used up, whatever comes of it.
    mayWrite: ['OAuthState'],
  },
  {
    when: 'the person who began the link is no longer signed in',
    expects: '302 ?login_required',
    async ask(at) {
      const { browser, path } = await walked(at, 'twitch');
      browser.cookies.delete('token');
      return back(browser, path);
    },
  },
  {
    when: 'somebody else has signed in since',
    expects: '302 ?link_user_mismatch',
    async ask(at) {
      const { browser, path } = await walked(at, 'twitch');
      browser.cookies.set('token', (await at.streamer()).token);
      return back(browser, path);
    },
  },
  {
    when: 'the user is deleted while the platform answers',
    expects: '302 ?user_not_found',
    async ask(at) {
      const { browser, path, who } = await walked(at, 'twitch');
      const { calls, faults } = at.sims.twitch;
      const before = calls.length;
      faults.http({ kind: 'slow', delayMs: 300, path: '/helix/users', times: 1 });
      void vi
        .waitFor(() => expect(calls.slice(before).some((one) => one.path === '/helix/users')).toBe(true))
        .then(() => at.pg.query('delete from "User" where id = $1', [who?.userId]));
      return back(browser, path);
    },
  },
  {
    when: 'the right to a bot has ended: no account is kept',
    expects: '302 ?subscription_required',
    async ask(at) {
      const who = await at.streamer();
      const { browser, path } = await bringing(at, who, 'kick');
      await at.pg.query('delete from "ChannelEntitlement" where "channelId" = $1', [who.channelId]);
      return back(browser, path);
    },
    shows: lands('/settings/bot'),
  },
  {
    when: 'the account is the bot of another channel',
    expects: '302 ?bot_account_in_use',
    async ask(at) {
      const [who, other] = [await at.streamer(), await at.streamer()];
      const id = await at.ownBot(other.channelId, who.userId, 'kick');
      const { rows } = await at.pg.query('select login from "ExternalAccount" where id = $1', [id]);
      const { browser, path } = await bringing(at, who, 'kick', rows[0].login);
      return back(browser, path);
    },
    shows: lands('/settings/bot'),
  },
  {
    when: 'the person who links the default bot is no longer an owner',
    expects: '302 ?forbidden',
    async ask(at) {
      const person = await at.streamer({ role: 'admin' });
      const start = '/owner/bots/kick/default/link';
      const { browser, path } = await walked(at, 'kick', { start, person });
      await at.pg.query(`update "User" set role = 'streamer' where id = $1`, [person.userId]);
      return back(browser, path);
    },
  },
];

async function taken(at: Stage, headers = {}): Promise<Ask> {
  const person = at.streamerOn('kick');
  await at.linkOwn((await at.streamer()).userId, person);
  const start = '/auth/kick/link?redirect_to=/settings/bot';
  const { browser, path } = await walked(at, 'kick', { start, as: person.name });
  return back(browser, path, headers);
}

const CASES = [...successes, ...states, ...answersOfPlatforms, ...people];

export const callbacks: CasesOf = {
  'GET /auth/{provider}/callback': CASES,
  'GET /auth/{provider}/link/callback': CASES,
  'GET /auth/{provider}/complete': [
    {
      when: 'what another instance sent on ends here, in the browser that began here',
      expects: '302',
      async ask(at) {
        const { browser, path } = await walked(at, 'twitch', { start: '/auth/twitch', person: null });
        return back(browser, path);
      },
      shows: ({ headers }) => {
        expect(headers.location).toBe(`${PANEL}/`);
        expect(headers.location).not.toMatch(/token|code/);
      },
    },
    {
      when: 'another browser began the sign-in',
      expects: '302 ?state_not_found',
      async ask(at) {
        const { path } = await walked(at, 'twitch', { start: '/auth/twitch', person: null });
        return back(at.browser(), path);
      },
    },
  ],
};
