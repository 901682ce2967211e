/** The streamed chat on the wire: the numbers of its fields, and the way into the shape a polled page has (docs/platforms/youtube.md#stream-messages). */
import type { Type } from 'protobufjs';
import { protobuf } from '../libraries.ts';
import { type ChatPage, chatPage } from './chat.external.ts';

export const STREAM_LIST = '/youtube.api.v3.V3DataLiveChatMessageService/StreamList';

export interface StreamRequest {
  readonly liveChatId: string;
  readonly pageToken: string | null;
}

const string = (id: number) => ({ id, type: 'string' });
const bool = (id: number) => ({ id, type: 'bool' });
const one = (id: number, type: string) => ({ id, type });
const many = (id: number, type: string) => ({ id, type, rule: 'repeated' as const });

/** Only what is read: a decoder passes over fields it does not know. */
const SCHEMA = {
  nested: {
    ListRequest: {
      fields: {
        liveChatId: string(1),
        maxResults: one(98, 'uint32'),
        pageToken: string(99),
        part: many(100, 'string'),
      },
    },
    ListResponse: {
      fields: { offlineAt: string(2), items: many(1007, 'Message'), nextPageToken: string(100602) },
    },
    Message: { fields: { snippet: one(2, 'Snippet'), authorDetails: one(3, 'Author'), id: string(101) } },
    Snippet: {
      fields: {
        // An enumeration is a number on the wire, and numbers of tomorrow must not end the stream.
        type: one(1, 'int32'),
        publishedAt: string(4),
        displayMessage: string(16),
        textMessageDetails: one(19, 'Text'),
        superChatDetails: one(27, 'SuperChat'),
        memberMilestoneChatDetails: one(30, 'Milestone'),
      },
    },
    Text: { fields: { messageText: string(1) } },
    SuperChat: { fields: { userComment: string(4) } },
    Milestone: { fields: { userComment: string(3) } },
    Author: {
      fields: {
        isChatOwner: bool(5),
        isChatSponsor: bool(6),
        isChatModerator: bool(7),
        displayName: string(103),
        profileImageUrl: string(104),
        channelId: string(10101),
      },
    },
  },
};

let known: { request: Type; response: Type } | null = null;

function types(): { request: Type; response: Type } {
  if (known === null) {
    const schema = protobuf().Root.fromJSON(SCHEMA);
    known = { request: schema.lookupType('ListRequest'), response: schema.lookupType('ListResponse') };
  }
  return known;
}

/** Names of the polled chat, by the numbers of the streamed one. */
const TYPES: Readonly<Record<number, string>> = {
  1: 'textMessageEvent',
  2: 'tombstone',
  4: 'chatEndedEvent',
  5: 'sponsorOnlyModeStartedEvent',
  6: 'sponsorOnlyModeEndedEvent',
  15: 'superChatEvent',
  17: 'memberMilestoneChatEvent',
};

export function encodeRequest({ liveChatId, pageToken }: StreamRequest): Buffer {
  const message = {
    liveChatId,
    part: ['id', 'snippet', 'authorDetails'],
    ...(pageToken === null ? {} : { pageToken }),
  };
  return Buffer.from(types().request.encode(message).finish());
}

/** @throws when the bytes are no response */
export function decodeResponse(bytes: Buffer): ChatPage {
  const { response } = types();
  const { items, ...rest } = response.toObject(response.decode(bytes)) as { items?: readonly unknown[] };
  return chatPage.parse({ ...rest, items: (items ?? []).map(namedType) });
}

function namedType(item: unknown): unknown {
  if (typeof item !== 'object' || item === null || !('snippet' in item)) return item;
  const { snippet } = item as { snippet: { type?: number } };
  const type = snippet.type ?? 0;
  return { ...item, snippet: { ...snippet, type: TYPES[type] ?? `type${type}` } };
}
