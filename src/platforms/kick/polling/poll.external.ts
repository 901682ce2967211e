/** Pages of a chat that can be asked for, in every shape operators have put behind the template (docs/contract/workers.md#kick-polling, docs/contract/workers.md#field-mapping). */
import { z } from 'zod';
import { plainText } from '../../../lib/plain-text.ts';
import { rolesOf } from '../chat/roles.ts';
import type { StoredLine } from '../chat/stored-line.ts';
import { readTime } from '../live-status.ts';

export interface Page {
  readonly lines: readonly StoredLine[];
  /** Null where the server gives none. */
  readonly cursor: string | null;
}

const word = z
  .union([z.string(), z.number().transform(String)])
  .transform((text) => plainText(text))
  .nullish()
  .catch(null);

const sender = z.object({
  id: word,
  user_id: word,
  userId: word,
  username: word,
  user_name: word,
  login: word,
  display_name: word,
  displayName: word,
  name: word,
  profile_picture: word,
  identity: z
    .object({ badges: z.array(z.object({ type: z.string() }).catch({ type: '' })) })
    .nullish()
    .catch(null),
});

const item = z.object({
  id: word,
  message_id: word,
  sender,
  content: word,
  message: word,
  text: word,
  body: word,
  created_at: word,
});

const cursors = z.object({ cursor: word, next_cursor: word, nextCursor: word });
const anything = z.unknown().optional();
const holder = z.object({ data: anything, messages: anything, items: anything });

/** @returns null for what is no page; items without id, author or words are left out */
export function readPage(json: unknown, broadcasterId: string): Page | null {
  const items = findItems(json);
  if (items === null) return null;
  const lines = items.flatMap((one) => {
    const parsed = item.safeParse(one);
    return parsed.success ? (readItem(parsed.data, broadcasterId) ?? []) : [];
  });
  const inside = holder.safeParse(json).data?.data;
  return { lines, cursor: findCursor(json) ?? findCursor(inside) };
}

function findItems(json: unknown): readonly unknown[] | null {
  if (Array.isArray(json)) return json;
  const outer = holder.safeParse(json);
  if (!outer.success) return null;
  const { data, messages, items } = outer.data;
  const inner = holder.safeParse(data);
  const candidates = [data, messages, items, ...(inner.success ? [inner.data.data, inner.data.items] : [])];
  return candidates.find((one): one is unknown[] => Array.isArray(one)) ?? null;
}

function findCursor(json: unknown): string | null {
  const parsed = cursors.safeParse(json);
  if (!parsed.success) return null;
  const { cursor, next_cursor, nextCursor } = parsed.data;
  return cursor || next_cursor || nextCursor || null;
}

function readItem(given: z.infer<typeof item>, broadcasterId: string): StoredLine | null {
  const { sender: who } = given;
  const messageId = given.message_id || given.id;
  const userId = who.user_id || who.userId || who.id;
  const content = given.content || given.message || given.text || given.body;
  // Without an id it could not be told from the one the webhook brings.
  if (!messageId || !userId || !content) return null;
  const login = (who.username || who.user_name || who.login || '').toLowerCase().replace(/^@+/, '') || null;
  const displayName = who.display_name || who.displayName || who.name || who.username || login || userId;
  const badges = who.identity?.badges.map(({ type }) => type) ?? [];
  return {
    messageId,
    userId,
    login,
    displayName,
    avatarUrl: who.profile_picture || null,
    roles: rolesOf(userId === broadcasterId ? [...badges, 'broadcaster'] : badges),
    content,
    sentAt: readTime(given.created_at)?.toISOString() ?? null,
  };
}
