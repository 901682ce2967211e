/** Chat responses as gRPC carries them: the same words as REST, enums in capitals, durations as messages. */
import type { ChatResponse, ShownItem } from '../reading.ts';
import { FUTURE_TYPE, MESSAGE_TYPES, responseType } from './schema.ts';

/** Bytes that are already what is to be sent pass as they are. */
export function encodeResponse(response: ChatResponse | Buffer): Buffer {
  if (Buffer.isBuffer(response)) return response;
  const { items, activePollItem, pollingIntervalMillis: _, ...rest } = response;
  const message = responseType.fromObject({
    ...rest,
    items: items.map(inCapitals),
    ...(activePollItem ? { activePollItem: inCapitals(activePollItem) } : {}),
  });
  return Buffer.from(responseType.encode(message).finish());
}

function inCapitals(item: ShownItem): object {
  if (!item.snippet) return item;
  const { type, ...snippet } = item.snippet;
  const { pollDetails, userBannedDetails, giftDetails } = snippet as Record<string, Record<string, unknown>>;
  return {
    ...item,
    snippet: {
      ...snippet,
      type: MESSAGE_TYPES[capitals(type)] ?? FUTURE_TYPE,
      ...(pollDetails ? { pollDetails: { ...pollDetails, status: capitals(String(pollDetails.status)) } } : {}),
      ...(userBannedDetails
        ? { userBannedDetails: { ...userBannedDetails, banType: capitals(String(userBannedDetails.banType)) } }
        : {}),
      ...(giftDetails ? { giftDetails: { ...giftDetails, giftDuration: duration(giftDetails.giftDuration) } } : {}),
    },
  };
}

/** `textMessageEvent` → `TEXT_MESSAGE_EVENT` */
function capitals(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** `3.5s` → seconds and nanoseconds */
function duration(text: unknown): { seconds: number; nanos: number } {
  const all = Number.parseFloat(String(text ?? '0'));
  return { seconds: Math.trunc(all), nanos: Math.round((all % 1) * 1e9) };
}
