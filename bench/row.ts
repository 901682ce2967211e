/** What a scenario of the bench is, and what it has to say. */
import type { Lab } from './lab/lab.ts';

/** One line of the table: a promise of the performance budget, and what was measured. */
export interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly budget: string;
  readonly isMet: boolean;
  /** Conditions a reader has to know, or what went along with it. */
  readonly note?: string;
  /** The same for machines; names end in their unit. */
  readonly values: Readonly<Record<string, number | null>>;
}

export interface Row {
  /** For `--only`. */
  readonly name: string;
  measure(lab: Lab): Promise<readonly Figure[]>;
}
