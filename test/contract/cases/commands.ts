/** `/streamer/bot/commands`: what a command may be, and whose it is (docs/contract/http-api.md#commands). */
import { expect } from 'vitest';
import type { StreamerPerson } from '../../support/api-world.ts';
import { call } from '../call.ts';
import { type Case, type CasesOf, each } from '../kit.ts';
import type { Stage } from '../stage.ts';
import { channelGone } from './people.ts';

const MAX_COMMANDS = 200;
const GOOD = { trigger: ' !Hi ', response: 'yo' };
const WHOLE = {
  trigger: '!Hi',
  response: 'yo',
  enabled: false,
  onlyWhenLive: true,
  allowedRoles: ['vip'],
  allowedUsers: ['bob'],
  vkvideoAllowedRoleIds: ['Ab'],
};

/** One thing wrong with each. */
const WRONG: readonly [what: string, body: Record<string, unknown>][] = [
  ['the trigger is blank', { trigger: '  ' }],
  ['nobody would see anything of the trigger', { trigger: '\u200b\u2800\ufe0f' }],
  ['nobody would see anything of the response', { response: '\u200b\u2800\ufe0f' }],
  ['the trigger has 51 characters', { trigger: 'x'.repeat(51) }],
  ['the trigger is an object', { trigger: {} }],
  ['the response has 451 characters', { response: 'x'.repeat(451) }],
  ['the response is a number', { response: 5 }],
  ['enabled is a text', { enabled: 'true' }],
  ['onlyWhenLive is null', { onlyWhenLive: null }],
  ['a role is unknown', { allowedRoles: ['king'] }],
  ['a list is null', { allowedRoles: null }],
  ['a list is a text', { allowedUsers: 'bob' }],
  ['101 users are named', { allowedUsers: Array.from({ length: 101 }, () => 'a') }],
  ['a role id has 129 characters', { vkvideoAllowedRoleIds: ['x'.repeat(129)] }],
];

async function withCommand(at: Stage, body: object = GOOD): Promise<{ as: StreamerPerson; id: string }> {
  const as = await at.streamer();
  const { json } = await call(at.port, 'POST /streamer/bot/commands', { as, body });
  return { as, id: json.id };
}

function ofNobody(body?: object): Case[] {
  return [
    {
      when: 'there is no such command',
      expects: '404 NOT_FOUND',
      ask: async (at) => ({ as: await at.streamer(), params: { id: 'nothing' }, body }),
    },
    {
      when: 'the command is another channel’s',
      expects: '404 NOT_FOUND',
      async ask(at) {
        const { id } = await withCommand(at);
        return { as: await at.streamer(), params: { id }, body };
      },
    },
  ];
}

export const commands: CasesOf = {
  'GET /streamer/bot/commands': [
    {
      when: 'the channel has commands: the newest comes first, and those of other channels are left out',
      expects: '200',
      async ask(at) {
        const { as } = await withCommand(at);
        await call(at.port, 'POST /streamer/bot/commands', { as, body: { ...GOOD, trigger: '!two' } });
        return { as };
      },
      shows: ({ json }) => expect(json.items.map((one: typeof WHOLE) => one.trigger)).toEqual(['!two', '!Hi']),
    },
    {
      when: 'the channel has no command',
      expects: '200',
      ask: async (at) => ({ as: await at.streamer() }),
      shows: ({ json }) => expect(json).toEqual({ items: [] }),
    },
  ],
  'POST /streamer/bot/commands': [
    channelGone({ body: GOOD }),
    {
      when: 'trigger and response are given: the rest has its defaults',
      expects: '201',
      ask: async (at) => ({ as: await at.streamer(), body: GOOD }),
      shows: { trigger: '!Hi', enabled: true, onlyWhenLive: false, allowedRoles: [], allowedUsers: [] },
    },
    {
      when: 'all seven fields are given: all of them count',
      expects: '201',
      ask: async (at) => ({
        as: await at.streamer(),
        body: {
          ...WHOLE,
          allowedRoles: [' VIP', '', 'vip'],
          allowedUsers: ['@Bob', 'bob', ' '],
          vkvideoAllowedRoleIds: ['Ab ', 'Ab'],
        },
      }),
      shows: WHOLE,
    },
    {
      when: 'the response has line breaks: no platform sees them',
      expects: '201',
      ask: async (at) => ({ as: await at.streamer(), body: { ...GOOD, response: 'a\r\nPRIVMSG #b :c\u0007d' } }),
      shows: { response: 'a PRIVMSG #b :c d' },
    },
    ...each(WRONG, ([when, wrong]) => ({
      when,
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ as: await at.streamer(), body: { ...GOOD, ...wrong } }),
      shows: { details: { field: expect.stringContaining(Object.keys(wrong)[0] ?? '') } },
    })),
    ...each(['trigger', 'response'] as const, (field) => ({
      when: `the ${field} is missing`,
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ as: await at.streamer(), body: { ...GOOD, [field]: undefined } }),
    })),
    {
      when: 'the channel has that trigger, however it is written',
      expects: '409 CONFLICT',
      ask: async (at) => ({ as: (await withCommand(at)).as, body: { ...GOOD, trigger: '!hI' } }),
    },
    {
      when: 'the channel has that trigger in another spelling',
      expects: '409 CONFLICT',
      ask: async (at) => ({ as: (await withCommand(at)).as, body: { ...GOOD, trigger: '\u2800!HI\u034f' } }),
    },
    {
      when: 'the channel has as many as it may have',
      expects: '409 CONFLICT',
      async ask(at) {
        const as = await at.streamer();
        await at.pg.query(
          `insert into "ChatBotCommand" ("channelId", trigger, "triggerNormalized", response)
           select $1, '!' || n, '!' || n, 'x' from generate_series(1, $2::int) n`,
          [as.channelId, MAX_COMMANDS],
        );
        return { as, body: GOOD };
      },
    },
  ],
  'PATCH /streamer/bot/commands/{id}': [
    {
      when: 'only the response is given: the rest stays',
      expects: '200',
      async ask(at) {
        const { as, id } = await withCommand(at, WHOLE);
        return { as, params: { id }, body: { response: 'hello' } };
      },
      shows: { ...WHOLE, response: 'hello' },
    },
    {
      when: 'a list is given: it replaces the stored one',
      expects: '200',
      async ask(at) {
        const { as, id } = await withCommand(at, WHOLE);
        return { as, params: { id }, body: { trigger: '!ho', allowedUsers: [] } };
      },
      shows: { ...WHOLE, trigger: '!ho', allowedUsers: [] },
    },
    ...each(
      [...WRONG, ['no field is known', { colour: 'red' }], ['no field is given', {}]] as const,
      ([when, body]): Case => ({
        when,
        expects: '400 BAD_REQUEST',
        async ask(at) {
          const { as, id } = await withCommand(at);
          return { as, params: { id }, body };
        },
      }),
    ),
    {
      when: 'another command has that trigger',
      expects: '409 CONFLICT',
      async ask(at) {
        const { as, id } = await withCommand(at);
        await call(at.port, 'POST /streamer/bot/commands', { as, body: { ...GOOD, trigger: '!taken' } });
        return { as, params: { id }, body: { trigger: '!TAKEN' } };
      },
    },
    ...ofNobody({ enabled: false }),
  ],
  'DELETE /streamer/bot/commands/{id}': [
    {
      when: 'the command exists',
      expects: '200',
      async ask(at) {
        const { as, id } = await withCommand(at);
        return { as, params: { id } };
      },
      shows: { ok: true },
    },
    {
      when: 'the command was already deleted',
      expects: '404 NOT_FOUND',
      async ask(at) {
        const { as, id } = await withCommand(at);
        await call(at.port, 'DELETE /streamer/bot/commands/{id}', { as, params: { id } });
        return { as, params: { id } };
      },
    },
    ...ofNobody(),
  ],
};
