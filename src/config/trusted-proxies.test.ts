import { expect, test } from 'vitest';
import { readTrustedProxies } from './trusted-proxies.ts';

test('a number of hops and a list of networks are read', () => {
  expect(readTrustedProxies('2')).toEqual({ value: { hops: 2 } });
  expect(readTrustedProxies(' loopback, 10.0.0.0/8,2001:db8::/32 ')).toEqual({
    value: { networks: ['loopback', '10.0.0.0/8', '2001:db8::/32'] },
  });
});

test.each(['11', 'true', 'example.org', '10.0.0.0/99'])('%s is refused with what would be right', (raw) => {
  expect(readTrustedProxies(raw)).toEqual({ problem: expect.stringContaining('TRUSTED_PROXIES must be') });
});
