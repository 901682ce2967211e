/** All that one simulated VK Video Live knows: its people, channels, grants, chat and pub/sub. */
import type { Clock } from '../../src/lib/clock.ts';
import { Grants } from '../world/grants.ts';
import { MessageLog } from '../world/messages.ts';
import { People, type Person, type PersonRef } from '../world/people.ts';
import { type Access, PubsubServer } from './centrifugo/server.ts';
import { CHANNEL_KEYS, Channel } from './channel.ts';
import { Chat } from './chat.ts';
import { Events } from './events.ts';
import type { PubsubTimes, VkVideoLimits } from './options.ts';
import { Rewards } from './rewards.ts';
import { SYSTEM_BOT } from './shapes.ts';

/** Which spelling of `channel_url` is understood (docs/platforms/vkvideo.md#common-rules). */
export type ChannelUrlForm = 'both' | 'slug' | 'url';

export interface VkVideoState {
  readonly clock: Clock;
  readonly people: People;
  readonly grants: Grants;
  readonly log: MessageLog;
  readonly limits: VkVideoLimits;
  readonly pubsub: PubsubServer;
  readonly events: Events;
  readonly chat: Chat;
  readonly rewards: Rewards;
  readonly channels: Channels;
  /** What the application registered. */
  redirectUri: string;
}

/** The application that a fresh simulator knows. */
export const APPLICATION = { id: 'simulatedvkclient', secret: 'simulatedvksecret000000000000000' };

const FIRST_PERSON_ID = 70_001;
const FIRST_CHANNEL_ID = 4242;
const DAY_SECONDS = 86_400;
const NAMESPACE = /^\$?api-channel-(chat|info|points|limited-chat):/;

export function createState(
  clock: Clock,
  limits: VkVideoLimits,
  times: PubsubTimes,
  redirectUri: string,
): VkVideoState {
  const log = new MessageLog();
  const people = new People(FIRST_PERSON_ID);
  const grants = new Grants(clock, {
    userTokenSeconds: DAY_SECONDS,
    appTokenSeconds: DAY_SECONDS,
    rotateRefreshTokens: true,
  });
  grants.addApplication(APPLICATION);
  const channels = new Channels();
  const pubsub = new PubsubServer(clock, times, (name) => channels.accessTo(name));
  const events = new Events(pubsub);
  const systemBot = people.add({ login: SYSTEM_BOT.toLowerCase(), displayName: SYSTEM_BOT });
  const chat = new Chat(clock, limits, log, people, events);
  const rewards = new Rewards(clock, chat, events, systemBot);
  return { clock, people, grants, log, limits, pubsub, events, chat, rewards, channels, redirectUri };
}

export class Channels {
  urlForm: ChannelUrlForm = 'both';
  readonly #byId = new Map<string, Channel>();
  readonly #bySlug = new Map<string, Channel>();

  /** @returns the channel that already has this slug, unchanged, or a new one */
  add(owner: Person, slug: string): Channel {
    const known = this.#bySlug.get(slug);
    if (known) return known;
    const channel = new Channel(String(FIRST_CHANNEL_ID + this.#byId.size), slug, owner);
    this.#byId.set(channel.id, channel);
    this.#bySlug.set(slug, channel);
    return channel;
  }

  /** The id stays; the slug before is free. Where events are published changes too: those names are VK's own affair. */
  rename(channel: Channel, slug: string): void {
    if (this.#bySlug.has(slug)) throw new Error(`${slug} is taken`);
    this.#bySlug.delete(channel.slug);
    channel.slug = slug;
    this.#bySlug.set(slug, channel);
    channel.renameSockets();
  }

  /** @throws when no channel has this slug */
  find(slug: string): Channel {
    const channel = this.#bySlug.get(slug);
    if (!channel) throw new Error(`there is no channel ${slug}`);
    return channel;
  }

  /** @param channelUrl a slug or a full address, as `channel_url` carries it */
  byUrl(channelUrl: string): Channel | undefined {
    const isUrl = /^https?:\/\//.test(channelUrl);
    if (this.urlForm !== 'both' && isUrl !== (this.urlForm === 'url')) return undefined;
    const slug = isUrl ? /^https?:\/\/live\.vkvideo\.ru\/([^/?#]+)\/?$/.exec(channelUrl)?.[1] : channelUrl;
    return slug === undefined ? undefined : this.#bySlug.get(slug);
  }

  byStream(streamId: string): Channel | undefined {
    return this.all().find(({ stream }) => stream?.id === streamId);
  }

  ownedBy(person: PersonRef & object): Channel[] {
    return this.all().filter(({ owner }) => owner === person);
  }

  all(): Channel[] {
    return [...this.#byId.values()];
  }

  accessTo(name: string): Access {
    if (!NAMESPACE.test(name)) return 'unknown namespace';
    const [, reader = null] = name.split('#');
    if (!this.publishing(name, reader)) return 'nobody';
    return name.startsWith('$') ? 'by token' : 'everybody';
  }

  /** @returns whose events go by this name, as the reader sees it; former names are nobody's */
  publishing(name: string, readerId: string | null): Channel | undefined {
    const channel = this.#byId.get(/:(\d+)/.exec(name)?.[1] ?? '');
    return channel && CHANNEL_KEYS.some((key) => channel.socketName(key, readerId) === name) ? channel : undefined;
  }
}
