/** Writes one PRIVMSG and finds out what became of it: USERSTATE with an id, a NOTICE, or silence (docs/design.md#the-platform-contract). */

import type { PlatformMessageId } from '../../../lib/brand.ts';
import type { Clock } from '../../../lib/clock.ts';
import { said } from '../../causes/reasons.ts';
import type { SendOutcome } from '../../worker-side.ts';
import { twitchCauses } from '../causes.ts';
import { detached, type IrcLine, tagOf } from './line.ts';
import type { Session } from './session.ts';

/** Longest wait for an answer; Twitch drops some messages without a word. */
const ANSWER_MS = 5_000;
const AFTER_RATE_LIMIT_MS = 30_000;
const AFTER_TIMEOUT_NOTICE_MS = 30_000;

let messagesWritten = 0;

/**
 * One message in flight per room makes the answer unambiguous; a second one is `unavailable`.
 *
 * @param room `#login` of a channel this session has joined
 * @param text one line, not empty
 */
export function deliver(
  session: Session,
  room: string,
  text: string,
  deadlineMs: number,
  clock: Clock,
): Promise<SendOutcome> {
  messagesWritten += 1;
  const nonce = messagesWritten.toString(36);
  return new Promise((resolve) => {
    const settle = (outcome: SendOutcome) => {
      timer.cancel();
      session.answered(room);
      resolve(outcome);
    };
    const isTaken = session.expectAnswer(room, {
      answer: (line) => {
        const outcome = outcomeOf(line, nonce, clock);
        if (outcome) settle(outcome);
      },
      lost: () => settle(UNCONFIRMED),
    });
    if (!isTaken) return resolve(IN_FLIGHT);
    const timer = clock.setTimer(Math.min(deadlineMs, ANSWER_MS), () => settle(UNCONFIRMED));
    if (!session.write(`@client-nonce=${nonce} PRIVMSG ${room} :${text}`)) settle(NOT_JOINED);
  });
}

/** The text the outbox records when nobody said what happened. */
const UNCONFIRMED: SendOutcome = { kind: 'unconfirmed', reason: 'unconfirmed' };
const IN_FLIGHT: SendOutcome = { kind: 'unavailable', reason: 'send_in_flight' };
export const NOT_JOINED: SendOutcome = { kind: 'unavailable', reason: 'not_joined' };

/** @returns null when the line says nothing about the message */
function outcomeOf(line: IrcLine, nonce: string, clock: Clock): SendOutcome | null {
  if (line.command === 'USERSTATE') {
    const id = tagOf(line.tags, 'id');
    // The late answer to a message given up before; an answer without a nonce cannot be told apart.
    const answeredNonce = tagOf(line.tags, 'client-nonce');
    if (!id || (answeredNonce !== null && answeredNonce !== nonce)) return null;
    return { kind: 'sent', platformMessageId: detached(id) as PlatformMessageId };
  }
  const notice = tagOf(line.tags, 'msg-id');
  return line.command === 'NOTICE' && notice !== null && isRefusal(notice) ? refused(detached(notice), clock) : null;
}

/** Other notices tell of the room's modes (`slow_on`, `emote_only_off`, …). */
function isRefusal(notice: string): boolean {
  return notice.startsWith('msg_') || notice === 'tos_ban' || notice === 'unrecognized_cmd';
}

/** What a reason code of Twitch means for the message: unknown ones are permanent (docs/platforms/twitch.md#send-chat-message). */
export function refused(notice: string, clock: Clock): SendOutcome {
  const inMs = (delayMs: number) => new Date(clock.now().getTime() + delayMs);
  switch (notice) {
    case 'msg_ratelimit':
      return { kind: 'unavailable', reason: notice, retryAt: inMs(AFTER_RATE_LIMIT_MS) };
    case 'msg_slowmode':
      return { kind: 'unavailable', reason: notice };
    case 'msg_duplicate':
      return { kind: 'retry', reason: notice };
    case 'msg_timedout':
    case 'user_timed_out':
      return { kind: 'retry', reason: notice, retryAt: inMs(AFTER_TIMEOUT_NOTICE_MS) };
    default:
      return { kind: 'rejected', ...said(twitchCauses, notice) };
  }
}
