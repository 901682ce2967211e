/** Words of Centrifugo's client protocol v2: commands, errors, and codes that end a connection (docs/platforms/vkvideo.md#centrifugo-client-protocol-v2). */
import { z } from 'zod';

const withToken = z.object({ token: z.string().optional() });
const onChannel = withToken.extend({ channel: z.string().default('') });

/** Fields the server does not know are ignored, `flag` of newer clients among them. */
const commandSchema = z.object({
  id: z.number().int().nonnegative().default(0),
  connect: withToken.optional(),
  subscribe: onChannel
    .extend({
      recover: z.boolean().default(false),
      offset: z.number().int().nonnegative().default(0),
      epoch: z.string().default(''),
    })
    .optional(),
  unsubscribe: onChannel.optional(),
  refresh: withToken.optional(),
  sub_refresh: onChannel.optional(),
  publish: z.unknown().optional(),
  presence: z.unknown().optional(),
  presence_stats: z.unknown().optional(),
  history: z.unknown().optional(),
  rpc: z.unknown().optional(),
  send: z.unknown().optional(),
});

export type Command = z.infer<typeof commandSchema>;
export type SubscribeRequest = NonNullable<Command['subscribe']>;

export const METHODS = ['connect', 'subscribe', 'unsubscribe', 'refresh', 'sub_refresh'] as const;
export type Method = (typeof METHODS)[number];

export interface ProtocolError {
  readonly code: number;
  readonly message: string;
  readonly temporary?: boolean | undefined;
}

export const ERRORS = {
  unknownChannel: { code: 102, message: 'unknown channel' },
  permissionDenied: { code: 103, message: 'permission denied' },
  methodNotFound: { code: 104, message: 'method not found' },
  alreadySubscribed: { code: 105, message: 'already subscribed' },
  limitExceeded: { code: 106, message: 'limit exceeded' },
  badRequest: { code: 107, message: 'bad request' },
  notAvailable: { code: 108, message: 'not available' },
  tokenExpired: { code: 109, message: 'token expired' },
} as const;

/** Close codes of the server with its plain-word reasons: a reason that is JSON stops clients (docs/platforms/vkvideo.md#disconnect-codes). */
export const CLOSE_REASONS: Readonly<Record<number, string>> = {
  3000: 'connection closed',
  3001: 'shutdown',
  3004: 'internal server error',
  3005: 'connection expired',
  3006: 'subscription expired',
  3008: 'slow',
  3009: 'write error',
  3010: 'insufficient state',
  3011: 'force reconnect',
  3012: 'no pong',
  3013: 'too many requests',
  3014: 'state invalidated',
  3500: 'invalid token',
  3501: 'bad request',
  3502: 'stale',
  3503: 'force disconnect',
  3504: 'connection limit',
  3505: 'channel limit',
  3506: 'inappropriate protocol',
  3507: 'permission denied',
  3508: 'not available',
  3509: 'too many errors',
};

export const UNSUBSCRIBE_REASONS: Readonly<Record<number, string>> = {
  2000: 'server unsubscribe',
  2500: 'insufficient state',
  2501: 'expired',
  2502: 'state invalidated',
};

/** @returns null for what the server takes for a bad request */
export function parseCommand(line: string): Command | null {
  try {
    return commandSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null;
  }
}

/** The answer to a ping is a command without anything in it. */
export function isPong({ id, ...methods }: Command): boolean {
  return id === 0 && Object.values(methods).every((each) => each === undefined);
}
