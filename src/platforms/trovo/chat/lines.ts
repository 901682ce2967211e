/** Reads the frames of one chat: lines to the pipeline, the stream's begin and end to the live state, the rest nowhere. */
import type { Clock } from '../../../lib/clock.ts';
import type { ReadChannel, ReaderEvents, WorkerDeps } from '../../worker-side.ts';
import { kindOf, streamState, toChatMessage } from './chat-message.ts';
import { type ChatFrame, type ChatItem, chatItem, customRoles } from './frames.external.ts';
import type { History } from './history.ts';
import type { Oddities } from './oddities.ts';

export interface LinesDeps {
  readonly clock: Clock;
  readonly events: Pick<ReaderEvents, 'message' | 'live'>;
  readonly isOwnAccount: WorkerDeps['isOwnAccount'];
  readonly oddities: Oddities;
  /** One of our accounts was seen writing there. */
  readonly standing: (channel: ReadChannel, platformUserId: string, isExempt: boolean) => void;
}

/** @returns false for a frame of another chat than the channel's: nothing of it is read */
export function readFrame(deps: LinesDeps, channel: ReadChannel, history: History, frame: ChatFrame): boolean {
  const place = frame.channel_info?.channel_id;
  if (place && place !== (channel.target as string)) return false;
  for (const raw of frame.data?.chats ?? []) {
    const item = chatItem.safeParse(raw);
    if (item.success) readItem(deps, channel, history, frame, item.data);
    else deps.oddities.count('item_unreadable');
  }
  return true;
}

function readItem(deps: LinesDeps, channel: ReadChannel, history: History, frame: ChatFrame, item: ChatItem): void {
  const sendTimeS = item.send_time ?? null;
  const isBacklog = history.isBacklog(frame, sendTimeS);
  history.read(sendTimeS);
  switch (kindOf(item.type)) {
    case 'written':
      readLine(deps, channel, item, { isBacklog, isFetched: history.isFetched(sendTimeS) });
      return;
    case 'stream_state':
      // Old news say nothing about now: the poll asks after each connect.
      if (!isBacklog) readStreamState(deps, channel, item);
      return;
    case 'announced':
      return;
    case 'unknown':
      deps.oddities.count('unknown_item_type', { type: item.type });
  }
}

function readLine(
  deps: LinesDeps,
  channel: ReadChannel,
  item: ChatItem,
  marks: { readonly isBacklog: boolean; readonly isFetched: boolean },
): void {
  const { clock, events, isOwnAccount, oddities, standing } = deps;
  const { channelId } = channel;
  const message = toChatMessage(item, { ...marks, channelId, isOwnAccount, nowMs: clock.now().getTime() });
  if (message === null) {
    oddities.count('line_incomplete');
    return;
  }
  if (message.isOwn) standing(channel, message.author.platformUserId, isExempt(item));
  // What we said before says nothing of what we are saying now, be it the same words.
  if (!message.isOwn || !marks.isBacklog) events.message(message);
}

function readStreamState({ clock, events, oddities }: LinesDeps, channel: ReadChannel, item: ChatItem): void {
  const isLive = streamState(item.content);
  if (isLive === null) {
    oddities.count('unknown_stream_state', { content: (item.content ?? '').slice(0, 40) });
    return;
  }
  const at = item.send_time ? new Date(item.send_time * 1000) : clock.now();
  events.live(channel.channelId, { isLive, at });
}

/** Streamer, mod, supermod, admin. */
const EXEMPT_NUMBERS: ReadonlySet<number> = new Set([100000, 100001, 100005, 500000]);
const EXEMPT_NAMES: ReadonlySet<string> = new Set(['streamer', 'mod', 'supermod', 'admin']);

/**
 * Whether Trovo's rules against spam spare an account in a chat (docs/platforms/trovo.md#errors-and-limits,
 * docs/platforms/trovo.md#chat-frame). By number where there are numbers: a streamer may call a role of their own "mod".
 */
export function isExempt({ custom_role: json, roles }: Pick<ChatItem, 'custom_role' | 'roles'>): boolean {
  const numbered = customRoles.safeParse(parseJson(json));
  if (numbered.success) return numbered.data.some(({ roleType }) => EXEMPT_NUMBERS.has(roleType));
  return roles?.some((name) => EXEMPT_NAMES.has(name)) ?? false;
}

function parseJson(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}
