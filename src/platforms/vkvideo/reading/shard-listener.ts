/** What is read over connections, and what they tell of it. */
import type { ReaderState } from '../../worker-side.ts';

export interface ShardListener {
  /** @param connection tells the two apart that overlap for a moment */
  subscribed(name: string, connection: object, isRecovered: boolean): void;
  /** What that connection read is read by it no more. */
  gone(name: string, connection: object): void;
  refused(name: string, why: { code: number; text: string }): void;
  /** There is no token for it, and it cannot be read without. */
  withoutAccess(name: string): void;
  publication(name: string, data: unknown): void;
  /** Why there is no connection, for every name that is not read. */
  missing(names: readonly string[], state: ReaderState): void;
}

export interface Wanted {
  readonly name: string;
  /** Needs a token, and is not subscribed where there is none. */
  readonly isLimited: boolean;
  /** The chat hangs on it, and a quiet chat does not show that it is gone. */
  readonly isChecked: boolean;
}
