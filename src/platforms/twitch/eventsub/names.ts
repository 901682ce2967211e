/** Notices in the events of a channel that its streamer goes by another name than the one stored. */
import { LRUCache } from 'lru-cache';
import type { ChannelId, PlatformChannelId } from '../../../lib/brand.ts';
import type { ApiDeps } from '../../api-side.ts';
import type { Helix } from '../helix/client.ts';
import { usersAnswer } from '../helix/helix.external.ts';
import { roomName } from '../irc/room-names.ts';
import { broadcasterEvent } from './eventsub.external.ts';

interface NameDeps extends Pick<ApiDeps, 'db' | 'clock' | 'log' | 'renamed'> {
  readonly helix: Helix;
}

/** A row that names another chat than its channel's own differs in every event. */
const ASK_AGAIN_MS = 600_000;
const ASKED_MAX = 10_000;

/** @returns `noticeName`, which asks Twitch about each difference once in ten minutes */
export function createNameNotice(deps: NameDeps): (event: unknown) => Promise<void> {
  const perf = { now: () => deps.clock.monotonicMs() + 1 };
  const asked = new LRUCache<string, true>({ max: ASKED_MAX, ttl: ASK_AGAIN_MS, ttlResolution: 0, perf });
  return (event) => noticeName(deps, asked, event);
}

/**
 * Best effort, after the event was recorded: the worker looks for itself too.
 *
 * A row may name another chat than the channel's own, and an event be older than the last change. So Twitch is asked: the
 * stored name is given up only when nobody has it any more.
 */
async function noticeName(
  { db, log, renamed, helix }: NameDeps,
  asked: LRUCache<string, true>,
  event: unknown,
): Promise<void> {
  const parsed = broadcasterEvent.safeParse(event);
  if (!parsed.success) return;
  const { broadcaster_user_id: id, broadcaster_user_login: told } = parsed.data;
  let difference: string | null = null;
  try {
    const row = await db
      .selectFrom('Channel')
      .innerJoin('ChatBotSubscription as subscription', 'subscription.channelId', 'Channel.id')
      .where('twitchChannelId', '=', id)
      .select(['Channel.id as channelId', 'twitchLogin'])
      .executeTakeFirst();
    const stored = row && roomName(row.twitchLogin);
    if (!row || !stored || stored === roomName(told)) return;
    difference = `${id} ${stored} ${roomName(told)}`;
    if (asked.has(difference)) return;
    asked.set(difference, true);
    const query = new URLSearchParams({ id, login: stored.slice(1) });
    const { data } = usersAnswer.parse(await helix.asApp({ path: `/users?${query}` }));
    const now = data.find((user) => user.id === id)?.login.toLowerCase();
    const isFree = data.every(({ login }) => roomName(login) !== stored);
    if (now === undefined || !isFree) return;
    const from = row.twitchLogin.trim().replace(/^#/, '') as PlatformChannelId;
    await renamed(row.channelId as ChannelId, from, now as PlatformChannelId);
  } catch (error) {
    // Nobody answered: the next event asks.
    if (difference !== null) asked.delete(difference);
    log.warn('chatbot.rename_failed', { broadcasterId: id, error });
  }
}
