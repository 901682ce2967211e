/** Request fields several endpoints share, with the contract's normalisation (http-api §1.5). */
import { z } from 'zod';
import { plainText } from '../lib/plain-text.ts';

/** Text a bot will send: trimmed, control characters are one space; length counts UTF-16 units after that. */
export function messageText(max: number) {
  return z.string().transform(plainText).pipe(bounded(max));
}

/** The schema library counts code points, the contract UTF-16 units; `max` is for readers of the document. */
function bounded(max: number) {
  const tooLong = `must be at most ${max} characters`;
  return z
    .string()
    .min(1, 'must not be empty')
    .max(max, tooLong)
    .refine((text) => text.length <= max, tooLong);
}

/** A chat trigger: trimmed text of 1 to 50 characters. */
export const triggerText = z.string().transform(plainText).pipe(bounded(50));

/** How a trigger is stored and compared. */
export function normaliseTrigger(trigger: string): string {
  return trigger.trim().toLowerCase();
}

/** A point in time on the wire. */
export const isoTime = z.iso.datetime({ precision: 3 });

export const okAnswer = z.object({ ok: z.literal(true) });
