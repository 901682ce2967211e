/** A change that breaks one guarantee: `pnpm mutants` makes it in a copy of the tree and expects a test to fail. */

export interface Mutant {
  /** The promise that the change breaks, as a whole sentence. */
  readonly guarantee: string;
  /** From the root of the repository, with forward slashes. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The test file that fails with the change. */
  readonly test: string;
  /** A part of the titles of the tests that fail with it, as their file spells it. */
  readonly title: string;
}

/**
 * @param read the text of a file, or null when there is none
 * @returns one sentence per mutant that no longer fits the sources
 */
export function staleMutants(mutants: readonly Mutant[], read: (file: string) => string | null): string[] {
  return mutants.flatMap((mutant) => {
    const problem = problemWith(mutant, read);
    return problem === null ? [] : [`mutant "${mutant.guarantee}": ${problem}`];
  });
}

function problemWith({ file, find, replace, test, title }: Mutant, read: (file: string) => string | null) {
  const source = read(file);
  if (source === null) return `there is no ${file}`;
  const times = source.split(find).length - 1;
  if (times !== 1) return `its text occurs ${times} times in ${file}`;
  if (find === replace) return 'it changes nothing';
  const tests = read(test);
  if (tests === null) return `there is no ${test}`;
  return tests.includes(title) ? null : `no test of ${test} is called "${title}"`;
}
