/** What a live check that was refused says about the channel. */

import { PlatformRefused } from '../../../lib/errors.ts';
import { said } from '../../causes/reasons.ts';
import type { ReaderState } from '../../worker-side.ts';
import { type Refusal, refusalOf } from '../api/refusal.ts';
import { youtubeCauses } from '../causes.ts';

const STATES: Partial<Record<Refusal, ReaderState>> = {
  outage: { kind: 'degraded', reason: 'unreachable' },
  quota: { kind: 'degraded', reason: 'quota_exhausted' },
  too_fast: { kind: 'degraded', reason: 'rate_limited' },
  unauthorized: { kind: 'needs_user_action', reason: 'owner_relink_required' },
  scope: { kind: 'needs_user_action', reason: 'owner_scope_missing' },
  not_enabled: { kind: 'degraded', reason: 'api_not_enabled' },
};

export interface CheckTrouble {
  readonly state: ReaderState;
  /** The streamer has no right to stream at all: the check is over, and nobody is live. */
  readonly isFinal: boolean;
  /** Nobody answered: the check is still to be made. */
  readonly isOutage: boolean;
}

export function checkTrouble(error: unknown): CheckTrouble {
  const refusal = refusalOf(error);
  if (refusal === null)
    return { state: { kind: 'degraded', reason: 'live_check_failed' }, isFinal: false, isOutage: false };
  const known = STATES[refusal];
  if (known !== undefined) return { state: known, isFinal: false, isOutage: refusal === 'outage' };
  // `liveStreamingNotEnabled` and its like: only the streamer can change it.
  const code = error instanceof PlatformRefused ? error.code : undefined;
  const state: ReaderState = { kind: 'needs_user_action', ...said(youtubeCauses, code ?? 'live_check_failed') };
  return { state, isFinal: true, isOutage: false };
}
