/** `/streamer/bots`: the list, what every platform asks of a switch, and VK Video Live's candidates (docs/contract/http-api.md#integration-toggles). */
import { expect } from 'vitest';
import { PROVIDERS } from '../accounts.ts';
import type { Ask } from '../call.ts';
import { type CasesOf, each } from '../kit.ts';
import type { Stage } from '../stage.ts';
import { channelGone } from './people.ts';

const NEVER = { enabled: false, updatedAt: null };
const OFF = { body: { enabled: false } };
const ON = { body: { enabled: true } };

async function toggle(at: Stage, provider: string, body: unknown): Promise<Ask> {
  return { as: await at.streamer(), params: { provider }, body };
}

export const bots: CasesOf = {
  'GET /streamer/bots': [
    {
      when: 'a new streamer looks: five bots in their order, all off',
      expects: '200',
      ask: async (at) => ({ as: await at.streamer() }),
      shows: ({ json }) =>
        expect(json.items).toMatchObject(PROVIDERS.map((provider) => ({ provider, ...NEVER, cause: 'bot_off' }))),
    },
    {
      when: 'there is a subscription and no gate: the subscription counts on all five',
      expects: '200',
      async ask(at) {
        const who = await at.streamer();
        for (const provider of PROVIDERS) await at.subscribe(provider, who.channelId, who.userId, at.name());
        return { as: who };
      },
      shows: ({ json }) =>
        expect(json.items).toMatchObject(PROVIDERS.map((provider) => ({ provider, enabled: true, updatedAt: null }))),
    },
    {
      when: 'a gate of a platform that is no longer supported is left over',
      expects: '200',
      async ask(at) {
        const who = await at.streamer();
        await at.pg.query(
          `insert into "BotIntegrationSettings" ("channelId", provider, enabled) values ($1, 'vkplaylive', true)`,
          [who.channelId],
        );
        return { as: who };
      },
      shows: ({ json }) => expect(json.items).toHaveLength(5),
    },
  ],
  'PATCH /streamer/bots/{provider}': [
    ...each(PROVIDERS, (provider) => ({
      when: `${provider} is switched off, though nobody asked for it before`,
      expects: '200',
      ask: (at) => toggle(at, ` ${provider.toUpperCase()} `, { enabled: false }),
      shows: { ok: true },
    })),
    {
      when: 'the platform is no longer supported',
      expects: '410 PROVIDER_DEPRECATED',
      ask: (at) => toggle(at, 'vkplaylive', ON.body),
      shows: { code: 'PROVIDER_DEPRECATED' },
    },
    {
      when: 'the platform is unknown',
      expects: '400 VALIDATION_ERROR',
      ask: (at) => toggle(at, 'myspace', OFF.body),
      shows: { details: { provider: 'myspace', allowed: PROVIDERS } },
    },
    ...each([undefined, null, 'true', 1, {}], (enabled) => ({
      when: `enabled is ${JSON.stringify(enabled)}`,
      expects: '400 VALIDATION_ERROR',
      ask: (at) => toggle(at, 'twitch', { enabled }),
      shows: { details: { field: 'enabled', receivedType: typeof enabled, hint: null } },
    })),
    {
      when: 'the content type of the body is not JSON',
      expects: '400 VALIDATION_ERROR',
      ask: async (at) => ({
        ...(await toggle(at, 'twitch', undefined)),
        raw: 'enabled=true',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
      shows: { details: { field: 'enabled', receivedType: 'string', hint: expect.any(String) } },
    },
    channelGone({ params: { provider: 'twitch' }, ...ON }),
    ...each(PROVIDERS, (provider) => channelGone({ params: { provider }, body: { enabled: false } })),
  ],
  'GET /streamer/bots/vkvideo/candidates': [
    {
      when: 'an account with one channel is linked',
      expects: '200',
      async ask(at) {
        const who = await at.streamer();
        await at.linkOwn(who.userId, at.streamerOn('vkvideo'));
        return { as: who };
      },
      shows: ({ json }) =>
        expect(json.items).toEqual([
          { url: expect.stringMatching(/^https:\/\/live\.vkvideo\.ru\/person_/), vkvideoChannelId: expect.any(String) },
        ]),
    },
    {
      when: 'the linked account has no channel',
      expects: '200',
      async ask(at) {
        const who = await at.streamer();
        const name = at.name();
        const { id } = at.sims.vkvideo.addPerson(name);
        await at.linkOwn(who.userId, { provider: 'vkvideo', name, accountId: id, target: '' });
        return { as: who };
      },
      shows: { items: [] },
    },
    {
      when: 'no account is linked',
      expects: '400 VKVIDEO_NOT_LINKED',
      ask: async (at) => ({ as: await at.streamer() }),
      shows: { code: 'VKVIDEO_NOT_LINKED' },
    },
    {
      when: 'VK does not tell which channels there are',
      expects: '400 VKVIDEO_CURRENT_USER_FAILED',
      async ask(at) {
        const who = await at.streamer();
        await at.linkOwn(who.userId, at.streamerOn('vkvideo'));
        at.sims.vkvideo.faults.http({ kind: 'answer', status: 500, path: '/v1/current_user', times: 1 });
        return { as: who };
      },
      shows: { code: 'VKVIDEO_CURRENT_USER_FAILED' },
    },
  ],
};
