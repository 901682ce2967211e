/** Health, readiness, figures and capabilities (docs/contract/http-api.md#operational-endpoints). */
import { expect } from 'vitest';
import { PROVIDERS } from '../accounts.ts';
import type { Case, CasesOf } from '../kit.ts';

const alive: Case[] = [
  {
    when: 'the process runs, whatever became of its database',
    on: 'lacking',
    expects: '200',
    ask: () => ({}),
    shows: { status: 'ok', build: { version: expect.any(String) }, instance: { domain: expect.any(String) } },
  },
];

const ready: Case[] = [
  { when: 'the database is there and migrated', expects: '200', ask: () => ({}), shows: { status: 'ready' } },
  {
    when: 'the database lacks its tables',
    on: 'lacking',
    expects: '503',
    ask: () => ({}),
    shows: { status: 'not_ready' },
  },
];

export const operations: CasesOf = {
  'GET /health': alive,
  'GET /healthz': alive,
  'GET /ready': ready,
  'GET /readyz': ready,
  'GET /metrics': [
    {
      when: 'somebody on this machine asks',
      expects: '200',
      ask: () => ({}),
      shows: ({ text }) => expect(text).toContain('# TYPE'),
    },
    {
      when: 'a proxy stands between',
      expects: '404 NOT_FOUND',
      ask: () => ({ headers: { 'x-forwarded-for': '127.0.0.1' } }),
    },
  ],
  'GET /capabilities': [
    {
      when: 'anybody asks: five platforms in their order',
      expects: '200',
      ask: () => ({}),
      shows: ({ json }) =>
        expect(json.providers.map((one: { provider: string }) => one.provider)).toEqual([...PROVIDERS]),
    },
  ],
};
