/** Counts what Trovo sends and nobody documented, and tells of it seldom: the 1st, 10th, 100th … time. */
import type { Logger } from '../../../lib/logger.ts';

/** Whatever a platform makes up must not fill the memory. */
const KINDS_MAX = 200;

export class Oddities {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #counts = new Map<string, number>();

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log;
  }

  /** How often each came. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** @param event of the log; equal fields are counted together */
  count(event: string, fields: Readonly<Record<string, string | number>> = {}): void {
    const key = [event, ...Object.values(fields)].join(' ');
    if (!this.#counts.has(key) && this.#counts.size >= KINDS_MAX) return;
    const times = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, times);
    if (Number.isInteger(Math.log10(times))) this.#log.warn(`trovo_chatbot.${event}`, { ...fields, times });
  }
}
