/** Items of a chat in the shape REST shows them. */
import { randomBytes } from 'node:crypto';
import type { Channel } from './channels.ts';

export interface AuthorDetails {
  channelId: string;
  channelUrl: string;
  displayName: string;
  profileImageUrl: string;
  isVerified: boolean;
  isChatOwner: boolean;
  isChatSponsor: boolean;
  isChatModerator: boolean;
}

/** Beside these the details of the type, below the key `DETAIL_KEYS` names. */
export interface Snippet {
  type: string;
  liveChatId: string;
  publishedAt: string;
  hasDisplayContent?: boolean;
  displayMessage?: string;
  authorChannelId?: string;
  [details: string]: unknown;
}

export interface Item {
  kind: 'youtube#liveChatMessage';
  etag: string;
  id: string;
  snippet: Snippet;
  authorDetails?: AuthorDetails;
}

/** Where each type has its details; types that are not here have none (docs/platforms/youtube.md#list-messages). */
const DETAIL_KEYS: Readonly<Record<string, string>> = {
  textMessageEvent: 'textMessageDetails',
  superChatEvent: 'superChatDetails',
  superStickerEvent: 'superStickerDetails',
  newSponsorEvent: 'newSponsorDetails',
  memberMilestoneChatEvent: 'memberMilestoneChatDetails',
  membershipGiftingEvent: 'membershipGiftingDetails',
  giftMembershipReceivedEvent: 'giftMembershipReceivedDetails',
  giftEvent: 'giftDetails',
  pollEvent: 'pollDetails',
  userBannedEvent: 'userBannedDetails',
  messageDeletedEvent: 'messageDeletedDetails',
  messageRetractedEvent: 'messageRetractedDetails',
  fanFundingEvent: 'fanFundingEventDetails',
};

/** Types people see nothing of in the chat itself. */
const SILENT = new Set(['tombstone', 'chatEndedEvent', 'messageDeletedEvent', 'messageRetractedEvent']);

export interface Draft {
  chatId: string;
  type: string;
  publishedAt: Date;
  author?: AuthorDetails | undefined;
  displayMessage?: string | undefined;
  details?: object | undefined;
  id?: string | undefined;
}

export function makeItem({ chatId, type, publishedAt, author, displayMessage, details, id }: Draft): Item {
  const detailKey = DETAIL_KEYS[type] ?? (details === undefined ? undefined : `${type.replace(/Event$/, '')}Details`);
  const isShown = !SILENT.has(type);
  return {
    kind: 'youtube#liveChatMessage',
    etag: randomBytes(15).toString('base64url'),
    id: id ?? newMessageId(),
    snippet: {
      type,
      liveChatId: chatId,
      ...(author ? { authorChannelId: author.channelId } : {}),
      publishedAt: microseconds(publishedAt),
      // A tombstone has nothing but its place (docs/platforms/youtube.md#list-messages).
      ...(type === 'tombstone' ? {} : { hasDisplayContent: isShown }),
      ...(isShown && displayMessage !== undefined ? { displayMessage } : {}),
      ...(detailKey === undefined ? {} : { [detailKey]: details ?? {} }),
    },
    ...(author ? { authorDetails: author } : {}),
  };
}

function newMessageId(): string {
  return `LCC.${randomBytes(32).toString('base64url')}`;
}

/** Roles that are held by membership of lists can be given for one line as well. */
export interface Flags {
  isVerified?: boolean | undefined;
  isChatOwner?: boolean | undefined;
  isChatSponsor?: boolean | undefined;
  isChatModerator?: boolean | undefined;
}

/** @param owner whose chat it is */
export function authorIn(owner: Channel, author: Channel, flags: Flags = {}): AuthorDetails {
  return {
    ...profileOf(author),
    isVerified: flags.isVerified ?? author.isVerified,
    isChatOwner: flags.isChatOwner ?? author.id === owner.id,
    isChatSponsor: flags.isChatSponsor ?? owner.members.has(author.id),
    isChatModerator: flags.isChatModerator ?? owner.moderators.has(author.id),
  };
}

/** The part of a person that bans and moderator entries show, too. */
export function profileOf({ id, title }: Channel) {
  return {
    channelId: id,
    channelUrl: `http://www.youtube.com/channel/${id}`,
    displayName: title,
    profileImageUrl: `https://yt3.ggpht.com/${id}=s88-c-k-c0x00ffffff-no-rj`,
  };
}

/** `2026-11-22T10:05:08.479000+00:00`, as captured payloads have it (docs/platforms/youtube.md#list-messages). */
function microseconds(at: Date): string {
  return `${at.toISOString().slice(0, -1)}000+00:00`;
}
