import { expect, test } from 'vitest';
import { databaseUrlProblem, databaseUrlWarnings, parseDatabaseUrl } from './database-url.ts';

test('Prisma’s parameters are honoured, and another schema is refused', () => {
  const parsed = parseDatabaseUrl('postgres://h/db?schema=public&connection_limit=3&pool_timeout=30&pgbouncer=true');
  expect(parsed).toEqual({ connectionString: 'postgres://h/db', connectionLimit: 3, poolTimeoutMs: 30_000 });
  expect(() => parseDatabaseUrl('postgres://h/db?schema=other')).toThrow('schema');
});

test.each([
  'postgres://h/db',
  'postgresql://u:p%40%23%2F@h:5432/db?sslmode=verify-full',
  'postgres://u@%2Fvar%2Frun/db',
  'postgres://u:p@[::1]:5432/db',
])('%s can be used', (url) => {
  expect(databaseUrlProblem(url)).toBeNull();
  expect(databaseUrlWarnings(url)).toEqual([]);
});

test.each([
  ['mysql://h/db', 'must be a postgres:// URL'],
  ['h/db', 'must be a postgres:// URL'],
  ['', 'must be a postgres:// URL'],
  ['host=localhost dbname=memalerts user=hush', 'is a key=value string'],
  ['postgres://hush:hush@h1:5432,h2:5432/db', 'names several hosts'],
  ['postgres://h1,h2/db', 'names several hosts'],
  ['postgres:///db?host=h1,h2', 'names several hosts'],
  ['postgres://u:hu#sh@h/db', 'unescaped #'],
  ['postgres://u:12#34@h/db', 'unescaped #'],
  ['postgres://u:hush/x@h/db', '%2F'],
  ['postgres://u:12/34@h/db', '%2F'],
  ['postgres://u:p@ss@h:port/db', 'unescaped @'],
])('what is wrong with %s has a sentence of its own, which repeats none of it', (url, sentence) => {
  const problem = databaseUrlProblem(url);
  expect(problem).toContain(sentence);
  expect(problem).not.toContain('hush');
  expect(() => parseDatabaseUrl(url)).toThrow(sentence);
});

test('an @ that is not escaped works and is warned about', () => {
  const url = 'postgres://me@example.org:p@ss@h/db';
  expect(databaseUrlProblem(url)).toBeNull();
  expect(databaseUrlWarnings(url)).toEqual([expect.stringContaining('Write %40')]);
  expect(new URL(parseDatabaseUrl(url).connectionString).hostname).toBe('h');
});

test.each(['prefer', 'require', 'verify-ca'])('sslmode=%s is one warning, and what the driver makes of it', (mode) => {
  const url = `postgres://h/db?sslmode=${mode}`;
  expect(databaseUrlWarnings(url)).toEqual([expect.stringContaining(`sslmode=${mode} in DATABASE_URL`)]);
  expect(parseDatabaseUrl(url).connectionString).toBe('postgres://h/db?sslmode=verify-full');
  const asked = `${url}&uselibpqcompat=true`;
  expect([databaseUrlWarnings(asked), parseDatabaseUrl(asked).connectionString]).toEqual([[], asked]);
});
