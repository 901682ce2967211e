/** Own bots of channels and the default bot of all: shown, brought and taken back (docs/contract/http-api.md#custom-sender, docs/contract/http-api.md#default-bot). */
import { expect } from 'vitest';
import { descriptionOf, PROVIDERS, type Provider } from '../accounts.ts';
import { type Case, type CasesOf, each, type Look } from '../kit.ts';
import type { Stage } from '../stage.ts';

const UNKNOWN = { params: { provider: 'myspace' } };
const NONE = { enabled: false, externalAccountId: null, updatedAt: null };
const CROSS_SITE = { 'sec-fetch-site': 'cross-site' };

const streamer = async (at: Stage) => ({ as: await at.streamer() });
const owner = async (at: Stage) => ({ as: await at.streamer({ role: 'admin' }) });

function unknownProvider(caller: typeof streamer): Case {
  return {
    when: 'the platform is unknown',
    expects: '404 NOT_FOUND',
    ask: async (at) => ({ ...(await caller(at)), ...UNKNOWN }),
  };
}

/** The address of a consent page that asks for a bot's rights, with a state that is stored. */
function consentPage(provider: Provider): Look {
  return async ({ headers }, { pg }) => {
    const page = new URL(headers.location ?? '');
    expect(page.hostname).toBe('127.0.0.1');
    const state = page.searchParams.get('state') ?? '';
    const { rows } = await pg.query('select kind, provider from "OAuthState" where state = $1', [state]);
    expect(rows).toEqual([{ kind: 'bot_link', provider }]);
    expect(state).toMatch(/^[\w-]{43}$/);
    expect(String(headers['set-cookie'])).toContain('oauth_state=');
  };
}

async function entitled(at: Stage) {
  const who = await at.streamer();
  await at.entitle(who.channelId);
  return who;
}

const ofChannels: CasesOf = {
  'GET /streamer/bots/{provider}/bot': [
    ...each(PROVIDERS, (provider) => ({
      when: `${provider}: the channel has no custom bot`,
      expects: '200',
      ask: async (at) => ({ ...(await streamer(at)), params: { provider } }),
      shows: { ...NONE, lockedBySubscription: false },
    })),
    ...each(PROVIDERS, (provider) => ({
      when: `${provider}: the channel has a custom bot, but not the entitlement`,
      expects: '200',
      async ask(at) {
        const who = await at.streamer();
        await at.ownBot(who.channelId, who.userId, provider);
        return { as: who, params: { provider } };
      },
      shows: { enabled: true, externalAccountId: expect.any(String), lockedBySubscription: true },
    })),
    {
      when: 'the channel has a custom bot and the entitlement: the custom bot speaks',
      expects: '200',
      async ask(at) {
        const who = await entitled(at);
        await at.ownBot(who.channelId, who.userId, 'kick');
        return { as: who, params: { provider: 'kick' } };
      },
      shows: { enabled: true, lockedBySubscription: false, effectiveSender: { kind: 'override' } },
    },
    unknownProvider(streamer),
  ],
  'GET /streamer/bots/{provider}/bot/link': [
    ...each(PROVIDERS, (provider) => ({
      when: `${provider}: the channel has the entitlement`,
      expects: '302',
      ask: async (at) => ({ as: await entitled(at), params: { provider } }),
      shows: consentPage(provider),
    })),
    {
      when: 'the channel lacks the entitlement',
      expects: '403 SUBSCRIPTION_REQUIRED',
      ask: async (at) => ({ ...(await streamer(at)), params: { provider: 'kick' } }),
      shows: { code: 'SUBSCRIPTION_REQUIRED' },
    },
    {
      when: 'the table of entitlements is missing: no channel has one',
      on: 'unentitled',
      expects: '403 SUBSCRIPTION_REQUIRED',
      ask: async (at) => ({ ...(await streamer(at)), params: { provider: 'kick' } }),
    },
    ...each(PROVIDERS, (provider) => ({
      when: `${provider}: the instance is not configured for links`,
      on: 'unconfigured',
      expects: '503 BOT_NOT_CONFIGURED',
      ask: async (at) => ({ as: await entitled(at), params: { provider } }),
      shows: ({ json }) => {
        expect(json.details).toMatchObject({ provider, missing: expect.any(Array) });
        expect(json.details.missing).toContain(`${provider.toUpperCase()}_CALLBACK_URL`);
      },
    })),
    {
      when: 'a page of another site leads there',
      expects: '403 CSRF_INVALID',
      ask: async (at) => ({ as: await entitled(at), params: { provider: 'kick' }, headers: CROSS_SITE }),
    },
    unknownProvider(streamer),
  ],
  'DELETE /streamer/bots/{provider}/bot': [
    ...each(PROVIDERS, (provider) => ({
      when: `${provider}: the channel has a custom bot: it is unlinked without the entitlement too`,
      expects: '200',
      async ask(at) {
        const who = await at.streamer();
        await at.ownBot(who.channelId, who.userId, provider);
        return { as: who, params: { provider } };
      },
      shows: async ({ json }, at) => {
        expect(json).toEqual({ ok: true });
        const { rows } = await at.pg.query(`select action from "AuditLog" order by "createdAt" desc limit 1`);
        expect(rows).toEqual([{ action: 'streamer.bots.bot.unlink' }]);
      },
    })),
    {
      when: 'the channel has no custom bot',
      expects: '200',
      ask: async (at) => ({ ...(await streamer(at)), params: { provider: 'kick' } }),
      shows: { ok: true },
    },
    unknownProvider(streamer),
  ],
  'GET /streamer/entitlements/custom-bot': [
    {
      when: 'the channel has the entitlement',
      expects: '200',
      ask: async (at) => ({ as: await entitled(at) }),
      shows: { entitled: true },
    },
    { when: 'the channel lacks the entitlement', expects: '200', ask: streamer, shows: { entitled: false } },
    {
      when: 'the table of entitlements is missing',
      on: 'unentitled',
      expects: '200',
      ask: streamer,
      shows: { entitled: false },
    },
  ],
};

const ofOwner: CasesOf = {
  'GET /owner/bots/{provider}/default/status': [
    ...each(PROVIDERS, (provider) => ({
      when: `${provider}: there is a default bot`,
      expects: '200',
      async ask(at) {
        await at.defaultBot(provider);
        return { ...(await owner(at)), params: { provider } };
      },
      shows: { enabled: true, externalAccountId: expect.any(String), source: 'db', updatedAt: expect.any(String) },
    })),
    ...each(PROVIDERS, (provider) => ({
      when: `${provider}: there is no default bot`,
      expects: '200',
      async ask(at) {
        await at.noDefaultBot(provider);
        return { ...(await owner(at)), params: { provider } };
      },
      shows: { ...NONE, source: null },
    })),
    unknownProvider(owner),
  ],
  'GET /owner/bots/{provider}/default/link': [
    ...each(PROVIDERS, (provider) => ({
      when: `${provider}: an owner links the default bot`,
      expects: '302',
      ask: async (at) => ({ ...(await owner(at)), params: { provider } }),
      shows: consentPage(provider),
    })),
    ...each(PROVIDERS, (provider) => ({
      when: `${provider}: the instance is not configured for links`,
      on: 'unconfigured',
      expects: '503 BOT_NOT_CONFIGURED',
      ask: async (at) => ({ ...(await owner(at)), params: { provider } }),
      shows: { details: { provider, missing: expect.any(Array) } },
    })),
    {
      when: 'a page of another site leads there',
      expects: '403 CSRF_INVALID',
      ask: async (at) => ({ ...(await owner(at)), params: { provider: 'kick' }, headers: CROSS_SITE }),
    },
    unknownProvider(owner),
  ],
  'DELETE /owner/bots/{provider}/default': [
    ...each(PROVIDERS, (provider) => ({
      when: `${provider}: there is a default bot: it is unlinked`,
      expects: '200',
      async ask(at) {
        await at.defaultBot(provider);
        return { ...(await owner(at)), params: { provider } };
      },
      async shows({ json }, { pg }) {
        expect(json).toEqual({ ok: true });
        const { rows } = await pg.query(`select from "${descriptionOf(provider).tables.defaultCredential}"`);
        expect(rows).toEqual([]);
      },
    })),
    {
      when: 'there is no default bot',
      expects: '200',
      async ask(at) {
        await at.noDefaultBot('kick');
        return { ...(await owner(at)), params: { provider: 'kick' } };
      },
    },
    unknownProvider(owner),
  ],
};

export const senders: CasesOf = { ...ofChannels, ...ofOwner };
