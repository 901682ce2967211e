/** What can be wrong with reading a chat, whichever way it is read. */
import { type Refusal, refusalOf } from '../api/refusal.ts';
import { grpcStatus } from './grpc-status.ts';

export type Trouble =
  /** The chat is over, for good. */
  | 'ended'
  /** The chat is over, or its owner has switched it off: the broadcast tells which (docs/platforms/youtube.md#stream-messages). */
  | 'ended_or_disabled'
  | 'disabled'
  | 'forbidden'
  /** The position is not accepted. */
  | 'position'
  | 'unauthorized'
  | 'scope'
  | 'quota'
  | 'too_fast'
  | 'unreachable'
  /** This way of reading is not offered. */
  | 'unsupported';

const BY_CODE: Readonly<Record<number, Trouble>> = {
  [grpcStatus.INVALID_ARGUMENT]: 'position',
  [grpcStatus.NOT_FOUND]: 'ended',
  [grpcStatus.PERMISSION_DENIED]: 'forbidden',
  [grpcStatus.RESOURCE_EXHAUSTED]: 'too_fast',
  [grpcStatus.FAILED_PRECONDITION]: 'ended_or_disabled',
  [grpcStatus.UNIMPLEMENTED]: 'unsupported',
  [grpcStatus.UNAUTHENTICATED]: 'unauthorized',
};

/** @param code of gRPC, other than OK */
export function troubleOfCode(code: number): Trouble {
  return BY_CODE[code] ?? 'unreachable';
}

const BY_REFUSAL: Readonly<Record<Refusal, Trouble>> = {
  quota: 'quota',
  too_fast: 'too_fast',
  chat_ended: 'ended',
  chat_disabled: 'disabled',
  position: 'position',
  unauthorized: 'unauthorized',
  scope: 'scope',
  forbidden: 'forbidden',
  no_channel: 'forbidden',
  not_enabled: 'forbidden',
  outage: 'unreachable',
  other: 'forbidden',
};

/** @throws what is no word of the platform */
export function troubleOfError(error: unknown): Trouble {
  const refusal = refusalOf(error);
  if (refusal === null) throw error;
  return BY_REFUSAL[refusal];
}
