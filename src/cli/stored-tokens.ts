/** Seals the stored tokens from the command line: those in clear, or all that an older key sealed. */
import { type Resealed, resealTokens } from '../accounts/reseal.ts';
import type { Db } from '../db/pool.ts';
import { systemClock } from '../lib/clock.ts';
import { BadInput } from '../lib/errors.ts';
import { createTokenSeal, isSealed } from '../lib/token-seal.ts';
import { platforms } from '../platforms/all.ts';

/** @param keys of `CREDENTIALS_ENCRYPTION_KEY`; the first seals. @returns a sentence for the operator */
export function rotateKeys(db: Db, keys: readonly Buffer[]): Promise<string> {
  const seal = createTokenSeal(keys);
  return reseal(db, keys, (stored) => !seal.isCurrent(stored));
}

/** Leaves what an older key sealed. @returns a sentence for the operator */
export function sealTokens(db: Db, keys: readonly Buffer[]): Promise<string> {
  return reseal(db, keys, (stored) => !isSealed(stored));
}

async function reseal(db: Db, keys: readonly Buffer[], concerns: (stored: string) => boolean): Promise<string> {
  if (keys.length === 0) {
    throw new BadInput(
      'BAD_REQUEST',
      'CREDENTIALS_ENCRYPTION_KEY is not set, so there is no key to encrypt tokens with',
    );
  }
  const outcome = await resealTokens({ db, seal: createTokenSeal(keys), clock: systemClock, platforms, concerns });
  const sentence = describe(outcome);
  // Whoever throws an older key away after this has to know.
  if (outcome.left + outcome.unreadable > 0) throw new Error(sentence);
  return sentence;
}

function describe({ sealed, left, unreadable }: Resealed): string {
  const sentences = [
    `Encrypted with the first key: the tokens of ${sealed} rows. Left: ${left}. Unreadable: ${unreadable}.`,
  ];
  if (left > 0) sentences.push('Some rows were in use all the time. Run the command again.');
  if (unreadable > 0) {
    sentences.push(
      'No given key decrypts the unreadable rows. Add the key that encrypted them, or link their accounts again.',
    );
  }
  return sentences.join(' ');
}
