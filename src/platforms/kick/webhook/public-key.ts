/** Kick's signing key: fetched once for everybody, kept while it can be, fetched anew when it seems to have changed (docs/platforms/kick.md#signature). */
import type { CommonDeps } from '../../platform.ts';
import type { KickApi } from '../api/client.ts';
import { publicKeyAnswer } from '../api/kick.external.ts';
import { readPublicKey, type VerifyingKey } from './signature.ts';

export interface KeyRing {
  /** Null while none could ever be had. Must not throw. */
  current(): Promise<VerifyingKey | null>;
  /** After `failed` did not verify: another key, if Kick has one by now and was not asked just before. */
  insteadOf(failed: VerifyingKey): Promise<VerifyingKey | null>;
}

interface KeyDeps extends Pick<CommonDeps, 'clock' | 'log'> {
  readonly api: Pick<KickApi, 'asNobody'>;
  /** Of the operator, in the place of Kick's. */
  readonly given: VerifyingKey | null;
  readonly lifeMs: number;
}

/** Whoever sends nonsense must not make us ask Kick for it. */
const FORCED_EVERY_MS = 60_000;
const AFTER_FAILURE_MS = 1000;
/** Kick waits for our answer meanwhile. */
const FETCH_DEADLINE_MS = 3000;

export function createKeyRing({ api, clock, log, given, lifeMs }: KeyDeps): KeyRing {
  if (given !== null) return { current: async () => given, insteadOf: async () => null };
  let kept: { key: VerifyingKey; text: string; untilMs: number } | null = null;
  let running: Promise<boolean> | null = null;
  let restsUntilMs = Number.NEGATIVE_INFINITY;
  let notForcedBeforeMs = Number.NEGATIVE_INFINITY;
  let isFailing = false;

  /** @returns whether Kick told a key */
  const fetchKey = async (): Promise<boolean> => {
    try {
      const answer = await api.asNobody({ path: '/public-key', timeoutMs: FETCH_DEADLINE_MS });
      const text = publicKeyAnswer.parse(answer).data.public_key;
      const key = readPublicKey(text);
      if (key === null) throw new Error('Kick returned an invalid signing key');
      // The same key stays the same object: a signature that failed with it need not be tried again.
      kept = { key: kept?.text === text ? kept.key : key, text, untilMs: clock.monotonicMs() + lifeMs };
      isFailing = false;
      return true;
    } catch (error) {
      restsUntilMs = clock.monotonicMs() + AFTER_FAILURE_MS;
      if (!isFailing) log.warn('kick.webhook.public_key_fetch_failed', { hasKey: kept !== null, error });
      isFailing = true;
      return false;
    }
  };
  const fetchOnce = (): Promise<boolean> => {
    if (running === null && clock.monotonicMs() < restsUntilMs) return Promise.resolve(false);
    running ??= fetchKey().finally(() => {
      running = null;
    });
    return running;
  };

  return {
    async current() {
      if (kept === null) await fetchOnce();
      // A key that is old is used while a newer one is asked for: nobody waits, and an outage costs nothing.
      else if (clock.monotonicMs() >= kept.untilMs) void fetchOnce();
      return kept?.key ?? null;
    },
    async insteadOf(failed) {
      // Somebody else's failure may have brought the new one already.
      if (kept !== null && kept.key !== failed) return kept.key;
      if (running === null) {
        if (clock.monotonicMs() < notForcedBeforeMs) return null;
        notForcedBeforeMs = clock.monotonicMs() + FORCED_EVERY_MS;
      }
      // A key that could not be had may be had a moment later: only an answer is worth the long rest.
      if (!(await fetchOnce())) notForcedBeforeMs = restsUntilMs;
      return kept === null || kept.key === failed ? null : kept.key;
    },
  };
}
