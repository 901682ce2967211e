/** Lists that grow, page by page: an opaque cursor says where the last page ended. */
import { z } from 'zod';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;
const ABOUT_LIMIT = `must be a whole number from 1 to ${MAX_LIMIT}`;
const LONGEST_CURSOR = 512;
const LATEST_MS = Date.UTC(9999, 11, 31);

/** Up to 100 at a time. */
export const pageLimit = z.coerce
  .number(ABOUT_LIMIT)
  .int(ABOUT_LIMIT)
  .min(1, ABOUT_LIMIT)
  .max(MAX_LIMIT, ABOUT_LIMIT)
  .describe('Largest number of entries in the answer.')
  .default(DEFAULT_LIMIT);

/** A point in time inside a cursor, as milliseconds. */
export const cursorTime = z
  .int()
  .min(0)
  .max(LATEST_MS)
  .transform((ms) => new Date(ms));

/** Any other text inside a cursor, e.g. an id. */
export const cursorText = z
  .string()
  .max(200)
  .regex(/^\P{Cc}*$/u);

/** The end of the page before. @param position what the list's own cursors hold, in order */
export function cursorOf<T extends z.ZodType>(position: T) {
  return z
    .string()
    .max(LONGEST_CURSOR)
    .optional()
    .describe('`nextCursor` of the previous page. Leave it out for the first page.')
    .transform((cursor, context): z.output<T> | null => {
      if (cursor === undefined) return null;
      const held = position.safeParse(opened(cursor));
      if (held.success) return held.data;
      context.addIssue({ code: 'custom', message: 'must be the nextCursor of an earlier answer of this list' });
      return z.NEVER;
    });
}

export const nextCursor = z.string().nullable().describe('Cursor of the next page, or null on the last page.');

/**
 * @param rows one more than fits, when there are more
 * @param positionOf what a cursor after that row holds; times as milliseconds
 */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  positionOf: (row: Row) => readonly (string | number)[],
): { readonly rows: readonly Row[]; readonly nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const isLast = rows.length <= limit || last === undefined;
  return { rows: page, nextCursor: isLast ? null : sealed(positionOf(last)) };
}

function sealed(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position), 'utf8').toString('base64url');
}

function opened(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
