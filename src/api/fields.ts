/** Request fields several endpoints share, with the contract's normalisation (http-api §1.5). */
import { z } from 'zod';
import { sanitize } from '../engine/outbox/wording.ts';

/** Text a bot will send: trimmed, control characters are one space; length counts UTF-16 units after that. */
export function messageText(max: number) {
  return z
    .string()
    .transform(sanitize)
    .pipe(z.string().min(1, 'must not be empty').max(max, `must be at most ${max} characters`));
}

/** A chat trigger: trimmed text of 1 to 50 characters. */
export const triggerText = z
  .string()
  .transform(sanitize)
  .pipe(z.string().min(1, 'must not be empty').max(50, 'must be at most 50 characters'));

/** How a trigger is stored and compared. */
export function normaliseTrigger(trigger: string): string {
  return trigger.trim().toLowerCase();
}

/** A point in time on the wire. */
export const isoTime = z.iso.datetime({ precision: 3 });

export const okAnswer = z.object({ ok: z.literal(true) });
