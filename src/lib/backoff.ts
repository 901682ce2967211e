/** How long to wait before the next try: doubling, bounded, and spread so that many who failed together part ways. */

export interface BackoffLimits {
  firstMs: number;
  longestMs: number;
}

/**
 * @param failures tries that failed in a row, 1 for the first
 * @param random from 0 to below 1
 * @returns between half and all of `firstMs` doubled for each further failure, never above `longestMs`
 */
export function backoffMs(failures: number, { firstMs, longestMs }: BackoffLimits, random: () => number): number {
  const fullMs = Math.min(longestMs, firstMs * 2 ** Math.max(failures - 1, 0));
  return Math.round(fullMs / 2 + (random() * fullMs) / 2);
}
