/** One channel: its stream, who is what in it, and the names its events go by. */
import { randomUUID } from 'node:crypto';
import type { Person } from '../world/people.ts';

/** Keys of `web_socket_channels` (docs/platforms/vkvideo.md#channel-names). */
export const CHANNEL_KEYS = [
  'chat',
  'private_chat',
  'info',
  'private_info',
  'channel_points',
  'private_channel_points',
  'limited_chat',
  'limited_private_chat',
] as const;
export type ChannelKey = (typeof CHANNEL_KEYS)[number];

export interface Stream {
  readonly id: string;
  title: string;
  readonly startedAt: Date;
  endedAt: Date | null;
  viewers: number;
}

export interface ChannelRole {
  readonly id: string;
  readonly name: string;
}

/** Where a person stands in the channel; everybody else is a plain viewer. */
export interface Standing {
  isModerator: boolean;
  isSubscriber: boolean;
  isBanned: boolean;
  isFollower: boolean;
  readonly roleIds: Set<string>;
}

/** Timeouts are seconds, and hold beside the platform's own limits. */
export interface ChatSettings {
  allow_access: 'all' | 'followers';
  allow_access_after: number;
  any_message_timeout: number;
  same_message_timeout: number;
  follow_alert: boolean;
  subscription_alert: boolean;
}

export class Channel {
  readonly id: string;
  slug: string;
  readonly owner: Person;
  /** The running stream, or the last one with its end; null when there never was one. */
  stream: Stream | null = null;
  readonly roles: ChannelRole[] = [];
  readonly members = new Map<string, Person>();
  readonly settings: ChatSettings = {
    allow_access: 'all',
    allow_access_after: 0,
    any_message_timeout: 0,
    same_message_timeout: 0,
    follow_alert: false,
    subscription_alert: false,
  };
  /** Who is given a token for the limited chat. */
  limitedReaders: 'everyone' | 'nobody' | ReadonlySet<string> = 'everyone';
  /** Whether only readers of the limited chat see messages. */
  isLimited = false;
  readonly #standings = new Map<string, Standing>();
  /** Grows when VK gives the pub/sub channels other names. */
  #generation = 0;

  constructor(id: string, slug: string, owner: Person) {
    this.id = id;
    this.slug = slug;
    this.owner = owner;
  }

  get url(): string {
    return `https://live.vkvideo.ru/${this.slug}`;
  }

  get isLive(): boolean {
    return this.stream !== null && this.stream.endedAt === null;
  }

  begin(startedAt: Date, title: string): Stream {
    this.stream = { id: randomUUID(), title, startedAt, endedAt: null, viewers: 3 };
    return this.stream;
  }

  end(at: Date): void {
    if (this.stream) this.stream.endedAt ??= at;
  }

  standing(personId: string): Standing {
    const known = this.#standings.get(personId);
    if (known) return known;
    const plain: Standing = {
      isModerator: false,
      isSubscriber: false,
      isBanned: false,
      isFollower: false,
      roleIds: new Set(),
    };
    this.#standings.set(personId, plain);
    return plain;
  }

  addRole(name: string): ChannelRole {
    const role = { id: randomUUID(), name };
    this.roles.push(role);
    return role;
  }

  rolesOf(personId: string): ChannelRole[] {
    const { roleIds } = this.standing(personId);
    return this.roles.filter(({ id }) => roleIds.has(id));
  }

  mayReadLimited(personId: string): boolean {
    if (personId === this.owner.id || this.limitedReaders === 'everyone') return true;
    return this.limitedReaders !== 'nobody' && this.limitedReaders.has(personId);
  }

  /** Subscriptions to the old names stay, and hear nothing any more. */
  renameSockets(): void {
    this.#generation += 1;
  }

  /** @param readerId whose private channel is meant; null has none */
  socketName(key: ChannelKey, readerId: string | null): string {
    const isPrivate = key.includes('private');
    if (isPrivate && readerId === null) return '';
    const kind = key.startsWith('limited') ? '$api-channel-limited-chat' : `api-channel-${KINDS[key]}`;
    const renamed = this.#generation === 0 ? '' : `r${this.#generation}`;
    return `${kind}:${this.id}${renamed}${isPrivate ? `#${readerId}` : ''}`;
  }

  socketNames(readerId: string | null): Record<ChannelKey, string> {
    const names = CHANNEL_KEYS.map((key) => [key, this.socketName(key, readerId)]);
    return Object.fromEntries(names) as Record<ChannelKey, string>;
  }
}

const KINDS: Readonly<Record<ChannelKey, string>> = {
  chat: 'chat',
  private_chat: 'chat',
  info: 'info',
  private_info: 'info',
  channel_points: 'points',
  private_channel_points: 'points',
  limited_chat: 'chat',
  limited_private_chat: 'chat',
};
