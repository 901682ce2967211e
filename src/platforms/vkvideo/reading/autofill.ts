/** Finds the URL of a channel whose subscription names none, and keeps it (docs/contract/workers.md#preparing-a-vk-video-live-channel). */
import type { Db } from '../../../db/pool.ts';
import { PlatformRefused } from '../../../lib/errors.ts';
import type { LogFields } from '../../../lib/logger.ts';
import type { CredentialSource } from '../../account-side.ts';
import { isMissing, stateWithout } from '../../no-credential.ts';
import type { CommonDeps } from '../../platform.ts';
import type { ReadChannel, ReaderState } from '../../worker-side.ts';
import { type DevApi, tokenTrouble } from '../api.ts';
import { readCandidates } from '../candidates.ts';
import { type ChannelName, isSameSlug } from '../channel-url.ts';

export interface AutofillDeps extends Pick<CommonDeps, 'log'> {
  readonly db: Db;
  readonly api: DevApi;
  readonly credentials: Pick<CredentialSource, 'owner' | 'renewed'>;
}

export type Autofill =
  | { kind: 'found'; name: ChannelName }
  /** `state` tells whether the streamer has to name it, or whether it may be found at another try. */
  | { kind: 'none'; event: string; fields: LogFields; state: ReaderState };

const NEEDS_URL: ReaderState = { kind: 'needs_user_action', reason: 'missing_channel_url' };

/** Never throws. */
export async function autofillUrl(deps: AutofillDeps, channel: ReadChannel): Promise<Autofill> {
  const { log } = deps;
  const { channelId, target } = channel;
  const found = await askOwner(deps, channel);
  if ('kind' in found) return found;
  const match = found.find(({ slug }) => isSameSlug(slug, target)) ?? (found.length === 1 ? found[0] : undefined);
  if (match === undefined) return none('subscription_autofill_failed', NEEDS_URL, { candidates: found.length });
  log.info('vkvideo_chatbot.subscription_autofilled_channel_url', { channelId, vkvideoChannelUrl: match.url });
  try {
    await deps.db
      .updateTable('VkVideoChatBotSubscription')
      .set({ vkvideoChannelUrl: match.url })
      .where('channelId', '=', channelId)
      .where('vkvideoChannelId', '=', target)
      .execute();
  } catch (error) {
    // It can be used all the same, and is looked for again after the next start.
    log.warn('vkvideo_chatbot.subscription_autofill_persist_failed', { channelId, error });
  }
  return { kind: 'found', name: match };
}

async function askOwner(deps: AutofillDeps, { channelId }: ReadChannel): Promise<readonly ChannelName[] | Autofill> {
  const { credentials, api } = deps;
  try {
    const owner = await credentials.owner(channelId);
    if (isMissing(owner)) {
      return none('subscription_missing_access_token', stateWithout(owner, 'missing_channel_url'));
    }
    return await readCandidates(api.asAccount(credentials, async () => owner));
  } catch (error) {
    return none('current_user_failed', stateAfter(error), { error });
  }
}

function stateAfter(error: unknown): ReaderState {
  if (error instanceof PlatformRefused) return NEEDS_URL;
  return tokenTrouble(error) ?? { kind: 'degraded', reason: 'channel_info_failed' };
}

function none(event: string, state: ReaderState, fields: LogFields = {}): Autofill {
  return { kind: 'none', event, state, fields };
}
