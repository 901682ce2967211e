/** How each channel's bot is, in the database for whoever asks why it is silent. Idle channels write nothing. */
import type pg from 'pg';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import { storedReason } from '../../platforms/causes/reasons.ts';
import type { ReaderState } from '../../platforms/worker-side.ts';

interface ChannelHealthDeps {
  readonly pg: pg.Pool;
  readonly provider: ProviderId;
  readonly clock: Clock;
  readonly startNumber: () => number | null;
}

/** As it is stored. */
interface Known {
  readonly kind: ReaderState['kind'];
  readonly reason: string | null;
  readonly since: Date;
}

const GATHER_MS = 200;
const RETRY_MS = 5000;
/** How often the time of the last line is written, for all channels in one statement. */
const HEARD_EVERY_MS = 10_000;

export class ChannelHealth {
  readonly #deps: ChannelHealthDeps;
  /** What the reader says. */
  readonly #readers = new Map<ChannelId, ReaderState>();
  /** Channels that nobody can speak in, and what is told of them. */
  readonly #mute = new Map<ChannelId, ReaderState>();
  /** What comes of both. */
  readonly #states = new Map<ChannelId, Known>();
  #unwritten = new Set<ChannelId>();
  #hearing = 0;
  #deafSinceMs: number | null = null;
  #timer: Timer | null = null;
  #isWriting = false;
  /** When each channel was heard last, as far as that is not written yet. */
  #heardAtMs = new Map<ChannelId, number>();
  #heardTimer: Timer | null = null;

  constructor(deps: ChannelHealthDeps) {
    this.#deps = deps;
  }

  state(channelId: ChannelId, state: ReaderState): void {
    const before = this.#readers.get(channelId);
    this.#readers.set(channelId, state);
    this.#count(before, state);
    this.#combine(channelId, state);
  }

  /** Nobody can speak there, or (null) somebody can again: told of a channel that is otherwise well. */
  voice(channelId: ChannelId, lacking: ReaderState | null): void {
    if (lacking === null) this.#mute.delete(channelId);
    else this.#mute.set(channelId, lacking);
    const state = this.#readers.get(channelId);
    if (state) this.#combine(channelId, state);
  }

  /** A line was read there. Called for every line. */
  heard(channelId: ChannelId): void {
    this.#heardAtMs.set(channelId, this.#deps.clock.monotonicMs());
    this.#heardTimer ??= this.#deps.clock.setTimer(HEARD_EVERY_MS, () => void this.#writeHeard(), { unref: true });
  }

  get muteChannels(): readonly ChannelId[] {
    return [...this.#mute.keys()];
  }

  /** How many channels are in each state. */
  counts(): ReadonlyMap<ReaderState['kind'], number> {
    const counts = new Map<ReaderState['kind'], number>();
    for (const { kind } of this.#states.values()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return counts;
  }

  /** Forgets the channels that are served no more. */
  keep(held: ReadonlyMap<ChannelId, unknown>): void {
    for (const channelId of this.#mute.keys()) if (!held.has(channelId)) this.#mute.delete(channelId);
    for (const [channelId, state] of this.#readers) {
      if (held.has(channelId)) continue;
      this.#readers.delete(channelId);
      this.#states.delete(channelId);
      this.#count(state, undefined);
    }
  }

  /** How long no channel at all has been heard; 0 while one is, and without channels. */
  get deafMs(): number {
    return this.#deafSinceMs === null ? 0 : this.#deps.clock.monotonicMs() - this.#deafSinceMs;
  }

  /** Writes what is unwritten. A failure is tried again later: the state itself is not lost. */
  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    const startNumber = this.#deps.startNumber();
    if (this.#isWriting || this.#unwritten.size === 0) return;
    if (startNumber === null) return this.#plan(RETRY_MS);
    this.#isWriting = true;
    const channelIds = [...this.#unwritten];
    this.#unwritten = new Set();
    try {
      await this.#write(startNumber, channelIds);
      if (this.#unwritten.size > 0) this.#plan(GATHER_MS);
    } catch {
      // Every other statement reports the outage.
      for (const channelId of channelIds) this.#unwritten.add(channelId);
      this.#plan(RETRY_MS);
    }
    this.#isWriting = false;
  }

  #combine(channelId: ChannelId, reader: ReaderState): void {
    const lacking = this.#mute.get(channelId);
    const isMute = lacking !== undefined && isHeard(reader);
    const { kind, reason: code, detail }: ReaderState = isMute ? lacking : reader;
    const reason = code && storedReason({ reason: code, ...(detail === undefined ? {} : { detail }) });
    const known = this.#states.get(channelId);
    if (known?.kind === kind && known.reason === reason) return;
    this.#states.set(channelId, { kind, reason, since: this.#deps.clock.now() });
    this.#unwritten.add(channelId);
    this.#plan(GATHER_MS);
  }

  #count(before: ReaderState | undefined, after: ReaderState | undefined): void {
    this.#hearing += Number(isHeard(after)) - Number(isHeard(before));
    if (this.#hearing > 0 || this.#readers.size === 0) this.#deafSinceMs = null;
    else this.#deafSinceMs ??= this.#deps.clock.monotonicMs();
  }

  #plan(delayMs: number): void {
    this.#timer ??= this.#deps.clock.setTimer(delayMs, () => void this.flush(), { unref: true });
  }

  /** A time that cannot be written is given up: the next line of the channel brings a newer one. */
  async #writeHeard(): Promise<void> {
    this.#heardTimer = null;
    const startNumber = this.#deps.startNumber();
    const heard = [...this.#heardAtMs];
    this.#heardAtMs = new Map();
    if (startNumber === null) return;
    const { pg, provider, clock } = this.#deps;
    const nowMs = clock.monotonicMs();
    const ages = heard.map(([, atMs]) => (nowMs - atMs) / 1000);
    const values = [provider, startNumber, heard.map(([channelId]) => channelId), ages];
    // Every other statement reports an outage.
    await pg.query({ name: 'channels heard', text: HEARD, values }).catch(() => {});
  }

  async #write(startNumber: number, channelIds: readonly ChannelId[]): Promise<void> {
    const { pg, provider } = this.#deps;
    const rows = channelIds.flatMap((channelId) => {
      const known = this.#states.get(channelId);
      return known === undefined ? [] : [{ channelId, ...known }];
    });
    await pg.query({
      name: 'channel health',
      text: WRITE,
      values: [
        provider,
        startNumber,
        rows.map(({ channelId }) => channelId),
        rows.map(({ kind }) => kind),
        rows.map(({ reason }) => reason),
        rows.map(({ since }) => since),
      ],
    });
  }
}

function isHeard(state: ReaderState | undefined): boolean {
  return state?.kind === 'live' || state?.kind === 'idle';
}

// Only the holder of a channel's lease says how the channel is. The lock makes a take-over wait for this row, and makes
// this statement look again at a lease that changed since it began: it may have waited for another channel's row.
const WRITE = `
  insert into "BotChannelHealth" (provider, "channelId", state, reason, since, "startNumber")
  select $1, s.id, s.state, s.reason, s.since, $2
  from unnest($3::text[], $4::text[], $5::text[], $6::timestamp[]) as s (id, state, reason, since)
  join "BotChannelLease" lease on lease.provider = $1 and lease."channelId" = s.id and lease."startNumber" = $2
  order by s.id for share of lease
  on conflict (provider, "channelId") do update set
    state = excluded.state, reason = excluded.reason, since = excluded.since, "startNumber" = excluded."startNumber"`;

// By the clock of the database, as every time of this table. A row is there before a line is: the state comes first.
const HEARD = `
  update "BotChannelHealth" health
  set "lastLineAt" = timezone('utc', now()) - make_interval(secs => heard.age)
  from unnest($3::text[], $4::float8[]) as heard (id, age)
  where health.provider = $1 and health."channelId" = heard.id and health."startNumber" = $2`;
