import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { createLogger, type LogLevel, maskSecrets } from './logger.ts';

function capture(level: LogLevel) {
  const lines: string[] = [];
  const errors: string[] = [];
  const logger = createLogger({
    level,
    clock: new ManualClock(new Date('2026-01-02T03:04:05Z')),
    output: { write: (line) => lines.push(line) },
    errorOutput: { write: (line) => errors.push(line) },
  });
  return { logger, lines, errors };
}

test('a line is one JSON object with ts, level, event and the fields of its logger', () => {
  const { logger, lines } = capture('info');
  logger.with({ provider: 'p' }).info('worker.started', { channels: 2 });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    ts: '2026-01-02T03:04:05.000Z',
    level: 'info',
    event: 'worker.started',
    provider: 'p',
    channels: 2,
  });
});

test('errors go to standard error with message and stack, everything else to standard output', () => {
  const { logger, lines, errors } = capture('warn');
  logger.info('quiet');
  logger.warn('warned', { error: new Error('soft') });
  logger.error('failed', { error: new Error('hard') });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ event: 'warned', errorMessage: 'soft' }]);
  expect(errors.map((line) => JSON.parse(line))).toMatchObject([
    { event: 'failed', errorMessage: 'hard', errorStack: expect.stringContaining('logger.test') },
  ]);
});

test('a secret never reaches a line: by field name, inside a text, in a header or deep in an object', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9]{20,40}$/);
  fc.assert(
    fc.property(secret, (token) => {
      const { logger, lines } = capture('debug');
      logger.info('e', { accessToken: token, refresh_token: token, clientSecret: token });
      logger.info('e', { url: `https://h/x?code=${token}&access_token=${token}`, pass: `PASS oauth:${token}` });
      logger.info('e', { request: { headers: { Authorization: `Bearer ${token}`, cookie: `token=${token}` } } });
      logger.info('e', { error: new Error(`OAuth ${token} refused; {"refresh_token":"${token}"}`) });
      logger.info('e', { database: `postgres://user:${token}@127.0.0.1:5432/db` });
      expect(lines.join('')).not.toContain(token);
    }),
  );
});

test('ordinary text stays readable', () => {
  expect(maskSecrets('join_failed: status code 403, token expired')).toBe(
    'join_failed: status code 403, token expired',
  );
});
