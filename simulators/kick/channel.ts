/** One streamer's channel: who is who in it, what is allowed, what was said. */
import type { Person } from '../world/people.ts';

export interface Badge {
  readonly text: string;
  readonly type: string;
  readonly count?: number | undefined;
}

export interface ChatModes {
  followersOnly: boolean;
  subscribersOnly: boolean;
  /** 0 is off. */
  slowSeconds: number;
}

export interface Stream {
  readonly startedAt: Date;
  title: string;
  viewerCount: number;
  /** East of UTC, in which the start is told. */
  readonly offsetMinutes: number;
}

export interface Line {
  readonly id: string;
  readonly author: Person;
  readonly text: string;
  /** As `chat.message.sent` carries it. */
  readonly body: Record<string, unknown>;
  /** Counts up over the whole simulator: the cursor of the polling source. */
  readonly number: number;
}

const KEPT_LINES = 1000;

export class Channel {
  readonly owner: Person;
  modes: ChatModes = { followersOnly: false, subscribersOnly: false, slowSeconds: 0 };
  stream: Stream | null = null;
  readonly followers = new Set<string>();
  readonly #badges = new Map<string, readonly Badge[]>();
  /** By person; until when in milliseconds since 1970, infinity for good. */
  readonly #bans = new Map<string, number>();
  readonly #lastSpokeMs = new Map<string, number>();
  #lines: Line[] = [];

  constructor(owner: Person) {
    this.owner = owner;
  }

  get id(): string {
    return this.owner.id;
  }

  /** The streamer wears the broadcaster's badge unasked. */
  badgesOf(personId: string): readonly Badge[] {
    const own = this.#badges.get(personId) ?? [];
    return personId === this.id ? [{ text: 'Broadcaster', type: 'broadcaster' }, ...own] : own;
  }

  setBadges(personId: string, badges: readonly Badge[]): void {
    this.#badges.set(personId, badges);
  }

  isModerator(personId: string): boolean {
    return this.badgesOf(personId).some(({ type }) => type === 'broadcaster' || type === 'moderator');
  }

  ban(personId: string, untilMs: number): void {
    this.#bans.set(personId, untilMs);
  }

  unban(personId: string): boolean {
    return this.#bans.delete(personId);
  }

  /** Whether this person may write now, apart from anybody's rights to use the API. */
  admits(personId: string, nowMs: number): boolean {
    if ((this.#bans.get(personId) ?? 0) > nowMs) return false;
    if (this.isModerator(personId)) return true;
    if (this.modes.followersOnly && !this.followers.has(personId)) return false;
    if (this.modes.subscribersOnly && !this.badgesOf(personId).some(({ type }) => type === 'subscriber')) return false;
    const spokeMs = this.#lastSpokeMs.get(personId) ?? Number.NEGATIVE_INFINITY;
    return nowMs - spokeMs >= this.modes.slowSeconds * 1000;
  }

  add(line: Line, nowMs: number): void {
    this.#lastSpokeMs.set(line.author.id, nowMs);
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines = this.#lines.slice(KEPT_LINES / 2);
  }

  line(id: string): Line | undefined {
    return this.#lines.find((line) => line.id === id);
  }

  remove(id: string): void {
    this.#lines = this.#lines.filter((line) => line.id !== id);
  }

  lines(): readonly Line[] {
    return this.#lines;
  }
}
