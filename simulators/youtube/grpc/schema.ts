/** The published field numbers of `streamList`, proto2 (docs/platforms/youtube.md#stream-messages). */
import protobuf from 'protobufjs';

type Fields = Record<string, [number: number, type: string, rule?: 'repeated']>;

const TEXT = 'string';
const MESSAGES: Record<string, Fields> = {
  LiveChatMessageListRequest: {
    liveChatId: [1, TEXT],
    hl: [2, TEXT],
    profileImageSize: [3, 'uint32'],
    maxResults: [98, 'uint32'],
    pageToken: [99, TEXT],
    part: [100, TEXT, 'repeated'],
  },
  LiveChatMessageListResponse: {
    offlineAt: [2, TEXT],
    kind: [200, TEXT],
    etag: [201, TEXT],
    pageInfo: [1004, 'PageInfo'],
    items: [1007, 'LiveChatMessage', 'repeated'],
    activePollItem: [1008, 'LiveChatMessage'],
    nextPageToken: [100602, TEXT],
  },
  PageInfo: { totalResults: [1, 'int32'], resultsPerPage: [2, 'int32'] },
  LiveChatMessage: {
    snippet: [2, 'LiveChatMessageSnippet'],
    authorDetails: [3, 'LiveChatMessageAuthorDetails'],
    id: [101, TEXT],
    kind: [200, TEXT],
    etag: [201, TEXT],
  },
  LiveChatMessageAuthorDetails: {
    isVerified: [4, 'bool'],
    isChatOwner: [5, 'bool'],
    isChatSponsor: [6, 'bool'],
    isChatModerator: [7, 'bool'],
    channelUrl: [102, TEXT],
    displayName: [103, TEXT],
    profileImageUrl: [104, TEXT],
    channelId: [10101, TEXT],
  },
  LiveChatMessageSnippet: {
    // The same on the wire as the enum, and able to carry numbers nobody has published.
    type: [1, 'int32'],
    publishedAt: [4, TEXT],
    displayMessage: [16, TEXT],
    hasDisplayContent: [17, 'bool'],
    liveChatId: [201, TEXT],
    authorChannelId: [301, TEXT],
    textMessageDetails: [19, 'LiveChatTextMessageDetails'],
    messageDeletedDetails: [20, 'LiveChatMessageDeletedDetails'],
    messageRetractedDetails: [21, 'LiveChatMessageRetractedDetails'],
    userBannedDetails: [22, 'LiveChatUserBannedMessageDetails'],
    superChatDetails: [27, 'LiveChatSuperChatDetails'],
    superStickerDetails: [28, 'LiveChatSuperStickerDetails'],
    newSponsorDetails: [29, 'LiveChatNewSponsorDetails'],
    memberMilestoneChatDetails: [30, 'LiveChatMemberMilestoneChatDetails'],
    membershipGiftingDetails: [31, 'LiveChatMembershipGiftingDetails'],
    giftMembershipReceivedDetails: [32, 'LiveChatGiftMembershipReceivedDetails'],
    pollDetails: [33, 'LiveChatPollDetails'],
    giftDetails: [34, 'LiveChatGiftDetails'],
  },
  LiveChatTextMessageDetails: { messageText: [1, TEXT] },
  LiveChatMessageDeletedDetails: { deletedMessageId: [101, TEXT] },
  LiveChatMessageRetractedDetails: { retractedMessageId: [201, TEXT] },
  LiveChatUserBannedMessageDetails: {
    bannedUserDetails: [1, 'ChannelProfileDetails'],
    banType: [2, 'BanType'],
    banDurationSeconds: [4, 'uint64'],
  },
  LiveChatSuperChatDetails: {
    amountMicros: [1, 'uint64'],
    currency: [2, TEXT],
    amountDisplayString: [3, TEXT],
    userComment: [4, TEXT],
    tier: [5, 'uint32'],
  },
  LiveChatSuperStickerDetails: {
    amountMicros: [1, 'uint64'],
    currency: [2, TEXT],
    amountDisplayString: [3, TEXT],
    tier: [4, 'uint32'],
    superStickerMetadata: [5, 'SuperStickerMetadata'],
  },
  SuperStickerMetadata: { stickerId: [1, TEXT], altText: [2, TEXT], altTextLanguage: [3, TEXT] },
  LiveChatNewSponsorDetails: { memberLevelName: [1, TEXT], isUpgrade: [2, 'bool'] },
  LiveChatMemberMilestoneChatDetails: {
    memberLevelName: [1, TEXT],
    memberMonth: [2, 'uint32'],
    userComment: [3, TEXT],
  },
  LiveChatMembershipGiftingDetails: { giftMembershipsCount: [1, 'int32'], giftMembershipsLevelName: [2, TEXT] },
  LiveChatGiftMembershipReceivedDetails: {
    memberLevelName: [1, TEXT],
    gifterChannelId: [2, TEXT],
    associatedMembershipGiftingMessageId: [3, TEXT],
  },
  LiveChatPollDetails: { metadata: [1, 'PollMetadata'], status: [2, 'PollStatus'] },
  PollMetadata: { questionText: [1, TEXT], options: [2, 'PollOption', 'repeated'] },
  PollOption: { optionText: [1, TEXT], tally: [2, 'int64'] },
  LiveChatGiftDetails: {
    giftName: [1, TEXT],
    giftDuration: [2, 'Duration'],
    jewelsAmount: [3, 'int32'],
    giftUrl: [4, TEXT],
    altText: [5, TEXT],
    language: [6, TEXT],
    hasVisualEffect: [7, 'bool'],
    comboCount: [8, 'int32'],
  },
  Duration: { seconds: [1, 'int64'], nanos: [2, 'int32'] },
  ChannelProfileDetails: {
    channelUrl: [2, TEXT],
    displayName: [3, TEXT],
    profileImageUrl: [4, TEXT],
    channelId: [101, TEXT],
  },
};

/** Numbers of `TypeWrapper.Type`. */
export const MESSAGE_TYPES: Readonly<Record<string, number>> = {
  INVALID_TYPE: 0,
  TEXT_MESSAGE_EVENT: 1,
  TOMBSTONE: 2,
  FAN_FUNDING_EVENT: 3,
  CHAT_ENDED_EVENT: 4,
  SPONSOR_ONLY_MODE_STARTED_EVENT: 5,
  SPONSOR_ONLY_MODE_ENDED_EVENT: 6,
  NEW_SPONSOR_EVENT: 7,
  MESSAGE_DELETED_EVENT: 8,
  MESSAGE_RETRACTED_EVENT: 9,
  USER_BANNED_EVENT: 10,
  SUPER_CHAT_EVENT: 15,
  SUPER_STICKER_EVENT: 16,
  MEMBER_MILESTONE_CHAT_EVENT: 17,
  MEMBERSHIP_GIFTING_EVENT: 18,
  GIFT_MEMBERSHIP_RECEIVED_EVENT: 19,
  POLL_EVENT: 20,
  GIFT_EVENT: 21,
};

const ENUMS: Record<string, Record<string, number>> = {
  BanType: { PERMANENT: 1, TEMPORARY: 2 },
  PollStatus: { UNKNOWN: 0, ACTIVE: 1, CLOSED: 2 },
};

/** What a type that the schema does not know is numbered with. */
export const FUTURE_TYPE = 99;

const root = protobuf.Root.fromJSON({
  nested: {
    ...Object.fromEntries(
      Object.entries(MESSAGES).map(([name, fields]) => [
        name,
        {
          edition: 'proto2',
          fields: Object.fromEntries(
            Object.entries(fields).map(([field, [id, type, rule]]) => [field, { id, type, ...(rule && { rule }) }]),
          ),
        },
      ]),
    ),
    ...Object.fromEntries(Object.entries(ENUMS).map(([name, values]) => [name, { edition: 'proto2', values }])),
  },
});

export const requestType = root.lookupType('LiveChatMessageListRequest');
export const responseType = root.lookupType('LiveChatMessageListResponse');
