/**
 * A chat that can be polled. Kick has none (docs/platforms/kick.md#ten-facts-that-decide-the-design): this is what `KICK_CHAT_POLL_URL_TEMPLATE` may point at
 * (docs/contract/workers.md#kick-polling), with items as `chat.message.sent` carries them.
 */
import type { Answer, Call } from '../../world/host.ts';
import type { KickState } from '../state.ts';
import { badRequest, type Caller, unauthorized } from './caller.ts';

const PAGE_MAX = 100;

/** Without a cursor the latest page; with one what came after it. Only the streamer's own token may read. */
export function pollChat({ channels }: KickState, channelId: string, { query }: Call, caller: Caller): Answer {
  if (caller.person?.id !== channelId) throw unauthorized();
  const channel = channels.get(channelId);
  if (!channel) throw badRequest('Channel not found');
  const cursor = query.get('cursor') ?? '';
  const lines = channel.lines();
  const after = Number(cursor);
  const page = cursor === '' ? lines.slice(-PAGE_MAX) : lines.filter(({ number }) => number > after).slice(0, PAGE_MAX);
  const next = page.at(-1)?.number ?? after;
  return { status: 200, body: { data: page.map(({ body }) => body), cursor: String(next) } };
}
