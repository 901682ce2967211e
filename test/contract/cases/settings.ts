/** Follow greetings, the stream-duration command, and the older Twitch switches (docs/contract/http-api.md#bot-settings). */
import { expect } from 'vitest';
import { type CasesOf, each } from '../kit.ts';
import type { Stage } from '../stage.ts';
import { channelGone, onTwitch } from './people.ts';

const DEFAULT_GREETING = 'Спасибо за фоллоу, {user}!';
const DEFAULT_DURATION = 'Время стрима: {hours}ч {minutes}м ({totalMinutes}м)';
const DURATION = { enabled: true, trigger: '!Up', breakCreditMinutes: 15, onlyWhenLive: true };
const TOO_LONG = 'x'.repeat(451);
const unlinked = async (at: Stage) => ({ as: await at.streamer({ twitchId: null }) });
const linked = async (at: Stage) => ({ as: await onTwitch(at) });

const greetings: CasesOf = {
  'GET /streamer/bot/follow-greetings': [
    {
      when: 'nothing was set',
      expects: '200',
      ask: async (at) => ({ as: await at.streamer() }),
      shows: { followGreetingsEnabled: false, followGreetingTemplate: DEFAULT_GREETING },
    },
    channelGone(),
  ],
  'POST /streamer/bot/follow-greetings/enable': [
    {
      when: 'a text is given',
      expects: '200',
      ask: async (at) => ({ ...(await linked(at)), body: { followGreetingTemplate: ' hi\n{user} ' } }),
      shows: {
        ok: true,
        followGreetingsEnabled: true,
        followGreetingTemplate: 'hi {user}',
        eventSub: expect.stringMatching(/^(active|pending|failed)$/),
      },
    },
    {
      when: 'no text is given: the usual one is written',
      expects: '200',
      ask: linked,
      shows: { followGreetingsEnabled: true, followGreetingTemplate: DEFAULT_GREETING },
    },
    {
      when: 'no text is given: the stored one is kept',
      expects: '200',
      async ask(at) {
        const { as } = await linked(at);
        await at.pg.query(`update "Channel" set "followGreetingTemplate" = 'mine' where id = $1`, [as.channelId]);
        return { as, body: {} };
      },
      shows: { followGreetingTemplate: 'mine' },
    },
    {
      when: 'Twitch does not take the subscription',
      expects: '200',
      async ask(at) {
        const path = '/helix/eventsub/subscriptions';
        at.sims.twitch.faults.http({ kind: 'answer', status: 403, path, method: 'POST', times: 1 });
        return linked(at);
      },
      shows: { ok: true, eventSub: 'failed' },
    },
    ...each([' ', TOO_LONG, 5, null], (followGreetingTemplate) => ({
      when: `the text is ${JSON.stringify(followGreetingTemplate).slice(0, 12)}`,
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ ...(await linked(at)), body: { followGreetingTemplate } }),
    })),
    { when: 'the channel is not linked', expects: '400 TWITCH_CHANNEL_NOT_LINKED', ask: unlinked },
    channelGone(),
  ],
  'POST /streamer/bot/follow-greetings/disable': [
    {
      when: 'greetings were never enabled',
      expects: '200',
      ask: unlinked,
      shows: { ok: true, followGreetingsEnabled: false },
    },
    channelGone(),
  ],
  'PATCH /streamer/bot/follow-greetings': [
    {
      when: 'a text is given: the switch stays as it is',
      expects: '200',
      ask: async (at) => ({ ...(await unlinked(at)), body: { followGreetingTemplate: '{user}!' } }),
      shows: { ok: true, followGreetingsEnabled: false, followGreetingTemplate: '{user}!' },
    },
    ...each([undefined, '', TOO_LONG, {}, null], (followGreetingTemplate) => ({
      when: `the text is ${JSON.stringify(followGreetingTemplate)?.slice(0, 12)}`,
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ ...(await unlinked(at)), body: { followGreetingTemplate } }),
    })),
    channelGone({ body: { followGreetingTemplate: 'hi' } }),
  ],
};

const duration: CasesOf = {
  'GET /streamer/bot/stream-duration': [
    ...each([null, '{"enabled":', '[]'], (stored) => ({
      when: `what is stored is ${stored}`,
      expects: '200',
      async ask(at) {
        const as = await at.streamer();
        await at.pg.query('update "Channel" set "streamDurationCommandJson" = $1 where id = $2', [
          stored,
          as.channelId,
        ]);
        return { as };
      },
      shows: ({ json }) =>
        expect(json).toEqual({
          enabled: false,
          trigger: '!time',
          responseTemplate: DEFAULT_DURATION,
          breakCreditMinutes: 60,
          onlyWhenLive: false,
        }),
    })),
    channelGone(),
  ],
  'PATCH /streamer/bot/stream-duration': [
    {
      when: 'every field but the text is given',
      expects: '200',
      ask: async (at) => ({ as: await at.streamer(), body: DURATION }),
      shows: { ...DURATION, responseTemplate: DEFAULT_DURATION },
    },
    {
      when: 'the text is null: it is stored and shown as null',
      expects: '200',
      ask: async (at) => ({ as: await at.streamer(), body: { ...DURATION, responseTemplate: null } }),
      shows: { responseTemplate: null },
    },
    ...each(
      [
        [5.9, 5],
        [-3, 0],
        [99_999, 1440],
      ] as const,
      ([given, stored]) => ({
        when: `the break is ${given} minutes`,
        expects: '200',
        ask: async (at) => ({ as: await at.streamer(), body: { ...DURATION, breakCreditMinutes: given } }),
        shows: { breakCreditMinutes: stored },
      }),
    ),
    ...each(
      [
        { enabled: undefined },
        { enabled: 1 },
        { trigger: ' ' },
        { trigger: 'x'.repeat(51) },
        { breakCreditMinutes: null },
        { breakCreditMinutes: '5' },
        { onlyWhenLive: undefined },
        { responseTemplate: TOO_LONG },
        { responseTemplate: 7 },
      ],
      (wrong) => ({
        when: `the body has ${JSON.stringify(wrong).slice(0, 40)}`,
        expects: '400 BAD_REQUEST',
        ask: async (at) => ({ as: await at.streamer(), body: { ...DURATION, ...wrong } }),
      }),
    ),
    channelGone({ body: DURATION }),
  ],
};

const USERS = '/helix/users';

const olderSwitches: CasesOf = {
  'POST /streamer/bot/enable': [
    {
      when: 'no account can speak: this endpoint does not need one',
      expects: '200',
      async ask(at) {
        await at.noDefaultBot('twitch');
        return linked(at);
      },
      shows: { ok: true },
    },
    {
      when: 'there is a gate: it is enabled afterwards',
      expects: '200',
      async ask(at) {
        const { as } = await linked(at);
        await at.pg.query(
          `insert into "BotIntegrationSettings" ("channelId", provider, enabled) values ($1, 'twitch', false)`,
          [as.channelId],
        );
        return { as };
      },
      async shows(_answer, { pg }) {
        const { rows } = await pg.query(
          `select enabled from "BotIntegrationSettings" where provider = 'twitch' order by "createdAt" desc limit 1`,
        );
        expect(rows).toEqual([{ enabled: true }]);
      },
    },
    { when: 'the channel is not linked', expects: '400 TWITCH_CHANNEL_NOT_LINKED', ask: unlinked },
    {
      when: 'the account does not exist on Twitch any more',
      expects: '400 BAD_REQUEST',
      async ask(at) {
        at.sims.twitch.faults.http({ kind: 'answer', status: 200, body: { data: [] }, path: USERS, times: 1 });
        return linked(at);
      },
    },
    {
      when: 'Twitch answers with an error',
      expects: '502 UPSTREAM_UNAVAILABLE',
      async ask(at) {
        at.sims.twitch.faults.http({ kind: 'answer', status: 500, path: USERS, times: 1 });
        return linked(at);
      },
    },
    {
      when: 'another channel already uses this Twitch channel',
      expects: '409 CHANNEL_ALREADY_ENABLED',
      async ask(at) {
        const as = await onTwitch(at);
        const other = await at.streamer();
        await at.subscribe('twitch', other.channelId, other.userId, as.login);
        return { as };
      },
    },
    channelGone(),
  ],
  'POST /streamer/bot/disable': [
    { when: 'the bot was never enabled', expects: '200', ask: linked, shows: { ok: true } },
    { when: 'the channel is not linked', expects: '400 TWITCH_CHANNEL_NOT_LINKED', ask: unlinked },
    channelGone(),
  ],
  'GET /streamer/bot/subscription': [
    { when: 'there is no subscription', expects: '200', ask: linked, shows: { enabled: false } },
    {
      when: 'there is a subscription',
      expects: '200',
      async ask(at) {
        const as = await onTwitch(at);
        await at.subscribe('twitch', as.channelId, as.userId, as.login);
        return { as };
      },
      shows: { enabled: true },
    },
  ],
};

export const settings: CasesOf = { ...greetings, ...duration, ...olderSwitches };
