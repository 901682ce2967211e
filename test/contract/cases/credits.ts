/** The relay of workers, the roll a streamer sees, and the overlay (docs/contract/http-api.md#credits-relay-and-overlay). */
import { expect } from 'vitest';
import { issueOverlayToken } from '../../../src/credits/overlay-token.ts';
import { JWT_SECRET } from '../../support/api-world.ts';
import { call } from '../call.ts';
import type { Route } from '../contract.ts';
import { type Case, type CasesOf, each } from '../kit.ts';
import type { Stage } from '../stage.ts';
import { channelGone } from './people.ts';

const RELAY = { 'x-memalerts-internal': 'credits-event' };
const streamer = async (at: Stage) => ({ as: await at.streamer() });

/** Callers from another machine or through a proxy get 404, as for an unknown route (W3 in docs/contract/guarantees.md). */
function strangers(body: object | null): Case[] {
  return each(
    [
      ['without the header', {}],
      ['with another header', { 'x-memalerts-internal': 'chat' }],
      ...['x-forwarded-for', 'x-real-ip', 'forwarded', 'cf-connecting-ip'].map(
        (name) => [`through a proxy that writes ${name}`, { ...RELAY, [name]: '127.0.0.1' }] as const,
      ),
    ] as const,
    ([when, headers]) => ({
      when: `a stranger calls ${when}`,
      expects: '404 NOT_FOUND',
      ask: async (at) =>
        body === null ? { headers } : { headers, body: { ...body, channelSlug: (await at.streamer()).slug } },
    }),
  );
}

const MIRA = { userId: 'kick:5', displayName: ' Mira ', avatarUrl: 'https://images.example/m.png' };
const GIFT = { name: 'Mira', amount: '12.5', currency: 'usd' };

const relay: CasesOf = {
  'POST /internal/credits/chatter': [
    {
      when: 'a chatter is relayed, with the slug in upper case',
      expects: '200',
      ask: async (at) => ({
        headers: RELAY,
        body: { ...MIRA, channelSlug: ` ${(await at.streamer()).slug.toUpperCase()}` },
      }),
      shows: ({ json }) => expect(json).toEqual({ ok: true }),
    },
    {
      when: 'several chatters are relayed at once',
      expects: '200',
      ask: async (at) => ({ headers: RELAY, body: [{ ...MIRA, channelSlug: (await at.streamer()).slug }] }),
      shows: { ok: true },
    },
    {
      when: 'the channel is unknown: nothing is stored',
      expects: '200',
      ask: () => ({ headers: RELAY, body: { ...MIRA, channelSlug: 'nobody' } }),
      shows: { ok: true, ignored: true },
    },
    {
      when: 'the streamer ignores the name of the chatter',
      expects: '200',
      async ask(at) {
        const as = await at.streamer();
        const body = { creditsIgnoredChatters: ['mIRA'] };
        await call(at.port, 'POST /streamer/credits/ignored-chatters', { as, body });
        return { headers: RELAY, body: { ...MIRA, channelSlug: as.slug } };
      },
      shows: { ok: true, ignored: true },
    },
    {
      when: 'the chatter is a bot of the channel',
      expects: '200',
      async ask(at) {
        const { channelId, userId, slug } = await at.streamer();
        await at.entitle(channelId);
        const id = await at.ownBot(channelId, userId, 'kick');
        const { rows } = await at.pg.query('select "providerAccountId" as id from "ExternalAccount" where id = $1', [
          id,
        ]);
        return { headers: RELAY, body: { ...MIRA, userId: `kick:${rows[0].id}`, channelSlug: slug } };
      },
      shows: { ok: true, ignored: true },
    },
    ...each(['channelSlug', 'userId', 'displayName'], (field) => ({
      when: `${field} is blank`,
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({
        headers: RELAY,
        body: { ...MIRA, channelSlug: (await at.streamer()).slug, [field]: ' ' },
      }),
    })),
    ...strangers(MIRA),
  ],
  'POST /internal/credits/donor': [
    {
      when: 'a donor is relayed',
      expects: '200',
      ask: async (at) => ({ headers: RELAY, body: { ...GIFT, channelSlug: (await at.streamer()).slug } }),
      shows: ({ json }) => expect(json).toEqual({ ok: true }),
    },
    {
      when: 'the channel is unknown',
      expects: '200',
      ask: () => ({ headers: RELAY, body: { ...GIFT, channelSlug: 'nobody' } }),
      shows: { ignored: true },
    },
    ...each([{ name: '' }, { amount: 'much' }, { amount: null }, { channelSlug: ' ' }, { amount: {} }], (wrong) => ({
      when: `the body has ${JSON.stringify(wrong)}`,
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ headers: RELAY, body: { ...GIFT, channelSlug: (await at.streamer()).slug, ...wrong } }),
    })),
    ...strangers(GIFT),
  ],
  'GET /internal/diagnostics': [
    {
      when: 'a process of this machine asks: names of keys and no key, and what each platform told',
      expects: '200',
      ask: () => ({ headers: RELAY }),
      shows: ({ json }) => {
        expect(json).toEqual({ version: expect.any(String), keys: expect.any(Array), told: expect.any(Array) });
        expect(json.told).toContainEqual(expect.objectContaining({ check: 'webhook', provider: 'twitch' }));
      },
    },
    ...strangers(null),
  ],
};

/** A new streamer with a chatter and a donor in the roll. */
async function withRoll(at: Stage) {
  const as = await at.streamer();
  const handOver = (route: Route, body: object) =>
    call(at.port, route, { headers: RELAY, body: { ...body, channelSlug: as.slug } });
  await handOver('POST /internal/credits/chatter', MIRA);
  await handOver('POST /internal/credits/donor', GIFT);
  return { as };
}

const LONGEST_STYLE = 50_000;

const streamerCredits: CasesOf = {
  'GET /streamer/credits/token': [
    {
      when: 'no style was set: a token and its address come back, and the default style',
      expects: '200',
      ask: streamer,
      shows: {
        token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
        url: expect.stringMatching(/^https:\/\/bots\.example\/overlay\/credits\/t\/[\w-]+\.[\w-]+\.[\w-]+$/),
        creditsStyleJson: null,
        style: { fontSize: 24, rollSpeed: 60 },
      },
    },
    channelGone(),
  ],
  'POST /streamer/credits/token/rotate': [
    {
      when: 'the token is rotated: the new one opens the overlay',
      expects: '200',
      ask: streamer,
      async shows({ json }, { port }) {
        const params = { token: json.token };
        expect((await call(port, 'GET /overlay/credits/t/{token}/events', { params })).status).toBe(200);
      },
    },
    channelGone(),
  ],
  'GET /streamer/credits/state': [
    {
      when: 'somebody chatted and gave',
      expects: '200',
      ask: withRoll,
      shows: {
        creditsReconnectWindowMinutes: 60,
        chatters: [{ name: 'Mira', avatarUrl: MIRA.avatarUrl, provider: 'kick' }],
        donors: [{ name: 'Mira', amount: 12.5, currency: 'USD', avatarUrl: null }],
      },
    },
    channelGone(),
  ],
  'POST /streamer/credits/reset': [
    {
      when: 'the credits list somebody: the list is empty afterwards',
      expects: '200',
      ask: withRoll,
      shows: { ok: true },
    },
    channelGone(),
  ],
  'POST /streamer/credits/settings': [
    ...each(
      [
        [' {"fontSize":20} ', '{"fontSize":20}'],
        ['{"ownKey":[1]}', '{"ownKey":[1]}'],
        ['  ', null],
        [null, null],
        ['x'.repeat(LONGEST_STYLE), 'x'.repeat(LONGEST_STYLE)],
      ] as const,
      ([creditsStyleJson, stored]) => ({
        when: `the style is ${JSON.stringify(creditsStyleJson).slice(0, 24)}`,
        expects: '200',
        ask: async (at) => ({ ...(await streamer(at)), body: { creditsStyleJson } }),
        shows: { ok: true, creditsStyleJson: stored },
      }),
    ),
    ...each([undefined, 5, {}, 'x'.repeat(LONGEST_STYLE + 1), '{"blur":-1}'], (creditsStyleJson) => ({
      when: `the style is ${JSON.stringify(creditsStyleJson)?.slice(0, 8)}`,
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ ...(await streamer(at)), body: { creditsStyleJson } }),
    })),
    channelGone({ body: { creditsStyleJson: null } }),
  ],
  'GET /streamer/credits/reconnect-window': [
    { when: 'no window was set', expects: '200', ask: streamer, shows: { creditsReconnectWindowMinutes: 60 } },
    channelGone(),
  ],
  'POST /streamer/credits/reconnect-window': [
    ...each(
      [
        [15.9, 15],
        [0, 1],
        [1e9, 1440],
      ] as const,
      ([minutes, stored]) => ({
        when: `the window is set to ${minutes} minutes`,
        expects: '200',
        ask: async (at) => ({ ...(await streamer(at)), body: { minutes } }),
        shows: { creditsReconnectWindowMinutes: stored },
      }),
    ),
    ...each([null, '5', {}, undefined], (minutes) => ({
      when: `the window is set to ${JSON.stringify(minutes)}`,
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ ...(await streamer(at)), body: { minutes } }),
    })),
    channelGone({ body: { minutes: 5 } }),
  ],
  'GET /streamer/credits/ignored-chatters': [
    { when: 'nobody is ignored', expects: '200', ask: streamer, shows: { creditsIgnoredChatters: [] } },
    channelGone(),
  ],
  'POST /streamer/credits/ignored-chatters': [
    {
      when: 'names are repeated, blank or too long: they are dropped',
      expects: '200',
      ask: async (at) => ({
        ...(await streamer(at)),
        body: { creditsIgnoredChatters: [' Bot ', 'bOT', '', 'x'.repeat(65)] },
      }),
      shows: ({ json }) => expect(json).toEqual({ creditsIgnoredChatters: ['Bot'] }),
    },
    {
      when: 'more than 200 names are given: the first 200 are kept',
      expects: '200',
      ask: async (at) => ({
        ...(await streamer(at)),
        body: { creditsIgnoredChatters: Array.from({ length: 201 }, (_, index) => `bot${index}`) },
      }),
      shows: ({ json }) => expect(json.creditsIgnoredChatters).toHaveLength(200),
    },
    ...each(['bot', null, [5], undefined], (creditsIgnoredChatters) => ({
      when: `the list is ${JSON.stringify(creditsIgnoredChatters)}`,
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ ...(await streamer(at)), body: { creditsIgnoredChatters } }),
    })),
    channelGone({ body: { creditsIgnoredChatters: [] } }),
  ],
};

async function overlayToken(at: Stage, version = 1) {
  const { channelId, slug } = await at.streamer();
  return { params: { token: await issueOverlayToken({ channelId, channelSlug: slug, version }, JWT_SECRET) } };
}

const NO_TOKENS = [' ', '</script><script>alert(1)</script>', "'-alert(1)-'", 'a b', 'x"onload='];
const noTokens = each(NO_TOKENS, (token) => ({
  when: `the token is ${JSON.stringify(token)}`,
  expects: '400 BAD_REQUEST',
  ask: () => ({ params: { token } }),
}));

const overlay: CasesOf = {
  'GET /overlay/credits/t/{token}': [
    {
      when: 'the address has a token: the page is not cached and runs only its own script',
      expects: '200',
      ask: (at) => overlayToken(at),
      shows: ({ headers, text }) => {
        const policy = String(headers['content-security-policy']);
        const nonce = /'nonce-([^']+)'/.exec(policy)?.[1];
        expect(policy).not.toMatch(/unsafe/);
        for (const [script] of text.matchAll(/<script[^>]*>/g)) expect(script).toContain(`nonce="${nonce}"`);
        expect([headers['cache-control'], headers.pragma, headers.expires]).toEqual([
          'no-store, no-cache, must-revalidate, proxy-revalidate',
          'no-cache',
          '0',
        ]);
      },
    },
    ...noTokens,
  ],
  'GET /overlay/credits/t/{token}/events': [
    {
      when: 'the token is valid: style and names are sent at once',
      expects: '200',
      ask: (at) => overlayToken(at),
      shows: ({ text }) => expect(text).toContain('event: credits:'),
    },
    ...noTokens,
    { when: 'the token has no valid signature', expects: '403 FORBIDDEN', ask: () => ({ params: { token: 'a.b.c' } }) },
    { when: 'the token was rotated away', expects: '403 FORBIDDEN', ask: (at) => overlayToken(at, 7) },
    {
      when: 'the token is a login token',
      expects: '403 FORBIDDEN',
      ask: async (at) => ({ params: { token: (await at.streamer()).token } }),
    },
  ],
};

export const credits: CasesOf = { ...relay, ...streamerCredits, ...overlay };
