/** How the day's units are spread, and in which order things are given up when they run out. */

export type Method =
  | 'channels.list'
  | 'liveBroadcasts.list'
  | 'liveChatMessages.streamList'
  | 'liveChatMessages.list'
  | 'liveChatMessages.insert';

/**
 * Share of the budget that a call leaves to those that are given up later, scaled by how much of the day is left.
 *
 * The order: first everything gets slower, then chats that cannot be streamed are no longer polled, then nothing is
 * said any more; what is left keeps the streamed chats read to the end.
 */
export const RESERVED_SHARE: Readonly<Record<Method, number>> = {
  'liveChatMessages.list': 0.1,
  'liveChatMessages.insert': 0.02,
  'liveChatMessages.streamList': 0,
  'liveBroadcasts.list': 0,
  'channels.list': 0,
};

/**
 * Once this share of the day's units is spent, what the messages of a channel cost from then on may be no more than the
 * rest divided by the channels on the air.
 */
export const SHARED_FROM = 0.5;

/** @returns units; one message is always among them */
export function sendingShare(unitsMax: number, cost: number, onAir: number): number {
  return Math.max(cost, (unitsMax * (1 - SHARED_FROM)) / Math.max(onAir, 1));
}

/** Most of what is left that these may take until it is renewed: they are asked again and again. */
const SPREAD_SHARE = { 'liveBroadcasts.list': 0.4, 'liveChatMessages.list': 0.5 } as const;

/** Streams are shorter than days: polls may spend their share in as long as a long one takes. */
const POLLED_STREAM_MS = 4 * 60 * 60_000;

export interface Spending {
  readonly unitsLeft: number;
  readonly msLeft: number;
}

/** @returns how far apart calls for each of `channels` have to be so that they last; never beyond the next units */
export function distanceMs(
  method: keyof typeof SPREAD_SHARE,
  cost: number,
  channels: number,
  { unitsLeft, msLeft }: Spending,
): number {
  const spreadOverMs = method === 'liveChatMessages.list' ? Math.min(msLeft, POLLED_STREAM_MS) : msLeft;
  const callsLeft = (unitsLeft * SPREAD_SHARE[method]) / cost;
  return callsLeft < 1 ? spreadOverMs : Math.min((Math.max(channels, 1) * spreadOverMs) / callsLeft, msLeft);
}
