import fc from 'fast-check';
import { expect, test } from 'vitest';
import { portions } from './portions.ts';

const channel = fc.record({
  name: fc.string({ minLength: 1, maxLength: 255 }),
  token: fc.option(fc.string({ maxLength: 4_000 }), { nil: null }),
});

test('no frame comes near what the server takes, nothing is left out, and the order stays', () => {
  fc.assert(
    fc.property(fc.array(channel, { maxLength: 100 }), (wanted) => {
      const parts = portions(wanted);
      expect(parts.flat()).toEqual(wanted);
      for (const part of parts) {
        const frame = part.map(({ name, token }) => JSON.stringify({ subscribe: { channel: name, token, flag: 1 } }));
        if (part.length > 1) expect(Buffer.byteLength(frame.join('\n'))).toBeLessThan(64_000);
      }
    }),
    { numRuns: 50 },
  );
});

test('a hundred subscriptions with tokens of the usual length take two frames', () => {
  const wanted = Array.from({ length: 100 }, (_, index) => ({ name: `limited:${index}`, token: 'x'.repeat(480) }));
  expect(portions(wanted).map(({ length }) => length)).toEqual([79, 21]);
});
