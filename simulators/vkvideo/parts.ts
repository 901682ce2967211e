/** The parts a message is made of: what may be sent, what is shown, and the plain text of both (docs/platforms/vkvideo.md#send-message, docs/platforms/vkvideo.md#chat-message). */
import { z } from 'zod';

const id = z.union([z.number().int(), z.string()]);

const part = z.union([
  z.strictObject({ text: z.object({ content: z.string() }) }),
  z.strictObject({ mention: z.object({ id, nick: z.string().optional() }) }),
  z.strictObject({ smile: z.object({ id: z.string(), name: z.string().optional() }) }),
  z.strictObject({ link: z.object({ url: z.string(), content: z.string().optional() }) }),
]);

/** Every part has exactly one of the four keys. */
export const partsSchema = z.array(part).min(1);
export const messageBody = z.object({ parts: partsSchema });
export type Part = z.infer<typeof part>;

/** Real messages end with a line feed of their own (docs/platforms/vkvideo.md#chat-message). */
const CLOSING: Part = { text: { content: '\n' } };

export function textParts(text: string): Part[] {
  return [{ text: { content: text } }];
}

/** As the platform completes what was sent. @param nickOf finds the name of a mentioned person */
export function shownParts(parts: readonly Part[], nickOf: (id: string) => string): unknown[] {
  return [...parts, CLOSING].map((each) => {
    if ('mention' in each) return { mention: { id: Number(each.mention.id), nick: nickOf(String(each.mention.id)) } };
    if ('smile' in each) {
      const urls = { small_url: '', medium_url: '', large_url: '' };
      return { smile: { id: each.smile.id, name: each.smile.name ?? each.smile.id, animated: false, ...urls } };
    }
    if ('link' in each) return { link: { url: each.link.url, content: each.link.content ?? each.link.url } };
    return each;
  });
}

export function plainText(parts: readonly Part[], nickOf: (id: string) => string): string {
  const texts = parts.map((each) => {
    if ('mention' in each) return `@${nickOf(String(each.mention.id))}`;
    if ('smile' in each) return each.smile.name ?? each.smile.id;
    if ('link' in each) return each.link.content ?? each.link.url;
    return each.text.content;
  });
  return texts.join('');
}
