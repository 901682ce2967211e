/** Asks Trovo which channels broadcast: at start, after each connect, and now and then (docs/platforms/trovo.md#rest-endpoints, docs/platforms/trovo.md#reconnect-rules). */
import type { ChannelId } from '../../lib/brand.ts';
import { PlatformUnreachable } from '../../lib/errors.ts';
import { Turnstile } from '../../lib/turnstile.ts';
import type { CommonDeps } from '../platform.ts';
import type { LiveFact, LiveStatus, ReadChannel } from '../worker-side.ts';
import type { Rest } from './rest/client.ts';
import { channelAnswer } from './rest/rest.external.ts';

/** Of the 1200 calls a minute that the whole application has (docs/platforms/trovo.md#errors-and-limits). */
const CHANNELS_PER_ROUND = 300;
const QUESTIONS_AT_ONCE = 8;

export interface TrovoLiveStatus extends LiveStatus {
  /** To be asked about in the next round: an event may have been missed. */
  ask(channelId: ChannelId): void;
}

interface LiveStatusDeps extends Pick<CommonDeps, 'clock' | 'log'> {
  readonly rest: Rest;
  readonly url: string;
  readonly isLive: (channelId: ChannelId) => void;
}

/** Each channel is a question of its own; with many, those not asked about for longest come first. */
export function createLiveStatus({ rest, url, clock, log, isLive }: LiveStatusDeps): TrovoLiveStatus {
  const askedAtMs = new Map<ChannelId, number>();
  let failedBefore = 0;
  const age = ({ channelId }: ReadChannel) => askedAtMs.get(channelId) ?? Number.NEGATIVE_INFINITY;

  return {
    ask: (channelId) => void askedAtMs.delete(channelId),
    async poll(channels) {
      forget(askedAtMs, channels);
      const due = [...channels].sort((one, other) => age(one) - age(other)).slice(0, CHANNELS_PER_ROUND);
      const facts = new Map<ChannelId, LiveFact>();
      const failures: unknown[] = [];
      const turnstile = new Turnstile(QUESTIONS_AT_ONCE);
      const askAbout = async ({ channelId, target }: ReadChannel) => {
        const before = askedAtMs.get(channelId);
        // Before the question: a connect while it runs asks for another.
        askedAtMs.set(channelId, clock.monotonicMs());
        try {
          const json = await rest.ask({ url, body: { channel_id: target } });
          const fact = factOf(channelAnswer.parse(json), clock.now());
          facts.set(channelId, fact);
          if (fact.isLive) isLive(channelId);
        } catch (error) {
          failures.push(error);
          // Not answered is not asked: it keeps its place in front.
          if (!(error instanceof PlatformUnreachable)) return;
          if (before === undefined) askedAtMs.delete(channelId);
          else if (askedAtMs.has(channelId)) askedAtMs.set(channelId, before);
        }
      };
      await Promise.all(due.map((channel) => turnstile.run(() => askAbout(channel))));
      // One line for all, and none for what fails as it did before: hundreds of questions, and one outage.
      if (failures.length > 0 && failures.length !== failedBefore) {
        log.warn('trovo_chatbot.live_poll_failed', { channels: failures.length, error: failures[0] });
      }
      failedBefore = failures.length;
      return facts;
    },
  };
}

function forget(askedAtMs: Map<ChannelId, number>, channels: readonly ReadChannel[]): void {
  const served = new Set(channels.map(({ channelId }) => channelId));
  for (const channelId of askedAtMs.keys()) if (!served.has(channelId)) askedAtMs.delete(channelId);
}

type ChannelAnswer = ReturnType<typeof channelAnswer.parse>;

/** `started_at` stays when the stream is over, and `ended_at` is of the one before while the stream runs. */
function factOf({ is_live: isLive, started_at: startedAt, ended_at: endedAt }: ChannelAnswer, now: Date): LiveFact {
  if (isLive) return { isLive, at: startedAt ? new Date(startedAt * 1000) : now };
  const isOfTheLast = endedAt && endedAt >= (startedAt ?? 0);
  return { isLive, at: isOfTheLast ? new Date(endedAt * 1000) : now };
}
