/** What people are told of a channel that VK does not tell of. */
import { PlatformRefused } from '../../../lib/errors.ts';
import type { ReaderState } from '../../worker-side.ts';
import { tokenTrouble } from '../api.ts';

export function stateOf(error: unknown): ReaderState {
  const trouble = tokenTrouble(error);
  if (trouble !== null) return trouble;
  if (error instanceof PlatformRefused) {
    if (error.code === 'not_configured') return { kind: 'needs_user_action', reason: error.message };
    if (error.status === 404) return { kind: 'needs_user_action', reason: 'channel_not_found' };
  }
  return { kind: 'degraded', reason: 'channel_info_failed' };
}
