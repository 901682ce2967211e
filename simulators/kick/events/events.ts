/** Everything that happens, told to the subscriptions that asked for it. */
import type { Channel } from '../channel.ts';
import { type KickState, slugOf } from '../state.ts';
import { ulid } from '../ulid.ts';
import type { EventName } from './catalogue.ts';
import type { Deliveries } from './deliveries.ts';
import { type Body, Payloads } from './payloads.ts';
import type { Quirk } from './quirks.ts';
import type { Subscriptions } from './subscriptions.ts';

export class Events {
  readonly #state: KickState;
  readonly #subscriptions: Subscriptions;
  readonly #deliveries: Deliveries;

  constructor(state: KickState, subscriptions: Subscriptions, deliveries: Deliveries) {
    this.#state = state;
    this.#subscriptions = subscriptions;
    this.#deliveries = deliveries;
  }

  /** Builders with the quirks that are switched on, and these. */
  payloads(more: readonly Quirk[] = []): Payloads {
    return new Payloads((person) => slugOf(this.#state, person), [...this.#state.quirks, ...more]);
  }

  /** One delivery for each subscription. */
  publish(type: EventName, channel: Channel, body: Body, at = this.#state.clock.now()): void {
    const bytes = Buffer.from(JSON.stringify(body));
    for (const { id } of this.#subscriptions.of(channel.id, type)) {
      const about = { channelId: channel.id, subscriptionId: id, type, version: '1', at };
      this.#deliveries.enqueue({ ...about, body: bytes });
    }
  }

  /** A delivery nobody subscribed to: types, versions and bodies of tomorrow, or nonsense. A text goes out as it is. */
  emit(channelId: string, type: string, version: string, body: unknown): void {
    const at = this.#state.clock.now();
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    this.#deliveries.enqueue({ channelId, subscriptionId: ulid(at), type, version, at, body: bytes });
  }
}
