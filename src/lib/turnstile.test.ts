import { expect, test } from 'vitest';
import { Turnstile } from './turnstile.ts';

test('never more than the given number run at once, each gets its turn in order, and a failure frees its place', async () => {
  const turnstile = new Turnstile(2);
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const works = Array.from({ length: 7 }, (_, index) =>
    turnstile.run(async () => {
      begun.push(index);
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      if (index % 2 === 1) throw new Error(`work ${index}`);
      return index;
    }),
  );
  const outcomes = await Promise.allSettled(works);
  expect(most).toBe(2);
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, false, true, false, true]);
});

test("work that is given up while it waits is never begun and takes nobody's turn", async () => {
  const turnstile = new Turnstile(1);
  const first = Promise.withResolvers<void>();
  const begun: string[] = [];
  const work = (name: string, wait?: Promise<void>) => async () => {
    begun.push(name);
    await wait;
    return name;
  };
  const giveUp = new AbortController();
  const outcomes = [
    turnstile.run(work('first', first.promise)),
    turnstile.run(work('given up'), giveUp.signal),
    turnstile.run(work('third')),
    turnstile.run(work('too late'), AbortSignal.abort()),
  ];
  giveUp.abort();
  first.resolve();
  expect(await Promise.all(outcomes)).toEqual(['first', null, 'third', null]);
  expect(begun).toEqual(['first', 'third']);
});
