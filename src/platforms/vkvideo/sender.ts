/** Speaks through `POST /v1/chat/message/send`: into a running stream or not at all (docs/platforms/vkvideo.md#send-message). */

import type { PlatformUserId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import { PlatformRefused, PlatformUnreachable } from '../../lib/errors.ts';
import type { HttpAnswer } from '../../lib/http.ts';
import type { SenderCredential } from '../account-side.ts';
import type { CauseCode, Said } from '../causes/cause.ts';
import type { CommonDeps } from '../platform.ts';
import type { ChatSender, ReadChannel, SendOutcome } from '../worker-side.ts';
import { chatMessagesAnswer } from './api.external.ts';
import { type Ask, codeOf, type DevApi, describe, NO_BASE, retryTime } from './api.ts';
import { readLine } from './chat-message.ts';
import { type ChannelInfo, type Directory, slugOf } from './directory.ts';

export interface SenderDeps extends Pick<CommonDeps, 'clock' | 'log'> {
  readonly api: DevApi;
  readonly directory: Directory;
  readonly hasBase: boolean;
  /** The channel with what the reader found out about it. */
  readonly known: (channel: ReadChannel) => ReadChannel;
}

/** Streams end without a word: what is older is asked for again. */
const INFO_LIFE_MS = 45_000;
/** After the first, the second and every further refusal in a row (docs/platforms/vkvideo.md#send-message). */
const TOO_FAST_MS = [3_000, 6_000, 10_000] as const;
/**
 * The same for a text that was said a moment ago. How long a chat takes for that is its own setting, which only moderators
 * may read; people report 10 s.
 */
const SAME_TEXT_MS = [10_000, 20_000, 30_000, 60_000] as const;

/** Most messages VK hands out. */
const HISTORY_MAX = 200;
/** VK tells moments in whole seconds of its own clock. */
const CLOCKS_APART_MS = 2000;

export function createSender(deps: SenderDeps): ChatSender {
  const tooFast = new Patience(TOO_FAST_MS, deps.clock);
  const sameText = new SameText(deps.clock);
  return {
    isPrivileged: () => false,
    hasSaid: (given, text, as, since, deadlineMs) => findSaid(deps, deps.known(given), text, as, since, deadlineMs),
    async send(given, text, as, deadlineMs) {
      const channel = deps.known(given);
      if (!deps.hasBase) return { kind: 'unavailable', reason: NO_BASE };
      if (slugOf(channel) === null) return { kind: 'unavailable', reason: 'missing_channel_context' };
      const untilMs = deps.clock.monotonicMs() + deadlineMs;
      const stream = await findStream(deps, channel, as, Math.round(deadlineMs / 2));
      if ('kind' in stream) return stream;
      const isOverride = as.kind === 'override';
      const fields = { channelId: channel.channelId, sender: isOverride ? 'override' : 'global', chars: text.length };
      deps.log.info('vkvideo_chatbot.outbox_send', fields);
      const request = {
        method: 'POST',
        path: '/v1/chat/message/send',
        query: { channel_url: deps.directory.channelParameter(channel) ?? '', stream_id: stream.id },
        body: { parts: [{ text: { content: text } }] },
        timeoutMs: remaining(untilMs, deps.clock),
      } as const;
      try {
        const answer = await deps.api.call(as.accessToken, request);
        const isOfOtherStream = () => isOtherStream(deps, channel, as, stream.id, untilMs);
        const place = `${as.key} ${channel.channelId}`;
        const outcome =
          sameText.judge(place, text, answer) ??
          tooFast.judge(channel.channelId, answer, isTooFast(answer)) ??
          (await outcomeOf(deps, answer, isOfOtherStream));
        if (outcome.kind === 'unconfirmed') sameText.unanswered(place, text);
        if (outcome.kind === 'sent') deps.log.info('vkvideo_chatbot.outbox_sent', fields);
        return outcome;
      } catch (error) {
        const outcome = noAnswer(error);
        if (outcome.kind === 'unconfirmed') sameText.unanswered(`${as.key} ${channel.channelId}`, text);
        return outcome;
      }
    },
  };
}

/** The chat's recent messages show what VK took, also while nobody reads the chat. */
async function findSaid(
  { api, directory, clock }: SenderDeps,
  channel: ReadChannel,
  text: string,
  as: SenderCredential,
  since: Date,
  timeoutMs: number,
): ReturnType<NonNullable<ChatSender['hasSaid']>> {
  const channelUrl = directory.channelParameter(channel);
  if (channelUrl === null) return null;
  const query = { channel_url: channelUrl, limit: String(HISTORY_MAX) };
  const raw = await api.withToken(as.accessToken)({ path: '/v1/chat/messages', query, timeoutMs }, chatMessagesAnswer);
  const context = {
    channelId: channel.channelId,
    isBacklog: true,
    isOwnAccount: (id: PlatformUserId) => id === as.platformUserId,
    now: () => clock.now(),
  };
  const said = raw
    .map((entry) => readLine(entry, context)?.message)
    .find(
      (line) =>
        line?.isOwn && collapsed(line.text) === collapsed(text) && line.sentAtMs >= since.getTime() - CLOCKS_APART_MS,
    );
  return said === undefined ? null : { platformMessageId: said.messageId };
}

/** The chat may show runs of white space as one. */
function collapsed(text: string): string {
  return text.replace(/\s+/gu, ' ');
}

/** The id to speak with, or why there is none. No message is sent towards a stream that does not run. */
async function findStream(
  { directory, api }: SenderDeps,
  channel: ReadChannel,
  as: SenderCredential,
  timeoutMs: number,
): Promise<{ id: string } | SendOutcome> {
  const ask = api.withToken(as.accessToken);
  let info: ChannelInfo | null;
  try {
    info = await directory.fresh(channel, INFO_LIFE_MS, (request, answer) => ask({ ...request, timeoutMs }, answer));
  } catch (error) {
    if (error instanceof PlatformRefused && error.status === 401)
      return { kind: 'unauthorized', reason: 'platform_refused', detail: error.message };
    return { kind: 'unavailable', reason: 'channel_fetch_failed' };
  }
  if (!info?.isLive || info.streamId === null) return { kind: 'unavailable', reason: 'no_active_stream' };
  return { id: info.streamId };
}

async function outcomeOf(
  { clock }: SenderDeps,
  answer: HttpAnswer,
  isOfOtherStream: () => Promise<boolean>,
): Promise<SendOutcome> {
  const { status } = answer;
  const refusal: Said = { reason: 'platform_refused', detail: describe(answer) };
  if (status === 200 && isTheirs(answer)) return { kind: 'sent', platformMessageId: null };
  if (status === 401) return { kind: 'unauthorized', ...refusal };
  if (status >= 500 || status === 408) return { kind: 'unavailable', ...refusal };
  if (status < 400) return { kind: 'unconfirmed', reason: 'unconfirmed' };
  // About the text alone: the stream is as it was.
  if (codeOf(answer) === 'message_too_long') return { kind: 'rejected', ...refusal };
  return isAboutStream(status) && (await isOfOtherStream())
    ? // Of another stream, or of none: the outbox comes back and finds what is true by then.
      { kind: 'unavailable', reason: 'no_active_stream', retryAt: clock.now() }
    : { kind: 'rejected', ...refusal };
}

/** `{}` is the whole of a yes (docs/platforms/vkvideo.md#send-message), or nothing at all; a page comes from somebody in between. */
function isTheirs(answer: HttpAnswer): boolean {
  const json = answer.json();
  return answer.text.trim() === '' || (typeof json === 'object' && json !== null && codeOf(answer) === '');
}

function isAboutStream(status: number): boolean {
  return status === 400 || status === 403 || status === 404;
}

/** Whether the refusal may be due to what we believed of the stream; asks once. */
async function isOtherStream(
  { directory, api, clock }: SenderDeps,
  channel: ReadChannel,
  as: SenderCredential,
  streamId: string,
  untilMs: number,
): Promise<boolean> {
  directory.outdated(channel.channelId);
  const ask: Ask = (request, answer) =>
    api.withToken(as.accessToken)({ ...request, timeoutMs: remaining(untilMs, clock) }, answer);
  const info = await directory.fresh(channel, INFO_LIFE_MS, ask).catch(() => null);
  return info === null || !info.isLive || info.streamId !== streamId;
}

function noAnswer(error: unknown): SendOutcome {
  if (!(error instanceof PlatformUnreachable)) throw error;
  return error.isSent ? { kind: 'unconfirmed', reason: 'unconfirmed' } : { kind: 'unavailable', reason: 'unreachable' };
}

function isTooFast(answer: HttpAnswer): CauseCode | null {
  if (answer.status === 429) return 'rate_limited';
  return isRefusal(answer, 'send_too_fast') ? 'send_too_fast' : null;
}

function isRefusal(answer: HttpAnswer, code: string): boolean {
  return answer.status === 400 && codeOf(answer) === code;
}

/** Keeps how often in a row somebody was told to wait: each time a little longer. */
class Patience {
  readonly #delaysMs: readonly number[];
  readonly #clock: Clock;
  readonly #refusals = new Map<string, number>();

  constructor(delaysMs: readonly number[], clock: Clock) {
    this.#delaysMs = delaysMs;
    this.#clock = clock;
  }

  /** @param reason null for an answer about anything else @returns null for that too */
  judge(place: string, answer: HttpAnswer, reason: CauseCode | null): SendOutcome | null {
    if (reason === null) {
      this.#refusals.delete(place);
      return null;
    }
    const refusals = (this.#refusals.get(place) ?? 0) + 1;
    this.#refusals.set(place, refusals);
    const delayMs = this.#delaysMs[Math.min(refusals, this.#delaysMs.length) - 1] ?? 0;
    const retryAt = retryTime(answer, this.#clock.now()) ?? new Date(this.#clock.now().getTime() + delayMs);
    return { kind: 'unavailable', reason, retryAt };
  }
}

/** After this time an equal text is a new message, not another try of the one whose answer was lost. */
const LOST_ANSWER_MS = 60_000;

/** A text that VK takes for a repetition waits and is sent as written, unless it is our own, whose answer was lost. */
class SameText {
  readonly #patience: Patience;
  readonly #clock: Clock;
  /** By sender and channel: the last text nobody answered for, and until when a refusal as a repetition is about it. */
  readonly #unanswered = new Map<string, { text: string; untilMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#patience = new Patience(SAME_TEXT_MS, clock);
  }

  unanswered(place: string, text: string): void {
    this.#unanswered.set(place, { text, untilMs: this.#clock.monotonicMs() + LOST_ANSWER_MS });
  }

  /** @returns null for an answer about anything else */
  judge(place: string, text: string, answer: HttpAnswer): SendOutcome | null {
    const isSame = isRefusal(answer, 'same_message');
    const lost = this.#unanswered.get(place);
    const hadArrived = isSame && lost?.text === text && lost.untilMs > this.#clock.monotonicMs();
    if (isSame ? hadArrived : answer.status === 200) this.#unanswered.delete(place);
    const outcome = this.#patience.judge(place, answer, isSame && !hadArrived ? 'same_message' : null);
    return hadArrived ? { kind: 'sent', platformMessageId: null } : outcome;
  }
}

function remaining(untilMs: number, clock: Clock): number {
  return Math.max(1, Math.round(untilMs - clock.monotonicMs()));
}
