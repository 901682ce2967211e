/** Why a channel cannot be switched on, in the contract's words (docs/contract/http-api.md#enabling-youtube). */
import { BadInput } from '../../../lib/errors.ts';

export interface FailureDetails {
  readonly httpStatus?: number | null;
  readonly youtubeErrorReason?: string | null;
  readonly youtubeErrorMessage?: string | null;
  readonly googleError?: string | null;
  readonly googleErrorDescription?: string | null;
  readonly requiredScopesMissing?: readonly string[] | null;
}

type RelinkReason =
  | 'missing_scopes'
  | 'missing_refresh_token'
  | 'invalid_grant'
  | 'api_insufficient_permissions'
  | 'api_unauthorized';

type FailureReason = 'no_external_account' | 'missing_oauth_env' | 'refresh_failed' | 'api_forbidden' | 'api_error';

export function relinkRequired(reason: RelinkReason, requiredScopesMissing: readonly string[] | null = null): BadInput {
  return new BadInput('YOUTUBE_RELINK_REQUIRED', '', { details: { needsRelink: true, reason, requiredScopesMissing } });
}

export function channelRequired(externalAccountId: string | null): BadInput {
  const details = { reason: 'api_youtube_signup_required', externalAccountId };
  return new BadInput('YOUTUBE_CHANNEL_REQUIRED', '', { details });
}

export function notConfigured(): BadInput {
  return new BadInput('YOUTUBE_API_NOT_CONFIGURED', '', { details: { reason: 'api_access_not_configured' } });
}

export function quotaSpent(): BadInput {
  return new BadInput('YOUTUBE_API_QUOTA', '', { details: { reason: 'api_quota' } });
}

export function enableFailed(reason: FailureReason, known: FailureDetails = {}): BadInput {
  const nothing = {
    httpStatus: null,
    youtubeErrorReason: null,
    youtubeErrorMessage: null,
    googleError: null,
    googleErrorDescription: null,
    requiredScopesMissing: null,
  };
  return new BadInput('YOUTUBE_ENABLE_FAILED', '', { details: { reason, ...nothing, ...known } });
}
