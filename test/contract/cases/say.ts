/** `say` and the fate of what was said (docs/contract/http-api.md#say-and-outbox). */
import { expect } from 'vitest';
import type { StreamerPerson } from '../../support/api-world.ts';
import { PROVIDERS, type Provider } from '../accounts.ts';
import { call } from '../call.ts';
import { type CasesOf, each } from '../kit.ts';
import type { Stage } from '../stage.ts';
import { channelGone } from './people.ts';

const SAY = 'POST /streamer/bot/say';
/** In the order of the contract, not of display. */
const ALL = ['twitch', 'youtube', 'vkvideo', 'trovo', 'kick'];
const YOUTUBE_MAX = 200;

async function speaking(at: Stage, ...providers: Provider[]): Promise<StreamerPerson> {
  const who = await at.streamer();
  for (const provider of providers) await at.subscribe(provider, who.channelId, who.userId, at.name());
  return who;
}

async function said(at: Stage): Promise<{ as: StreamerPerson; id: string }> {
  const as = await speaking(at, 'twitch');
  const { json } = await call(at.port, SAY, { as, body: { message: 'hello' } });
  return { as, id: json.outbox.id };
}

async function gate(at: Stage, { channelId }: StreamerPerson, provider: Provider): Promise<void> {
  await at.pg.query(`insert into "BotIntegrationSettings" ("channelId", provider, enabled) values ($1, $2, false)`, [
    channelId,
    provider,
  ]);
}

const queued = (provider: string) => ({
  ok: true,
  provider,
  outbox: { id: expect.any(String), status: 'pending', createdAt: expect.any(String) },
});

export const say: CasesOf = {
  'POST /streamer/bot/say': [
    ...each(PROVIDERS, (provider) => ({
      when: `${provider} is named, in any spelling`,
      expects: '200',
      ask: async (at) => ({
        as: await speaking(at, ...PROVIDERS),
        body: { message: ' hi ', provider: ` ${provider.toUpperCase()}` },
      }),
      shows: queued(provider),
    })),
    ...each([undefined, null, '', '  '], (provider) => ({
      when: `one bot is enabled and the provider is ${JSON.stringify(provider)}`,
      expects: '200',
      ask: async (at) => ({ as: await speaking(at, 'kick'), body: { message: 'hi', provider } }),
      shows: queued('kick'),
    })),
    {
      when: 'the text has line breaks: they become spaces',
      expects: '200',
      ask: async (at) => ({ as: await speaking(at, 'twitch'), body: { message: 'a\nQUIT\r\nb' } }),
      async shows({ json }, { pg }) {
        const { rows } = await pg.query('select message from "ChatBotOutboxMessage" where id = $1', [json.outbox.id]);
        expect(rows).toEqual([{ message: 'a QUIT b' }]);
      },
    },
    {
      when: 'several bots are enabled and no platform is named',
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ as: await speaking(at, ...PROVIDERS), body: { message: 'hi' } }),
      shows: ({ json }) => expect(json.enabledProviders).toEqual(ALL),
    },
    ...each(
      [
        ['missing', undefined],
        ['blank', ' \r\n '],
        ['nothing that anybody sees', '\u200b\u2800\ufe0f'],
        ['an object', {}],
        ['a number', 5],
        ['of 501 characters', 'x'.repeat(501)],
        ['a chat command with a slash', '/ban bob'],
        ['a chat command with a period', '.timeout bob'],
      ] as const,
      ([what, message]) => ({
        when: `the message is ${what}`,
        expects: '400 BAD_REQUEST',
        ask: async (at) => ({ as: await speaking(at, 'twitch'), body: { message } }),
        shows: { details: { field: 'message' } },
      }),
    ),
    {
      when: 'the message is longer than the platform takes',
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ as: await speaking(at, 'youtube'), body: { message: 'x'.repeat(YOUTUBE_MAX + 1) } }),
      shows: { details: { field: 'message', max: YOUTUBE_MAX, length: YOUTUBE_MAX + 1 } },
    },
    {
      when: 'the idempotency key has more than 128 characters',
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({
        as: await speaking(at, 'twitch'),
        body: { message: 'hi' },
        headers: { 'idempotency-key': 'x'.repeat(129) },
      }),
    },
    {
      when: 'the platform is unknown',
      expects: '400 VALIDATION_ERROR',
      ask: async (at) => ({ as: await speaking(at, 'twitch'), body: { message: 'hi', provider: 'myspace' } }),
    },
    {
      when: 'no bot is enabled',
      expects: '400 BOT_DISABLED',
      ask: async (at) => ({ as: await at.streamer(), body: { message: 'hi' } }),
    },
    ...each(PROVIDERS, (provider) => ({
      when: `${provider} is named, and its bot is disabled`,
      expects: '400 BOT_DISABLED',
      async ask(at) {
        const as = await speaking(at, ...PROVIDERS);
        await gate(at, as, provider);
        return { as, body: { message: 'hi', provider } };
      },
    })),
    {
      when: 'an idempotency key comes again with the same text: no second message is queued',
      expects: '200',
      async ask(at) {
        const ask = { as: await speaking(at, 'twitch'), body: { message: 'hi' }, headers: { 'idempotency-key': 'k1' } };
        await call(at.port, SAY, ask);
        return ask;
      },
      async shows({ json }, { pg }) {
        const { rows } = await pg.query(
          `select o.id from "ChatBotOutboxMessage" o join "ChatBotOutboxMessage" me using ("channelId") where me.id = $1`,
          [json.outbox.id],
        );
        expect(rows).toEqual([{ id: json.outbox.id }]);
      },
    },
    ...each([undefined, 'kick'] as const, (provider) => ({
      when: `an idempotency key comes again with the provider ${provider}, and the bot is off since: the same message`,
      expects: '200',
      async ask(at) {
        const as = await speaking(at, 'kick', 'youtube');
        const headers = { 'idempotency-key': 'k3' };
        await call(at.port, SAY, { as, headers, body: { message: 'hi', provider: 'kick' } });
        await gate(at, as, 'kick');
        return { as, headers, body: { message: 'hi', provider } };
      },
      shows: queued('kick'),
    })),
    {
      when: 'an idempotency key comes again with another platform',
      expects: '409 CONFLICT',
      async ask(at) {
        const ask = { as: await speaking(at, 'kick', 'youtube'), headers: { 'idempotency-key': 'k4' } };
        await call(at.port, SAY, { ...ask, body: { message: 'hi', provider: 'kick' } });
        return { ...ask, body: { message: 'hi', provider: 'youtube' } };
      },
    },
    channelGone({ body: { message: 'hi' } }),
    {
      when: 'an idempotency key comes again with another text',
      expects: '409 CONFLICT',
      async ask(at) {
        const ask = { as: await speaking(at, 'twitch'), headers: { 'idempotency-key': 'k2' } };
        await call(at.port, SAY, { ...ask, body: { message: 'one' } });
        return { ...ask, body: { message: 'two' } };
      },
    },
  ],
  'GET /streamer/bot/outbox/{provider}/{id}': [
    {
      when: 'the message waits',
      expects: '200',
      async ask(at) {
        const { as, id } = await said(at);
        return { as, params: { provider: 'Twitch', id } };
      },
      shows: ({ json }) =>
        expect(json).toEqual({
          provider: 'twitch',
          id: expect.any(String),
          status: 'pending',
          attempts: 0,
          lastError: null,
          processingAt: null,
          sentAt: null,
          failedAt: null,
          createdAt: expect.any(String),
          updatedAt: expect.any(String),
          reasonText: null,
          waitingFor: { cause: expect.any(String), text: expect.any(String), until: null },
        }),
    },
    {
      when: 'the platform is unknown',
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ as: await at.streamer(), params: { provider: 'myspace', id: '1' } }),
    },
    {
      when: 'the id is blank',
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ as: await at.streamer(), params: { provider: 'twitch', id: ' ' } }),
    },
    {
      when: 'the message does not exist',
      expects: '404 NOT_FOUND',
      ask: async (at) => ({ as: await at.streamer(), params: { provider: 'twitch', id: '1' } }),
    },
    {
      when: 'the message belongs to another channel',
      expects: '404 NOT_FOUND',
      ask: async (at) => ({ as: await at.streamer(), params: { provider: 'twitch', id: (await said(at)).id } }),
    },
    {
      when: 'the message went to another platform',
      expects: '404 NOT_FOUND',
      async ask(at) {
        const { as, id } = await said(at);
        return { as, params: { provider: 'kick', id } };
      },
    },
  ],
};
