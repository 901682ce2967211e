import { expect, test } from 'vitest';
import { isLocalCall } from './loopback.ts';

const from = (remoteAddress: string | undefined, headers = {}) => isLocalCall({ headers, socket: { remoteAddress } });

test.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])('%s is this machine', (address) => {
  expect(from(address)).toBe(true);
});

test.each([undefined, '', '10.0.0.1', '::ffff:10.0.0.1', '2001:db8::1', '127.0.0.1.evil.example', '1127.0.0.1'])(
  '%s is not',
  (address) => {
    expect(from(address)).toBe(false);
  },
);

test.each([
  'x-forwarded-for',
  'x-real-ip',
  'forwarded',
  'cf-connecting-ip',
  'x-forwarded-host',
  'x-forwarded-proto',
  'via',
])('a proxy on this machine speaks for somebody else (%s), even when it says nothing', (header) => {
  expect(from('127.0.0.1', { [header]: '' })).toBe(false);
});
