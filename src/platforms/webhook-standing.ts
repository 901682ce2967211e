/** What one process has seen of a platform's deliveries: whether they still prove where they come from. */
import type { Clock } from '../lib/clock.ts';
import type { DeliveryAddress, Told } from './platform.ts';

/** Older refusals explain nothing about now. */
const REFUSAL_LIFE_MS = 10 * 60_000;

export class WebhookStanding {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'now'>;
  #deliveredAt: Date | null = null;
  #refusal: { readonly reason: string; readonly atMs: number } | null = null;

  constructor(clock: Pick<Clock, 'monotonicMs' | 'now'>) {
    this.#clock = clock;
  }

  /** A delivery that was signed as it should be: whoever else sends nonsense is no fault of ours. */
  genuine(): void {
    this.#refusal = null;
    this.#deliveredAt = this.#clock.now();
  }

  /** Only of deliveries that look like the platform's. */
  refused(reason: string): void {
    this.#refusal = { reason, atMs: this.#clock.monotonicMs() };
  }

  told(address: DeliveryAddress): readonly Told[] {
    const cause = address.isRight ? 'webhook_address_right' : 'webhook_address_wrong';
    const data = { url: address.url, deliveredAt: this.#deliveredAt?.toISOString() ?? null };
    return [{ check: 'webhook', cause, data }, ...this.#refusals()];
  }

  #refusals(): readonly Told[] {
    const refusal = this.#refusal;
    if (refusal === null || this.#clock.monotonicMs() - refusal.atMs > REFUSAL_LIFE_MS) return [];
    const { reason } = refusal;
    return reason === 'public_key_unavailable'
      ? [{ check: 'webhook', cause: 'webhook_key_unavailable', data: { reason } }]
      : [{ check: 'webhook', cause: 'webhook_signature_refused', data: { reason } }];
  }
}
