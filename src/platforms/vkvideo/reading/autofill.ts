/** Finds the URL of a channel whose subscription names none, and keeps it (workers §15.1). */
import type { Db } from '../../../db/pool.ts';
import type { CommonDeps, CredentialSource, ReadChannel } from '../../platform.ts';
import type { DevApi } from '../api.ts';
import { readCandidates } from '../candidates.ts';
import { type ChannelName, isSameSlug } from '../channel-url.ts';

export interface AutofillDeps extends Pick<CommonDeps, 'log'> {
  readonly db: Db;
  readonly api: DevApi;
  readonly credentials: Pick<CredentialSource, 'owner' | 'renewed'>;
}

/** @returns null when the streamer has to name it; the reason is in the log */
export async function autofillUrl(deps: AutofillDeps, channel: ReadChannel): Promise<ChannelName | null> {
  const { log } = deps;
  const { channelId, target } = channel;
  const found = await askOwner(deps, channel);
  if (found === null) return null;
  const match = found.find(({ slug }) => isSameSlug(slug, target)) ?? (found.length === 1 ? found[0] : undefined);
  if (match === undefined) {
    log.warn('vkvideo_chatbot.subscription_autofill_failed', { channelId, candidates: found.length });
    return null;
  }
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
  return match;
}

async function askOwner(deps: AutofillDeps, { channelId }: ReadChannel): Promise<readonly ChannelName[] | null> {
  const { credentials, api, log } = deps;
  try {
    const owner = await credentials.owner(channelId);
    if (owner === null) {
      log.warn('vkvideo_chatbot.subscription_missing_access_token', { channelId });
      return null;
    }
    return await readCandidates(api.asAccount(credentials, async () => owner));
  } catch (error) {
    log.warn('vkvideo_chatbot.current_user_failed', { channelId, error });
    return null;
  }
}
