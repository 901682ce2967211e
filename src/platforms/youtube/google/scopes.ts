/** What accounts are asked to allow, and what suffices (docs/platforms/youtube.md#scopes). */

const PREFIX = 'https://www.googleapis.com/auth/';
export const READ_SCOPE = `${PREFIX}youtube.readonly`;
const WRITE_SCOPE = `${PREFIX}youtube.force-ssl`;

export const scopes = {
  streamer: [READ_SCOPE, 'openid'],
  bot: [WRITE_SCOPE, 'openid', 'email', 'profile'],
} as const;

export function mayRead(granted: Iterable<string>): boolean {
  const all = new Set(granted);
  return [READ_SCOPE, WRITE_SCOPE, `${PREFIX}youtube`].some((scope) => all.has(scope));
}

export function splitScopes(text: string | null): string[] {
  return (text ?? '').split(/[\s,]+/).filter(Boolean);
}
