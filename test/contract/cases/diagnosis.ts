/** What was found about bots, the installation and the person who asks (docs/contract/http-api.md#findings). */
import { expect } from 'vitest';
import type { CasesOf } from '../kit.ts';
import { channelGone } from './people.ts';

const TWITCH = { params: { provider: 'twitch' } };

interface Found {
  readonly at: string | null;
  readonly findings: readonly { readonly check: string; readonly verdict: string; readonly cause: string }[];
}

/** Nothing is called well of what nobody could look at; its own webhooks the process knows by itself. */
function expectUnknown({ at, findings }: Found): void {
  expect(at).toBe(null);
  expect(findings[0]).toMatchObject({ cause: 'schema_missing' });
  const looked = findings.filter(({ check }) => check !== 'webhook');
  expect(looked.map(({ verdict }) => verdict)).not.toContain('ok');
}

export const diagnosis: CasesOf = {
  'GET /streamer/bots/{provider}/diagnostics': [
    {
      when: 'the bot is off: that is all there is to say, in the language that was asked for',
      expects: '200',
      ask: async (at) => ({ ...TWITCH, as: await at.streamer(), query: { lang: 'ru' } }),
      shows: ({ json }) =>
        expect(json.findings[0]).toMatchObject({
          check: 'switch',
          verdict: 'off',
          cause: 'bot_off',
          action: 'switch_on',
          text: 'Бот выключен. Включите бота.',
        }),
    },
    {
      when: 'the bot is on and no worker runs',
      expects: '200',
      async ask(at) {
        const who = await at.streamer();
        await at.subscribe('twitch', who.channelId, who.userId, at.name());
        return { ...TWITCH, as: who };
      },
      shows: ({ json }) =>
        expect(json.findings[0]).toMatchObject({ verdict: 'broken', cause: 'no_worker', action: 'start_worker' }),
    },
    {
      when: 'the platform is unknown',
      expects: '400 VALIDATION_ERROR',
      ask: async (at) => ({ params: { provider: 'pigeon' }, as: await at.streamer() }),
      shows: { details: { field: 'provider' } },
    },
    {
      when: 'the language is longer than any',
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ ...TWITCH, as: await at.streamer(), query: { lang: 'x'.repeat(33) } }),
      shows: { details: { field: 'lang' } },
    },
    {
      when: 'the database lacks its tables: nothing could be looked at, and why',
      on: 'lacking',
      expects: '200',
      ask: async (at) => ({ ...TWITCH, as: await at.streamer() }),
      shows: ({ json }) => expectUnknown(json),
    },
    channelGone(TWITCH),
  ],
  'GET /owner/diagnostics': [
    {
      when: 'an owner asks how the installation is',
      expects: '200',
      ask: async (at) => ({ as: await at.person('admin') }),
      shows: ({ json }) =>
        expect(json.findings).toContainEqual(expect.objectContaining({ check: 'database', cause: 'database_ready' })),
    },
    {
      when: 'the database lacks its tables: nothing could be looked at, and why',
      on: 'lacking',
      expects: '200',
      ask: async (at) => ({ as: await at.person('admin') }),
      shows: ({ json }) => expectUnknown(json),
    },
    {
      when: 'the language is longer than any',
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ as: await at.person('admin'), query: { lang: 'x'.repeat(33) } }),
    },
  ],
  'GET /owner/workers': [
    {
      when: 'no worker has run',
      expects: '200',
      ask: async (at) => ({ as: await at.person('admin') }),
      shows: ({ json }) => expect(json.items).toEqual(expect.any(Array)),
    },
  ],
  'GET /auth/me': [
    {
      when: 'a streamer asks',
      expects: '200',
      ask: async (at) => ({ as: await at.streamer() }),
      shows: { role: 'streamer', channel: { slug: expect.any(String) }, channelFinding: null },
    },
    {
      when: 'somebody without a channel asks what comes next',
      expects: '200',
      ask: async (at) => ({ as: await at.person('viewer') }),
      shows: { role: 'viewer', channel: null, channelFinding: { cause: 'no_channel', action: 'contact_owner' } },
    },
    {
      when: 'the language is longer than any',
      expects: '400 BAD_REQUEST',
      ask: async (at) => ({ as: await at.person('viewer'), query: { lang: 'x'.repeat(33) } }),
    },
  ],
};
