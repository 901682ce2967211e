/** Request fields several endpoints share, with the contract's normalisation (docs/contract/http-api.md#normalisation). */
import { z } from 'zod';
import { isBlank, plainText } from '../lib/plain-text.ts';
import { platforms } from '../platforms/all.ts';

/** Text a bot will send: trimmed, control characters are one space; length counts UTF-16 units after that. */
export function messageText(max: number) {
  return shown(max).transform(plainText).pipe(bounded(max));
}

/** What readers of the document are told: the limits themselves count what is left after the trimming. */
function shown(max: number) {
  return z.string().meta({ minLength: 1, maxLength: max });
}

/** The schema library would count code points, the contract counts UTF-16 units. */
function bounded(max: number) {
  return z
    .string()
    .refine((text) => !isBlank(text), 'must not be empty')
    .refine((text) => text.length <= max, `must be at most ${max} characters`);
}

/** A chat trigger: trimmed text of 1 to 50 characters. */
export const triggerText = messageText(50);

/** What the column `triggerNormalized` holds, for every writer; `comparable` compares. */
export function normaliseTrigger(trigger: string): string {
  return trigger.trim().toLowerCase();
}

/** A point in time on the wire. */
export const isoTime = z.iso.datetime({ precision: 3 });

const LAST_TIME_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Whether our answers can name it: an offset leads from the last year of four digits into one of five. */
export function isNameableTime(time: Date): boolean {
  return time.getTime() <= LAST_TIME_MS;
}

/** For readers of the document, who choose from a list; case and white space are forgiven all the same. */
export const SHOWN_PROVIDERS = { enum: platforms.map(({ id }) => id), example: platforms[0]?.id };
const ABOUT_PROVIDER = 'Id of the platform, as `GET /capabilities` lists it.';

/** A platform in an answer. */
export const providerId = z.string().describe(ABOUT_PROVIDER);

/** A platform in a path. */
export const givenProvider = z.string().meta(SHOWN_PROVIDERS).describe(ABOUT_PROVIDER);

/** A resource of one platform. */
export const byProvider = z.object({ provider: givenProvider });

export const okAnswer = z.object({ ok: z.literal(true) });

/** An answer that is no JSON, for readers of the document. */
export function answerOf(contentType: string, description: string) {
  return { description, content: { [contentType]: { schema: z.string() } } };
}
