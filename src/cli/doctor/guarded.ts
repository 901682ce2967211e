/** Keeps one look of the doctor from taking the others with it. */
import type { Check } from '../../engine/diagnosis/fact.ts';
import type { ToldFact } from '../../engine/diagnosis/snapshot.ts';

/**
 * @param what names the look, for whoever reads that it failed
 * @returns what was found, or that the look failed; an error may quote what it could not read, so only its name is told
 */
export async function guarded(
  what: string,
  check: Check,
  look: () => Promise<readonly ToldFact[]>,
): Promise<readonly ToldFact[]> {
  try {
    return await look();
  } catch (error) {
    const name = error instanceof Error ? error.name : 'no error';
    return [{ check, cause: 'look_failed', provider: null, data: { detail: `${what} (${name})` } }];
  }
}
