/** The bodies of the events: flat objects, one builder each (docs/platforms/kick.md#payloads). */
import { randomBytes } from 'node:crypto';
import type { Person } from '../../world/people.ts';
import type { Badge, Channel, Line, Stream } from '../channel.ts';
import { rfc3339 } from '../time.ts';
import type { Quirk } from './quirks.ts';

export type Body = Record<string, unknown>;

/** East of UTC, of the quirk `offset_times`; Kick's own sample has it. */
const ODD_OFFSET_MINUTES = 11 * 60;
const EMOTE = /\[emote:(\d+):([^\][]*)\]/gu;
const NOBODY = {
  is_anonymous: true,
  user_id: null,
  username: null,
  is_verified: null,
  profile_picture: null,
  channel_slug: null,
  identity: null,
};

export interface ChatFacts {
  readonly id: string;
  readonly channel: Channel;
  readonly author: Person;
  readonly text: string;
  readonly badges: readonly Badge[];
  readonly parent: Line | undefined;
  readonly at: Date;
}

export interface RedemptionFacts {
  readonly id: string;
  readonly reward: { readonly id: string; readonly title: string; readonly cost: number };
  readonly input: string;
  readonly status: 'pending' | 'accepted' | 'rejected';
  readonly redeemedAt: Date;
}

export interface KicksFacts {
  readonly amount: number;
  readonly name: string;
  readonly message: string;
}

export class Payloads {
  readonly #slugOf: (person: Person) => string;
  readonly #quirks: ReadonlySet<Quirk>;

  constructor(slugOf: (person: Person) => string, quirks: Iterable<Quirk>) {
    this.#slugOf = slugOf;
    this.#quirks = new Set(quirks);
  }

  chatMessage({ id, channel, author, text, badges, parent, at }: ChatFacts): Body {
    return this.#whole({
      message_id: id,
      ...this.#repliesTo(parent),
      broadcaster: this.#user(channel.owner),
      sender: this.#sender(author, badges),
      content: text,
      emotes: this.#quirks.has('emotes_null') ? null : this.#emotes(text),
      created_at: this.#time(at),
    });
  }

  followed(channel: Channel, follower: Person): Body {
    return this.#whole({ broadcaster: this.#user(channel.owner), follower: this.#user(follower) });
  }

  /** `channel.subscription.new` and `.renewal`. */
  subscribed(channel: Channel, subscriber: Person, months: number, at: Date): Body {
    const people = { broadcaster: this.#user(channel.owner), subscriber: this.#user(subscriber) };
    return this.#whole({ ...people, duration: months, ...this.#monthFrom(at) });
  }

  /** @param gifter null for somebody who wants no thanks */
  gifted(channel: Channel, gifter: Person | null, giftees: readonly Person[], at: Date): Body {
    return this.#whole({
      broadcaster: this.#user(channel.owner),
      gifter: gifter === null ? NOBODY : this.#user(gifter),
      giftees: giftees.map((person) => this.#user(person)),
      ...this.#monthFrom(at),
    });
  }

  redeemed(channel: Channel, redeemer: Person, { id, reward, input, status, redeemedAt }: RedemptionFacts): Body {
    return this.#whole({
      id,
      user_input: input,
      status,
      redeemed_at: redeemedAt.toISOString(),
      reward: { ...reward, description: '' },
      redeemer: this.#plainUser(redeemer),
      broadcaster: this.#plainUser(channel.owner),
    });
  }

  /** @param endedAt null while it goes on */
  streamStatus(channel: Channel, { title, startedAt, offsetMinutes }: Stream, endedAt: Date | null): Body {
    return this.#whole({
      broadcaster: this.#user(channel.owner),
      is_live: endedAt === null,
      title,
      started_at: this.#time(startedAt, offsetMinutes),
      ended_at: endedAt === null ? null : this.#time(endedAt, offsetMinutes),
    });
  }

  streamMetadata(channel: Channel, title: string): Body {
    const category = { id: 15, name: 'Just Chatting', thumbnail: '' };
    const metadata = { title, language: 'en', has_mature_content: false, category };
    return this.#whole({
      broadcaster: this.#user(channel.owner),
      metadata: this.#quirks.has('category_twice') ? { ...metadata, Category: category } : metadata,
    });
  }

  /** @param until null for good */
  banned(channel: Channel, moderator: Person, person: Person, reason: string, at: Date, until: Date | null): Body {
    return this.#whole({
      broadcaster: this.#user(channel.owner),
      moderator: this.#user(moderator),
      banned_user: this.#user(person),
      metadata: { reason, created_at: this.#time(at), expires_at: until === null ? null : this.#time(until) },
    });
  }

  kicks(channel: Channel, sender: Person, { amount, name, message }: KicksFacts, at: Date): Body {
    return this.#whole({
      broadcaster: this.#plainUser(channel.owner),
      sender: this.#plainUser(sender),
      gift: { amount, name, type: 'LEVEL_UP', tier: 'MID', message, pinned_time_seconds: 600 },
      created_at: at.toISOString(),
    });
  }

  #repliesTo(parent: Line | undefined): Body {
    if (!parent) return this.#quirks.has('replies_null') ? { replies_to: null } : {};
    return { replies_to: { message_id: parent.id, content: parent.text, sender: this.#user(parent.author) } };
  }

  /** Kicks and redemptions tell neither anonymity nor identity (docs/platforms/kick.md#user-object). */
  #plainUser(person: Person): Body {
    return {
      user_id: Number(person.id),
      username: person.displayName,
      is_verified: this.#quirks.has('verified_null') ? null : false,
      profile_picture: '',
      channel_slug: this.#slugOf(person),
      ...this.#extra(),
    };
  }

  #user(person: Person): Body {
    return { is_anonymous: false, ...this.#plainUser(person), identity: null };
  }

  #sender(person: Person, badges: readonly Badge[]): Body {
    const { identity, ...rest } = this.#user(person);
    if (this.#quirks.has('identity_absent')) return rest;
    if (this.#quirks.has('identity_null')) return { ...rest, identity };
    return { ...rest, identity: { username_color: person.color, badges } };
  }

  /** Positions count code points and include both ends. */
  #emotes(text: string): Body[] {
    const byId = new Map<string, { s: number; e: number }[]>();
    for (const { 0: token, 1: id = '', index } of text.matchAll(EMOTE)) {
      const start = [...text.slice(0, index)].length;
      byId.set(id, [...(byId.get(id) ?? []), { s: start, e: start + [...token].length - 1 }]);
    }
    const isNumeric = this.#quirks.has('numeric_emote_ids');
    return [...byId].map(([id, positions]) => ({ emote_id: isNumeric ? Number(id) : id, positions }));
  }

  #monthFrom(at: Date): Body {
    const end = new Date(at);
    end.setUTCMonth(end.getUTCMonth() + 1);
    return { created_at: this.#time(at), expires_at: this.#time(end) };
  }

  #time(at: Date, offsetMinutes = 0): string {
    return rfc3339(at, this.#quirks.has('offset_times') ? ODD_OFFSET_MINUTES : offsetMinutes);
  }

  #extra(): Body {
    return this.#quirks.has('extra_fields') ? { added_tomorrow: randomBytes(4).toString('hex') } : {};
  }

  #whole(body: Body): Body {
    return { ...body, ...this.#extra() };
  }
}
