/** Between a reason and its stored text: one text in `reason` and `lastError`, read back as a cause (docs/diagnosis.md#reasons-as-they-are-stored). */
import type { Cause, CauseCode, CauseTable, Said } from './cause.ts';
import { coreCauses } from './core.ts';

/** The code of a cause that has a row, never of a text that only means one. */
export interface Meaning {
  readonly cause: CauseCode;
  readonly detail: string | null;
}

/** As health and outbox store it: the words of a platform stand for themselves, other details behind their code. */
export function storedReason({ reason, detail }: Said): string {
  if (detail === undefined) return reason;
  return reason === 'platform_refused' ? detail : `${reason}: ${detail}`;
}

/** What a stored text means; words nobody has read before are `platform_refused`. */
export function meaningOf(causes: CauseTable, text: string): Meaning {
  const known = codeOf(causes, text);
  if (known !== null) return { cause: known, detail: null };
  const [code = '', ...rest] = text.split(': ');
  const before = rest.length === 0 ? null : codeOf(causes, code);
  return before === null ? { cause: 'platform_refused', detail: text } : { cause: before, detail: rest.join(': ') };
}

/** A word of the platform as a reason: a code of its own where it has been read before. */
export function said(causes: CauseTable, word: string): Said {
  return codeOf(causes, word) === null ? { reason: 'platform_refused', detail: word } : { reason: word as CauseCode };
}

/** @param causes of the platform the fact is about; none for the installation */
export function causeOf(causes: CauseTable, code: CauseCode): Cause {
  const row = rowOf(causes, code);
  return typeof row === 'string' ? causeOf(causes, row as CauseCode) : (row ?? coreCauses.platform_refused);
}

function codeOf(causes: CauseTable, text: string): CauseCode | null {
  const row = rowOf(causes, text);
  if (row === undefined) return null;
  return (typeof row === 'string' ? row : text) as CauseCode;
}

function rowOf(causes: CauseTable, code: string): Cause | string | undefined {
  if (Object.hasOwn(causes, code)) return causes[code];
  return Object.hasOwn(coreCauses, code) ? coreCauses[code as keyof typeof coreCauses] : undefined;
}
