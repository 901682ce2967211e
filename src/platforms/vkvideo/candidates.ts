/** The channels an account owns, by `current_user` (docs/contract/http-api.md#enabling-vk-video-live). */
import type { Ask } from './api.ts';
import { type ChannelName, channelUrl } from './channel-url.ts';
import { currentUserAnswer } from './oauth.external.ts';

/** In VK's order, the main one first, each once. @throws PlatformRefused, PlatformUnreachable */
export async function readCandidates(ask: Ask): Promise<readonly ChannelName[]> {
  const { channelUrls } = await ask({ path: '/v1/current_user' }, currentUserAnswer);
  const named = channelUrls.flatMap((url) => channelUrl(url) ?? []);
  return [...new Map(named.map((name) => [name.url.toLowerCase(), name])).values()];
}
