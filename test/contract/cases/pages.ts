/** Pages for people, where sign-ins and links end (docs/contract/http-api.md#pages-for-people). */
import { expect } from 'vitest';
import type { Answer } from '../../support/api-world.ts';
import type { Ask } from '../call.ts';
import type { Case, CasesOf } from '../kit.ts';

const page = (ask: Ask): Case[] => [
  {
    when: 'a guest opens it: it says where to sign in',
    expects: '200',
    ask: () => ask,
    shows: ({ text, headers }: Answer) => {
      expect(text).toContain('href="/auth/twitch"');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^']+';/);
    },
  },
  {
    when: 'a streamer opens it: it knows them',
    expects: '200',
    ask: async (at) => ({ ...ask, as: await at.streamer() }),
    shows: ({ text }: Answer) => expect(text).toContain('PATCH /streamer/bots/'),
  },
  {
    when: 'the database lacks its tables: it says so',
    on: 'lacking',
    expects: '200',
    ask: () => ask,
    shows: ({ text }: Answer) => expect(text).toContain('pnpm memalerts migrate'),
  },
];

export const pages: CasesOf = {
  'GET /': page({}),
  'GET /dashboard': page({}),
  'GET /settings/accounts': page({}),
  'GET /settings/bot': page({}),
  'GET /settings/bot/{page}': [
    ...page({ params: { page: 'twitch' } }),
    { when: 'there is no such page', expects: '404 NOT_FOUND', ask: () => ({ params: { page: 'nowhere' } }) },
  ],
};
