/** What there is beyond the contract: history, live events, the audit trail, tokens of tools. */
import { expect } from 'vitest';
import type { StreamerPerson } from '../../support/api-world.ts';
import { call } from '../call.ts';
import { type Case, type CasesOf, each } from '../kit.ts';
import type { Stage } from '../stage.ts';
import { channelGone } from './people.ts';

const MAX_TOKENS = 20;
const GOOD = { name: 'deck', scopes: ['say'] };
const streamer = async (at: Stage) => ({ as: await at.streamer() });

const wrongPages = (caller: (at: Stage) => Promise<{ as: StreamerPerson }>): Case[] =>
  each(
    [{ cursor: 'xyz' }, { cursor: Buffer.from('[-1,"x"]').toString('base64url') }, { limit: '0' }, { limit: '1e3' }],
    (query) => ({
      when: `the page is ${JSON.stringify(query)}`,
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ ...(await caller(at)), query }),
    }),
  );

async function spoken(at: Stage) {
  const as = await at.streamer();
  await at.subscribe('kick', as.channelId, as.userId, at.name());
  await call(at.port, 'POST /streamer/bot/say', { as, body: { message: 'hello' } });
  return { as };
}

async function withToken(at: Stage, body: object = GOOD) {
  const as = await at.streamer();
  const { json } = await call(at.port, 'POST /streamer/api-tokens', { as, body });
  return { as, id: json.id, token: json.token };
}

const tokens: CasesOf = {
  'GET /streamer/api-tokens': [
    {
      when: 'the channel has a token: its text is not shown again',
      expects: '200',
      ask: async (at) => ({ as: (await withToken(at)).as }),
      shows: ({ json, text }) => {
        expect(json.items).toMatchObject([GOOD]);
        expect(text).not.toContain('mab_');
      },
    },
  ],
  'POST /streamer/api-tokens': [
    {
      when: 'name and scopes are given: the text of the token is shown',
      expects: '201',
      ask: async (at) => ({ ...(await streamer(at)), body: GOOD }),
      shows: { ...GOOD, token: expect.stringMatching(/^mab_/), expiresAt: null, lastUsedAt: null },
    },
    ...each(
      [
        { name: ' ' },
        { name: 5 },
        { scopes: [] },
        { scopes: ['owner'] },
        { scopes: 'say' },
        { expiresAt: '2020-01-01T00:00:00Z' },
        { expiresAt: 'soon' },
      ],
      (wrong) => ({
        when: `the body has ${JSON.stringify(wrong)}`,
        expects: '400 BAD_REQUEST',
        ask: async (at) => ({ ...(await streamer(at)), body: { ...GOOD, ...wrong } }),
      }),
    ),
    channelGone({ body: GOOD }),
    {
      when: 'the channel has the most tokens it may have',
      expects: '409 CONFLICT',
      async ask(at) {
        const { as } = await streamer(at);
        for (let made = 0; made < MAX_TOKENS; made += 1) {
          await call(at.port, 'POST /streamer/api-tokens', { as, body: GOOD });
        }
        return { as, body: GOOD };
      },
    },
  ],
  'DELETE /streamer/api-tokens/{id}': [
    {
      when: 'the token exists: it is revoked',
      expects: '200',
      async ask(at) {
        const { as, id } = await withToken(at);
        return { as, params: { id } };
      },
      shows: { ok: true },
    },
    {
      when: 'the token does not exist',
      expects: '404 NOT_FOUND',
      ask: async (at) => ({ ...(await streamer(at)), params: { id: 'x' } }),
    },
    {
      when: 'the token belongs to another channel',
      expects: '404 NOT_FOUND',
      ask: async (at) => ({ ...(await streamer(at)), params: { id: (await withToken(at)).id } }),
    },
  ],
};

export const beyond: CasesOf = {
  'GET /streamer/bot/outbox': [
    {
      when: 'something was said',
      expects: '200',
      ask: spoken,
      shows: { items: [{ provider: 'kick', message: 'hello', status: 'pending', source: 'say' }], nextCursor: null },
    },
    {
      when: 'the status is unknown',
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ ...(await streamer(at)), query: { status: 'lost' } }),
    },
    {
      when: 'the platform is unknown',
      expects: '400 VALIDATION_ERROR',
      ask: async (at) => ({ ...(await streamer(at)), query: { provider: 'myspace' } }),
    },
    ...wrongPages(streamer),
  ],
  'GET /streamer/events': [
    {
      when: 'a streamer watches',
      expects: '200',
      ask: spoken,
      shows: ({ text }) => expect(text).toMatch(/^event: (bots:state|outbox:message|credits:\w+)$/m),
    },
    channelGone(),
  ],
  'GET /streamer/audit': [
    {
      when: 'something was switched: only what concerns the channel',
      expects: '200',
      async ask(at) {
        const { as } = await streamer(at);
        const ask = { as, params: { provider: 'kick' }, body: { enabled: false } };
        await call(at.port, 'PATCH /streamer/bots/{provider}', ask);
        return { as };
      },
      shows: ({ json }) => {
        expect(json.items.map((one: { action: string }) => one.action)).toEqual(['streamer.bots.disable']);
      },
    },
    {
      when: 'the action is blank',
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ ...(await streamer(at)), query: { action: ' ' } }),
    },
    ...wrongPages(streamer),
  ],
  'POST /auth/logout/everywhere': [
    {
      when: 'somebody is signed in: the cookie is cleared',
      expects: '200',
      ask: async (at) => ({ as: await at.person('viewer') }),
      shows: ({ headers }) => expect(headers['set-cookie']?.join()).toContain('token=;'),
    },
  ],
  'POST /owner/users/{id}/sign-out': [
    {
      when: 'the user exists',
      expects: '200',
      async ask(at) {
        const { userId } = await at.person('viewer');
        return { as: await at.person('admin'), params: { id: userId } };
      },
      shows: { ok: true },
    },
    {
      when: 'the user does not exist',
      expects: '404 NOT_FOUND',
      ask: async (at) => ({ as: await at.person('admin'), params: { id: 'nobody' } }),
    },
  ],
  'GET /owner/audit': [
    {
      when: 'an owner reads the entries of every channel',
      expects: '200',
      async ask(at) {
        await withToken(at);
        return { as: await at.streamer({ role: 'admin' }), query: { limit: '1' } };
      },
      shows: { items: [{ action: 'streamer.api_tokens.create' }], nextCursor: expect.any(String) },
    },
    ...wrongPages(async (at) => ({ as: await at.streamer({ role: 'admin' }) })),
  ],
  ...tokens,
};
