/** What happens in a channel besides chat, each told as its event. */
import type { Person } from '../world/people.ts';
import type { Channel, Stream } from './channel.ts';
import type { EventName } from './events/catalogue.ts';
import type { Events } from './events/events.ts';
import type { Body, KicksFacts, RedemptionFacts } from './events/payloads.ts';
import type { KickState } from './state.ts';
import { ulid } from './ulid.ts';

export interface NewStream {
  startedAt?: Date | undefined;
  title?: string | undefined;
  offsetMinutes?: number | undefined;
  /** No event tells, as has been seen (docs/platforms/kick.md#livestreamstatusupdated). */
  quietly?: boolean | undefined;
}

export interface Ban {
  readonly moderator: Person;
  readonly reason: string;
  /** Absent for good. */
  readonly durationMs?: number | undefined;
}

export class Happenings {
  readonly #state: KickState;
  readonly #events: Events;

  constructor(state: KickState, events: Events) {
    this.#state = state;
    this.#events = events;
  }

  goLive(
    channel: Channel,
    { startedAt = this.#now(), title = 'A stream', offsetMinutes = 0, quietly }: NewStream,
  ): void {
    channel.stream = { startedAt, title, viewerCount: 12, offsetMinutes };
    if (!quietly) this.#tellStream(channel, channel.stream, null);
  }

  goOffline(channel: Channel, { quietly = false } = {}): void {
    const { stream } = channel;
    channel.stream = null;
    if (stream && !quietly) this.#tellStream(channel, stream, this.#now());
  }

  retitle(channel: Channel, title: string): void {
    if (channel.stream) channel.stream.title = title;
    this.#tell('livestream.metadata.updated', channel, this.#events.payloads().streamMetadata(channel, title));
  }

  follow(channel: Channel, follower: Person): void {
    channel.followers.add(follower.id);
    this.#tell('channel.followed', channel, this.#events.payloads().followed(channel, follower));
  }

  /** @param months 1 for somebody new */
  subscribe(channel: Channel, subscriber: Person, months: number): void {
    const name = months > 1 ? 'channel.subscription.renewal' : 'channel.subscription.new';
    this.#tell(name, channel, this.#events.payloads().subscribed(channel, subscriber, months, this.#now()));
  }

  /** @param gifter null for somebody who wants no thanks */
  gift(channel: Channel, gifter: Person | null, giftees: readonly Person[]): void {
    const body = this.#events.payloads().gifted(channel, gifter, giftees, this.#now());
    this.#tell('channel.subscription.gifts', channel, body);
  }

  /** Sends a redemption. Its decision is sent with the same id and another status. */
  redeem(channel: Channel, redeemer: Person, given: Partial<RedemptionFacts> = {}): string {
    const now = this.#now();
    const { id = ulid(now), input = '', status = 'pending', redeemedAt = now } = given;
    const { reward = { id: ulid(now), title: 'Hydrate', cost: 100 } } = given;
    const body = this.#events.payloads().redeemed(channel, redeemer, { id, reward, input, status, redeemedAt });
    this.#tell('channel.reward.redemption.updated', channel, body);
    return id;
  }

  sendKicks(channel: Channel, sender: Person, facts: KicksFacts): void {
    this.#tell('kicks.gifted', channel, this.#events.payloads().kicks(channel, sender, facts, this.#now()));
  }

  ban(channel: Channel, person: Person, { moderator, reason, durationMs }: Ban): void {
    const at = this.#now();
    const until = durationMs === undefined ? null : new Date(at.getTime() + durationMs);
    channel.ban(person.id, until?.getTime() ?? Number.POSITIVE_INFINITY);
    const body = this.#events.payloads().banned(channel, moderator, person, reason, at, until);
    this.#tell('moderation.banned', channel, body);
  }

  #tellStream(channel: Channel, stream: Stream, endedAt: Date | null): void {
    this.#tell('livestream.status.updated', channel, this.#events.payloads().streamStatus(channel, stream, endedAt));
  }

  #tell(name: EventName, channel: Channel, body: Body): void {
    this.#events.publish(name, channel, body);
  }

  #now(): Date {
    return this.#state.clock.now();
  }
}
