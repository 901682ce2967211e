/** The items of a CHAT frame as Trovo writes them, one builder for each kind it has (docs/platforms/trovo.md#chat-frame, docs/platforms/trovo.md#message-types). */
import { randomInt } from 'node:crypto';
import type { Person } from '../world/people.ts';
import { type HeldRole, ROLE_TYPES } from './room.ts';

/** Any member may be missing, and unknown ones may come: a test may say so. */
export type Chat = Record<string, unknown> & { readonly message_id: string };

export interface ChatContext {
  readonly channelId: string;
  /** Null for what the platform itself says. */
  readonly author: Person | null;
  readonly roles: readonly HeldRole[];
  readonly sentAtMs: number;
}

/** What kind of item it is. */
export interface ChatKind {
  readonly type: number;
  readonly content: string;
  readonly content_data?: Record<string, unknown>;
}

const AVATARS = 'https://headicon.trovo.live/user/';
let madeIds = 0;

export function chatOf({ channelId, author, roles, sentAtMs }: ChatContext, kind: ChatKind): Chat {
  const uid = author === null ? 0 : Number(author.id);
  return {
    type: kind.type,
    content: kind.content,
    message_id: `${sentAtMs}${nextNumber(6)}_${channelId}_${uid}_${randomInt(10 ** 9, 10 ** 10)}_1`,
    uid,
    sender_id: uid,
    user_name: author?.login ?? '',
    nick_name: author?.displayName ?? '',
    avatar: author === null ? '' : `${AVATARS}${author.id}.jpeg`,
    ...badgesOf(roles),
    decos: [],
    roles: roles.map(({ name }) => name),
    custom_role: JSON.stringify(roles.map(({ name, type }) => ({ roleName: name, roleType: type }))),
    send_time: Math.floor(sentAtMs / 1000),
    content_data: { normal_emote_enabled: '', ...kind.content_data },
  };
}

/** What shows beside the name: a subscriber's level and tier, and medals. */
function badgesOf(roles: readonly HeldRole[]): { sub_lv: string; sub_tier: string; medals: string[] } {
  const isSubscriber = roles.some(({ type }) => type === ROLE_TYPES.subscriber);
  const aces = roles.filter(({ type }) => type === ROLE_TYPES.ace || type === ROLE_TYPES['ace+']);
  const medals = [...aces.map(({ name }) => name), ...(isSubscriber ? ['sub_L1_T1'] : [])];
  return isSubscriber ? { sub_lv: 'L1', sub_tier: '1', medals } : { sub_lv: 'L0', sub_tier: '0', medals };
}

/** The container; its id is no message's id. @param isHistory gives it the hint some captures show (docs/platforms/trovo.md#history-on-connect) */
export function eidOf(channelId: string, sentAtMs: number, isHistory = false): string {
  return `${sentAtMs}${nextNumber(3)}_${isHistory ? '0' : channelId}_${randomInt(10 ** 9, 10 ** 10)}_1`;
}

export const MAGIC_TYPES = { superCap: 6, colourful: 7, spell: 8, bulletScreen: 9 } as const;

interface Spell {
  gift: string;
  num: number;
  giftValue: number;
  currency: 'Mana' | 'Elixir';
}

/** What each kind says; the texts of subscriptions are the English ones. */
export const kinds = {
  normal: (text: string): ChatKind => ({ type: 0, content: text }),
  magic: (magic: keyof typeof MAGIC_TYPES, text: string): ChatKind => ({ type: MAGIC_TYPES[magic], content: text }),
  spell: (spell: Spell): ChatKind => ({ type: 5, content: spellJson(spell, {}) }),
  customSpell: (spell: Spell, sid: string): ChatKind => ({ type: 5009, content: spellJson(spell, { sid }) }),
  gift: (num: number, price: number, currency: string): ChatKind => ({
    type: 19,
    content: JSON.stringify({ id: randomInt(10 ** 8), num, price }),
    content_data: {
      combo_info: { combo_id: String(randomInt(10 ** 8)), num },
      gift_price_info: { currencyType: currency, number: price },
    },
  }),
  subscription: (tier: number): ChatKind => ({ type: 5001, content: `{nickname} just subscribed with Tier ${tier}!` }),
  renewal: (months: number): ChatKind => ({
    type: 5001,
    content: `{nickname} has renewed subscription for ${months} months!`,
  }),
  system: (text: string): ChatKind => ({ type: 5002, content: text }),
  follow: (): ChatKind => ({ type: 5003, content: 'just followed channel!' }),
  welcome: (): ChatKind => ({ type: 5004, content: 'Welcome {nickname}!' }),
  giftSubs: (count: number): ChatKind => ({ type: 5005, content: String(count) }),
  giftSub: (gifter: string, receiver: string): ChatKind => ({ type: 5006, content: `${gifter},${receiver}` }),
  activity: (topic: string): ChatKind => ({ type: 5007, content: '', content_data: { activity_topic: topic } }),
  raid: (raiders: number): ChatKind => ({
    type: 5008,
    content: '{nickname} is carrying {raiderNum} raiders to this channel.',
    content_data: { raiderNum: String(raiders) },
  }),
  streamState: (isLive: boolean): ChatKind => ({ type: 5012, content: isLive ? 'stream_on' : 'stream_off' }),
  unfollow: (): ChatKind => ({ type: 5013, content: 'unfollowed channel' }),
} as const;

function spellJson({ gift, num, giftValue, currency }: Spell, more: object): string {
  return JSON.stringify({ gift_id: 520_010_002, gift, num, gift_value: giftValue, value_type: currency, ...more });
}

/** Grows, so that no two items of a millisecond share an id. */
function nextNumber(digits: number): string {
  madeIds += 1;
  return String(madeIds % 10 ** digits).padStart(digits, '0');
}
