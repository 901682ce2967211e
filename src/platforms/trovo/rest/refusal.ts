/** What Trovo's status numbers mean for us (docs/platforms/trovo.md#errors-and-limits): the names beside them are not to be relied upon. */
import type { Clock } from '../../../lib/clock.ts';
import type { HttpAnswer } from '../../../lib/http.ts';
import { refusalAnswer } from './rest.external.ts';

export type RefusalKind =
  /** Trouble on their side, or a limit: later it may work. */
  | 'outage'
  | 'internal'
  | 'rate_limited'
  /** The access token: another one may do. */
  | 'token'
  /** The application's id, secret or rights: the operator's to mend. */
  | 'client'
  /** One side has not allowed what we do there. */
  | 'permission'
  /** The authorisation is over: only a new link helps. */
  | 'grant'
  /** Too many messages in a short time, or the same text twice. */
  | 'spam'
  | 'slow_mode'
  | 'permanent';

export interface Refusal {
  readonly kind: RefusalKind;
  readonly httpStatus: number;
  /** Trovo's own number; 0 when the body names none. */
  readonly status: number;
  /** Their words, short; empty when there are none. */
  readonly message: string;
}

const KINDS: ReadonlyMap<number, RefusalKind> = new Map<number, RefusalKind>([
  ...[-1201, -1000, 1111, 1203, 20000].map((status) => [status, 'internal'] as const),
  ...[10703, 11704, 11714].map((status) => [status, 'token'] as const),
  ...[10710, 11710, 11711, 11712, 11713].map((status) => [status, 'grant'] as const),
  ...[11701, 11703, 11708, 11709, 11715, 11716, 11717].map((status) => [status, 'client'] as const),
  ...[11707, 11730].map((status) => [status, 'permission'] as const),
  // Too many living tokens (11718): until some have run out there is nothing to do but wait.
  ...[11706, 11718].map((status) => [status, 'rate_limited'] as const),
  [10908, 'spam'],
  [12401, 'slow_mode'],
]);

const LONGEST_MESSAGE = 200;
/** The bucket is one of a minute: whatever names a later time means something else. */
const LONGEST_WAIT_MS = 10 * 60_000;

/** @returns null for an answer that says yes: a 2xx without a number of trouble, whatever else it holds */
export function refusalOf(answer: HttpAnswer): Refusal | null {
  const { status, error, message } = refusalAnswer.parse(answer.json());
  const httpStatus = answer.status;
  if (httpStatus < 300 && status === 0 && error === '') return null;
  const words = (message || error).trim().slice(0, LONGEST_MESSAGE).toWellFormed();
  return { kind: kindOf(httpStatus, status), httpStatus, status, message: words };
}

/** When the bucket of calls is full again; the unit is not documented: an epoch, or seconds from now (docs/platforms/trovo.md#errors-and-limits). */
export function resetTime(answer: HttpAnswer, clock: Pick<Clock, 'now'>): Date | undefined {
  const value = Number(answer.header('x-ratelimit-reset') ?? answer.header('retry-after') ?? Number.NaN);
  if (!Number.isFinite(value) || value <= 0) return undefined;
  const nowMs = clock.now().getTime();
  const isEpochMs = value > 1e11;
  const isEpoch = value > 1e8;
  const atMs = isEpochMs ? value : value * 1000 + (isEpoch ? 0 : nowMs);
  return atMs - nowMs <= LONGEST_WAIT_MS ? new Date(Math.max(atMs, nowMs)) : undefined;
}

function kindOf(httpStatus: number, status: number): RefusalKind {
  const known = KINDS.get(status);
  if (known !== undefined) return known;
  if (status !== 0) return httpStatus >= 500 ? 'outage' : 'permanent';
  if (httpStatus === 429) return 'rate_limited';
  if (httpStatus === 401) return 'token';
  if (httpStatus === 403) return 'permission';
  return httpStatus >= 500 || httpStatus === 408 ? 'outage' : 'permanent';
}
