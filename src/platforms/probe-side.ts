/** What a platform is asked by `memalerts doctor --live`: one harmless question, and whether its answer is still as we rely on (the platform contract, `platform.ts`). */
import type { z } from 'zod';
import type { Db } from '../db/pool.ts';
import { PlatformRefused } from '../lib/errors.ts';
import type { AccountCredential } from './account-side.ts';
import type { CommonDeps } from './platform.ts';

export interface ProbeDeps extends CommonDeps {
  readonly db: Db;
}

/**
 * Asks with the token of an account. Changes nothing at the platform, and tries nothing again.
 *
 * @throws PlatformRefused, with the status 401 where the token is refused; PlatformUnreachable
 */
export type Probe = (deps: ProbeDeps, account: AccountCredential) => Promise<ProbeAnswer>;

export interface ProbeAnswer {
  /** Whose token it is, as chat lines name their authors; null where the answer does not tell. */
  readonly platformUserId: string | null;
  /** What asking cost of a quota that is counted by the day. */
  readonly units: number;
  /** What is otherwise than we rely on, one text each; never a value of the answer. */
  readonly deviations: readonly string[];
}

/** @param what names the question @returns one text for each place of the answer that is otherwise than the fact says */
export function deviationsOf(what: string, fact: z.ZodType, answer: unknown): readonly string[] {
  const { error } = fact.safeParse(answer);
  return (error?.issues ?? []).map(
    ({ path, message }) => `${what}: ${[path.join('.'), message].filter(Boolean).join(' ')}`,
  );
}

/** @returns what the application itself is refused for: no account is at fault for it */
export async function deviationsOfApplication(
  what: string,
  ask: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof PlatformRefused)) throw error;
    return [`${what}: ${error.message}`];
  }
}
