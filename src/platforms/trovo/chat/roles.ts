/** Whether Trovo's rules against spam spare an account in a chat (docs/platforms/trovo.md#errors-and-limits, docs/platforms/trovo.md#chat-frame). */
import { type ChatItem, customRoles } from './frames.external.ts';

/** Streamer, mod, supermod, admin. */
const EXEMPT_NUMBERS: ReadonlySet<number> = new Set([100000, 100001, 100005, 500000]);
const EXEMPT_NAMES: ReadonlySet<string> = new Set(['streamer', 'mod', 'supermod', 'admin']);

/** By number where there are numbers: a streamer may call a role of their own "mod". */
export function isExempt({ custom_role: json, roles }: Pick<ChatItem, 'custom_role' | 'roles'>): boolean {
  const numbered = customRoles.safeParse(parseJson(json));
  if (numbered.success) return numbered.data.some(({ roleType }) => EXEMPT_NUMBERS.has(roleType));
  return roles?.some((name) => EXEMPT_NAMES.has(name)) ?? false;
}

function parseJson(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}
