/** Latencies of a load run, and what is said of them. */

export interface LatencySummary {
  p50: number | null;
  p99: number | null;
  max: number | null;
}

/** @param latenciesMs in any order; sorted in place */
export function summarize(latenciesMs: number[]): LatencySummary {
  latenciesMs.sort((a, b) => a - b);
  const at = (share: number) => {
    const value = latenciesMs[Math.max(0, Math.ceil(latenciesMs.length * share) - 1)];
    return value === undefined ? null : Math.round(value * 1000) / 1000;
  };
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
