/** `/owner/entitlements` and `/owner/channels`: who may bring a bot, and whom the owner means (docs/contract/http-api.md#entitlement-administration). */
import { expect } from 'vitest';
import { type CasesOf, each } from '../kit.ts';
import type { Stage } from '../stage.ts';

const KEY = 'custom_bot';
const owner = (at: Stage) => at.streamer({ role: 'admin' });
const audited =
  (action: string) =>
  async (_answer: unknown, { pg }: Stage) => {
    const { rows } = await pg.query(`select action from "AuditLog" order by "createdAt" desc limit 1`);
    expect(rows).toEqual([{ action }]);
  };

let people = 0;
/** A streamer by a number of Twitch that nobody else has. */
async function person(at: Stage) {
  const externalId = String(810_000_000 + ++people);
  return { ...(await at.streamer({ twitchId: externalId })), externalId };
}

const WRONG_PEOPLE = [
  { provider: 'kick', externalId: '1' },
  { provider: 'twitch', externalId: 'abc' },
  { provider: 'twitch', externalId: '1'.repeat(33) },
  { provider: 'twitch' },
  {},
] as const;

export const entitlements: CasesOf = {
  'GET /owner/entitlements/custom-bot': [
    {
      when: 'there is a grant',
      expects: '200',
      async ask(at) {
        const { channelId } = await at.streamer();
        await at.entitle(channelId);
        return { as: await owner(at), query: { channelId } };
      },
      shows: { key: KEY, enabled: true, active: true, expiresAt: null, createdAt: expect.any(String) },
    },
    {
      when: 'there is no grant',
      expects: '200',
      ask: async (at) => ({ as: await owner(at), query: { channelId: 'nobody' } }),
      shows: { channelId: 'nobody', key: KEY, enabled: false, active: false, createdAt: null, updatedAt: null },
    },
    {
      when: 'no channel is named',
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ as: await owner(at), query: {} }),
    },
  ],
  'POST /owner/entitlements/custom-bot/grant': [
    {
      when: 'the grant has no end: it is active at once',
      expects: '200',
      ask: async (at) => ({ as: await owner(at), body: { channelId: (await at.streamer()).channelId } }),
      async shows({ json }, at) {
        expect(json).toMatchObject({ ok: true, key: KEY, active: true, expiresAt: null, source: 'manual' });
        await audited('owner.entitlements.custom_bot.grant')(json, at);
      },
    },
    {
      when: 'the end of the grant is past: it is not active',
      expects: '200',
      ask: async (at) => ({
        as: await owner(at),
        body: { channelId: (await at.streamer()).channelId, expiresAt: '2020-01-01T00:00:00Z', source: 'shop' },
      }),
      shows: { active: false, expiresAt: '2020-01-01T00:00:00.000Z', source: 'shop' },
    },
    ...each(
      [{}, { channelId: 5 }, { channelId: ' ' }, { channelId: 'x', expiresAt: 'soon' }, { channelId: 'x', source: {} }],
      (body) => ({
        when: `the body is ${JSON.stringify(body)}`,
        expects: '400 BAD_REQUEST',
        ask: async (at) => ({ as: await owner(at), body }),
      }),
    ),
    {
      when: 'the channel does not exist',
      expects: '404 CHANNEL_NOT_FOUND',
      ask: async (at) => ({ as: await owner(at), body: { channelId: 'nobody' } }),
    },
  ],
  'POST /owner/entitlements/custom-bot/revoke': [
    {
      when: 'there is a grant',
      expects: '200',
      async ask(at) {
        const { channelId } = await at.streamer();
        await at.entitle(channelId);
        return { as: await owner(at), body: { channelId } };
      },
      async shows({ json }, at) {
        expect(json).toMatchObject({ ok: true, key: KEY, active: false });
        await audited('owner.entitlements.custom_bot.revoke')(json, at);
      },
    },
    {
      when: 'there is no grant',
      expects: '200',
      ask: async (at) => ({ as: await owner(at), body: { channelId: 'nobody' } }),
      shows: { ok: true, active: false },
    },
    {
      when: 'no channel is named',
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ as: await owner(at), body: {} }),
    },
  ],
  'POST /owner/entitlements/custom-bot/grant-by-provider': [
    {
      when: 'a channel is linked to that person',
      expects: '200',
      async ask(at) {
        const { externalId } = await person(at);
        return { as: await owner(at), body: { provider: 'twitch', externalId } };
      },
      async shows({ json }, at) {
        expect(json).toEqual({ channelId: expect.any(String), granted: true });
        await audited('owner.entitlements.custom_bot.grant_by_provider')(json, at);
      },
    },
    ...each(WRONG_PEOPLE, (body) => ({
      when: `the body is ${JSON.stringify(body)}`,
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ as: await owner(at), body }),
    })),
    {
      when: 'no channel is linked to that person',
      expects: '404 NOT_FOUND',
      ask: async (at) => ({ as: await owner(at), body: { provider: 'twitch', externalId: '999' } }),
    },
  ],
  'GET /owner/channels/resolve': [
    {
      when: 'a channel is linked to that person',
      expects: '200',
      async ask(at) {
        const { externalId } = await person(at);
        return { as: await owner(at), query: { provider: 'twitch', externalId } };
      },
      async shows({ json }, at) {
        const { externalId } = json;
        expect(json).toMatchObject({ provider: 'twitch', displayHint: { twitchChannelId: externalId } });
        await audited('owner.channels.resolve')(json, at);
      },
    },
    ...each(WRONG_PEOPLE, (query) => ({
      when: `the query is ${JSON.stringify(query)}`,
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ as: await owner(at), query: { ...query } }),
    })),
    {
      when: 'no channel is linked to that person',
      expects: '404 NOT_FOUND',
      ask: async (at) => ({ as: await owner(at), query: { provider: 'twitch', externalId: '999' } }),
    },
  ],
  'GET /owner/entitlements/custom-bot/list': [
    {
      when: 'there are more grants than the limit: the cursor leads to the next page',
      expects: '200',
      async ask(at) {
        for (let grants = 0; grants < 2; grants += 1) await at.entitle((await at.streamer()).channelId);
        return { as: await owner(at), query: { limit: '1' } };
      },
      shows: ({ json }) => {
        expect(json.items).toHaveLength(1);
        expect(json.nextCursor).toEqual(expect.any(String));
      },
    },
    {
      when: 'the cursor is malformed',
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ as: await owner(at), query: { cursor: 'xyz' } }),
    },
  ],
};
