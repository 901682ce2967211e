/** One live chat: what was written in it, in order, and who may write. */
import type { Channel } from './channels.ts';
import type { Item } from './items.ts';
import { Refusal } from './refusal.ts';

export interface Page {
  readonly items: readonly Item[];
  /** Where whoever took this page goes on. */
  readonly next: number;
}

const KEPT_ITEMS = 20_000;

export class Chat {
  readonly id: string;
  readonly owner: Channel;
  state: 'open' | 'ended' | 'disabled' | 'deleted' = 'open';
  /** Set once the video has ended; the chat goes on for a while. */
  offlineAt: Date | null = null;
  slowSeconds = 0;
  isMembersOnly = false;
  isPrivate = false;
  activePoll: Item | null = null;
  /** By channel id; the end in milliseconds since 1970. */
  readonly bans = new Map<string, { id: string; untilMs: number }>();
  #items: Item[] = [];
  /** Position of the first item that is still kept. */
  #first = 0;
  readonly #listeners = new Set<() => void>();

  constructor(owner: Channel, videoId: string) {
    this.owner = owner;
    this.id = chatIdOf(owner.id, videoId);
  }

  append(item: Item): void {
    this.#items.push(item);
    if (this.#items.length > KEPT_ITEMS) {
      const dropped = this.#items.splice(0, KEPT_ITEMS / 2);
      this.#first += dropped.length;
    }
    this.changed();
  }

  /** Puts another item in the place of one; who has read past it does not see that. */
  replace(id: string, item: Item): void {
    this.#items = this.#items.map((each) => (each.id === id ? item : each));
  }

  find(id: string): Item | undefined {
    return this.#items.findLast((item) => item.id === id);
  }

  page(from: number, max: number): Page {
    const start = Math.max(0, from - this.#first);
    const items = this.#items.slice(start, start + max);
    return { items, next: this.#first + Math.min(start, this.#items.length) + items.length };
  }

  /** Where whoever is given this much history begins. */
  historyFrom(itemCount: number): number {
    return Math.max(this.#first, this.end - itemCount);
  }

  /** The position the next item will have. */
  get end(): number {
    return this.#first + this.#items.length;
  }

  /** @returns what ends the listening */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells whoever reads that there is something to see. */
  changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** @throws Refusal when the chat is not there for anybody */
  requireOpen(): void {
    if (this.state === 'deleted') throw new Refusal('liveChatNotFound', 'liveChatId');
    if (this.state === 'ended') throw new Refusal('liveChatEnded', 'liveChatId');
    if (this.state === 'disabled') throw new Refusal('liveChatDisabled', 'liveChatId');
  }

  isPrivileged(channel: Channel): boolean {
    return channel.id === this.owner.id || this.owner.moderators.has(channel.id);
  }
}

/** A small protobuf in base64url, as real ids are (docs/platforms/youtube.md#list-messages): {1: {1: video}, 5: {1: channel, 2: video}}. */
function chatIdOf(channelId: string, videoId: string): string {
  const video = field(1, Buffer.from(videoId));
  const both = Buffer.concat([field(1, Buffer.from(channelId)), field(2, Buffer.from(videoId))]);
  return Buffer.concat([field(1, video), field(5, both)]).toString('base64url');
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
}
