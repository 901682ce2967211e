/** Speaks into live chats: one insert per message, and the id in its answer is the confirmation (docs/platforms/youtube.md#insert-delete-transition). */

import type { ChannelId, PlatformMessageId } from '../../lib/brand.ts';
import { PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import type { SenderCredential } from '../account-side.ts';
import { said } from '../causes/reasons.ts';
import type { CommonDeps } from '../platform.ts';
import type { ChatSender, ReadChannel, SendOutcome } from '../worker-side.ts';
import type { YouTubeApi } from './api/client.ts';
import { meaningOf } from './api/refusal.ts';
import { youtubeCauses } from './causes.ts';
import type { OwnMessages } from './chat/own-messages.ts';
import type { Ledger } from './quota/ledger.ts';
import type { Places } from './reader.ts';

export interface SenderDeps extends Pick<CommonDeps, 'clock' | 'log'> {
  readonly api: YouTubeApi;
  readonly ledger: Pick<Ledger, 'renewedAt' | 'takeShare' | 'giveShareBack'>;
  readonly own: OwnMessages;
  readonly places: Places;
  /** `YOUTUBE_CHATBOT_LIVE_CHECK_SECONDS`. */
  readonly shortestCheckMs: number;
}

interface Parts extends SenderDeps {
  /** When a message was last turned away for want of a chat. */
  readonly refusedAtMs: Map<ChannelId, number>;
}

/** As operators and support search for it (docs/contract/workers.md#preconditions-and-lasterror-texts). */
const NO_CHAT = 'No active live chat';

/** The project has units left, and they are kept for other channels. */
const SHARE_SPENT = 'channel_quota_spent';

/** The next live check may find the stream; three tries have to end well inside a message's life. */
const LONGEST_WAIT_FOR_CHAT_MS = 60_000;
/** Rows are woken to the millisecond, and a little early by rounding. */
const EARLY_MS = 500;
/** Numbers are published nowhere (docs/platforms/youtube.md#insert-delete-transition). */
const TOO_FAST_MS = 5000;

export function createSender(given: SenderDeps): ChatSender {
  const deps: Parts = { ...given, refusedAtMs: new Map() };
  return {
    // The moderator's mark is seen on lines only, and no limit of ours asks for it.
    isPrivileged: () => false,
    async send(channel, text, as, deadlineMs, answers = null) {
      const { channelId } = channel;
      const place = deps.places.of(channelId, answers);
      if (place.kind === 'unknown') return { ...place, kind: 'unavailable' };
      if (place.kind === 'offline') return noChat(deps, channel);
      if (!deps.ledger.takeShare(channelId, deps.places.onAir)) {
        return { kind: 'unavailable', reason: SHARE_SPENT, retryAt: deps.ledger.renewedAt };
      }
      deps.log.info('youtube_chatbot.say.sender', senderFields(channel, as));
      const { liveChatId } = place;
      return deps.own.sending(channelId, text, () => insert(deps, { channel, liveChatId }, text, as, deadlineMs));
    },
  };
}

interface Target {
  readonly channel: ReadChannel;
  readonly liveChatId: string;
}

async function insert(
  deps: Parts,
  target: Target,
  text: string,
  as: SenderCredential,
  deadlineMs: number,
): Promise<SendOutcome> {
  const { api, places } = deps;
  try {
    const id = await api.insert(as.accessToken, target.liveChatId, text, deadlineMs);
    if (id === null) return { kind: 'unconfirmed', reason: 'unconfirmed' };
    places.sent(target.channel.channelId, target.liveChatId, id);
    return { kind: 'sent', platformMessageId: id as PlatformMessageId };
  } catch (error) {
    if (error instanceof PlatformRefused) return refused(deps, target, error);
    if (error instanceof PlatformUnreachable) return noAnswer(error);
    throw error;
  }
}

/** A server that says it is broken has answered; everything else never reached one, or was never answered. */
function noAnswer(error: PlatformUnreachable): SendOutcome {
  if (error.isSent) return { kind: 'unconfirmed', reason: 'unconfirmed' };
  return {
    kind: 'unavailable',
    ...said(youtubeCauses, error.message.startsWith('YouTube') ? error.message : 'unreachable'),
  };
}

function refused(deps: Parts, { channel, liveChatId }: Target, error: PlatformRefused): SendOutcome {
  const { clock, ledger, places } = deps;
  const refusal = said(youtubeCauses, error.message);
  switch (meaningOf(error.status ?? 0, error.code ?? '')) {
    case 'quota':
      ledger.giveShareBack(channel.channelId);
      return { kind: 'unavailable', ...said(youtubeCauses, error.code ?? error.message), retryAt: ledger.renewedAt };
    case 'too_fast':
      return { kind: 'unavailable', ...refusal, retryAt: new Date(clock.now().getTime() + TOO_FAST_MS) };
    case 'chat_ended':
      places.ended(channel.channelId, liveChatId);
      return noChat(deps, channel);
    case 'unauthorized':
      return { kind: 'unauthorized', ...refusal };
    // Linked again with all rights, it goes out; until it expires there is time for that.
    case 'scope':
    case 'not_enabled':
    case 'outage':
      return { kind: 'unavailable', ...refusal };
    case 'forbidden': {
      // Google gives one word for banned, private and members-only; the chat has told which mode it is in.
      const isShut = places.isMembersOnly(channel.channelId, liveChatId);
      return isShut
        ? { kind: 'rejected', reason: 'members_only', detail: error.message }
        : { kind: 'rejected', ...refusal };
    }
    case 'chat_disabled':
    case 'no_channel':
    case 'position':
    case 'other':
      return { kind: 'rejected', ...refusal };
  }
}

/** One try is counted per live check: whoever asks sooner, for whatever reason, learns nothing new. */
function noChat({ places, clock, shortestCheckMs, refusedAtMs }: Parts, { channelId }: ReadChannel): SendOutcome {
  places.wanted(channelId);
  const waitMs = Math.min(shortestCheckMs, LONGEST_WAIT_FOR_CHAT_MS);
  const nowMs = clock.monotonicMs();
  const sinceMs = nowMs - (refusedAtMs.get(channelId) ?? Number.NEGATIVE_INFINITY);
  const isCounted = sinceMs >= waitMs - EARLY_MS;
  if (isCounted) refusedAtMs.set(channelId, nowMs);
  const retryAt = new Date(clock.now().getTime() + (isCounted ? waitMs : waitMs - sinceMs));
  return { kind: isCounted ? 'retry' : 'unavailable', reason: NO_CHAT, retryAt };
}

function senderFields({ channelId }: ReadChannel, as: SenderCredential) {
  const isOverride = as.kind === 'override';
  return {
    channelId,
    sender: isOverride ? 'override' : 'global',
    overrideExternalAccountId: isOverride ? as.accountId : null,
  };
}
