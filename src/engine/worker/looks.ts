/** Has the reader compare what the platform delivers to a channel: when somebody asks, a stream begins, or a running one is silent (docs/diagnosis.md#proof-of-life). */
import type pg from 'pg';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import { PacedWishes } from '../../lib/paced-wishes.ts';
import type { ChatReader, ReadChannel } from '../../platforms/worker-side.ts';
import { LOOK_DISTANCE_MS } from '../diagnosis/ask-for-look.ts';

export interface LooksDeps {
  readonly pg: pg.Pool;
  readonly provider: ProviderId;
  readonly clock: Clock;
  readonly reader: ChatReader;
  readonly held: () => ReadonlyMap<ChannelId, ReadChannel>;
  readonly startNumber: () => number | null;
}

/** How often channels are asked for that are silent during a stream. */
const SILENCE_CHECK_MS = 60_000;
/** A chat without a line for this long is worth one look; it may simply be quiet. */
const SILENT_SECONDS = 180;

export class Looks {
  readonly #deps: LooksDeps;
  readonly #wishes: PacedWishes<ChannelId | null>;
  /** Channels whose present silence was looked at: one look for each. */
  #silent: ReadonlySet<ChannelId> = new Set();
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(deps: LooksDeps) {
    this.#deps = deps;
    const { clock } = deps;
    this.#wishes = new PacedWishes({
      clock,
      distanceMs: LOOK_DISTANCE_MS,
      fulfil: (channelId) => this.#look(channelId),
    });
    if (deps.reader.look !== undefined) this.#plan();
  }

  /** @param channelId null: every channel this worker holds */
  want(channelId: ChannelId | null): void {
    const { reader, held } = this.#deps;
    if (this.#isStopped || reader.look === undefined) return;
    if (channelId === null || held().has(channelId)) this.#wishes.want(channelId);
  }

  stop(): void {
    this.#isStopped = true;
    this.#wishes.stop();
    this.#timer?.cancel();
  }

  #look(channelId: ChannelId | null): void {
    const { reader, held } = this.#deps;
    const channel = channelId === null ? undefined : held().get(channelId);
    for (const each of channelId === null ? held().values() : channel === undefined ? [] : [channel]) {
      reader.look?.(each);
    }
  }

  #plan(): void {
    this.#timer = this.#deps.clock.setTimer(SILENCE_CHECK_MS, () => void this.#checkSilence(), { unref: true });
  }

  async #checkSilence(): Promise<void> {
    const { pg, provider, startNumber } = this.#deps;
    const ours = startNumber();
    // Every other statement reports an outage; until it is over nothing is known to be silent.
    const rows = ours === null ? null : await readSilent(pg, provider, ours).catch(() => null);
    if (this.#isStopped) return;
    if (rows !== null) {
      const before = this.#silent;
      this.#silent = new Set(rows);
      for (const channelId of rows) if (!before.has(channelId)) this.want(channelId);
    }
    this.#plan();
  }
}

async function readSilent(pool: pg.Pool, provider: ProviderId, startNumber: number): Promise<readonly ChannelId[]> {
  const { rows } = await pool.query<{ channelId: ChannelId }>({
    name: 'silent channels',
    text: SILENT,
    values: [provider, startNumber, SILENT_SECONDS],
  });
  return rows.map(({ channelId }) => channelId);
}

const SILENT = `
  select health."channelId"
  from "BotChannelHealth" health
  join "ChannelLiveState" live on live.provider = health.provider and live."channelId" = health."channelId"
  where health.provider = $1 and health."startNumber" = $2 and health.state = 'live' and live."isLive"
    and greatest(live.since, health.since, health."lastLineAt")
      < timezone('utc', now()) - make_interval(secs => $3::int)`;
