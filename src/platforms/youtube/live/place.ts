/** Where a message for a channel goes. */
export type Place =
  | { kind: 'chat'; liveChatId: string }
  | { kind: 'offline' }
  /** Nobody has looked yet, or nobody could. */
  | { kind: 'unknown'; reason: string };
