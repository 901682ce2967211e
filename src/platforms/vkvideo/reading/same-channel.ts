/** Whether a row still names the channel that is read, and the URL that was found for it. */
import type { ReadChannel } from '../../worker-side.ts';
import { channelUrl, isSameSlug } from '../channel-url.ts';

function urlOf({ extra }: ReadChannel): string | null {
  return extra.vkvideoChannelUrl?.trim() || null;
}

/** What was found for it stays until the row has it too. */
export function withKnownUrl(known: ReadChannel, next: ReadChannel): ReadChannel {
  if (urlOf(next) !== null) return next;
  return { ...next, extra: { ...next.extra, vkvideoChannelUrl: urlOf(known) } };
}

export function isSameChannel(one: ReadChannel, next: ReadChannel): boolean {
  if (one.target !== next.target) return false;
  const [known, stored] = [urlOf(one), urlOf(next)].map((url) => (url === null ? null : channelUrl(url)?.slug));
  return !stored || (known != null && isSameSlug(known, stored));
}
