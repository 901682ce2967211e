/** What is known of channels: whether they broadcast, their stream, and where their events are published. */
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import { PlatformRefused } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import { Turnstile } from '../../lib/turnstile.ts';
import type { LiveFact, ReadChannel } from '../platform.ts';
import { type ChannelItem, channelAnswer, channelsAnswer, type SocketChannels } from './api.external.ts';
import type { Ask } from './api.ts';
import { channelUrl, isSameSlug } from './channel-url.ts';

export interface ChannelInfo {
  /** Of the channel that was asked about: a row may name another one by the time the answer is here. */
  readonly slug: string;
  /** `channel.status` alone decides: a stream object may have ended (design §9.10). */
  readonly isLive: boolean;
  /** Of the running stream; null while there is none. */
  readonly streamId: string | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** Null before the reading account asked: what others see may differ (sheet §3.2). */
  readonly names: SocketChannels | null;
  readonly namesReadAtMs: number;
  readonly readAtMs: number;
}

export interface DirectoryDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly ask: Ask;
  readonly changed: (channelId: ChannelId, info: ChannelInfo, before: ChannelInfo | undefined) => void;
}

/** Most channels VK takes in one question (sheet §2.1). */
const BATCH = 100;
const SINGLE_AT_ONCE = 4;
const NAMES_LIFE_MS = 60 * 60_000;
const NO_NAMES: SocketChannels = { chat: null, limited_chat: null, info: null, channel_points: null };

interface Asked {
  readonly channelId: ChannelId;
  readonly slug: string;
}

export class Directory {
  readonly #deps: DirectoryDeps;
  readonly #known = new Map<ChannelId, ChannelInfo>();
  /** Slugs that VK knows by their full URL only; the shorter form is tried first (sheet §2.1). */
  readonly #fullForm = new Set<string>();
  readonly #single = new Turnstile(SINGLE_AT_ONCE);

  constructor(deps: DirectoryDeps) {
    this.#deps = deps;
  }

  /** What is known under the name that the row has now. */
  get(channel: ReadChannel): ChannelInfo | undefined {
    const slug = slugOf(channel);
    return slug === null ? undefined : this.#knownAs({ channelId: channel.channelId, slug });
  }

  #knownAs({ channelId, slug }: Asked): ChannelInfo | undefined {
    const info = this.#known.get(channelId);
    return info && isSameSlug(info.slug, slug) ? info : undefined;
  }

  /** After the platform refused what is known: the next who asks gets it from the platform. */
  outdated(channelId: ChannelId): void {
    const info = this.#known.get(channelId);
    if (info) this.#known.set(channelId, { ...info, readAtMs: Number.NEGATIVE_INFINITY });
  }

  keep(held: ReadonlySet<ChannelId>): void {
    for (const channelId of this.#known.keys()) if (!held.has(channelId)) this.#known.delete(channelId);
  }

  /** Asks about all of them, a hundred at once. @returns why nothing was learned, for those of whom nothing was */
  async refresh(channels: readonly ReadChannel[]): Promise<ReadonlyMap<ChannelId, unknown>> {
    const failures = new Map<ChannelId, unknown>();
    const asked = channels.flatMap((channel) => {
      const slug = slugOf(channel);
      return slug === null ? [] : [{ channelId: channel.channelId, slug }];
    });
    for (let start = 0; start < asked.length; start += BATCH) {
      await this.#refreshBatch(asked.slice(start, start + BATCH), failures);
    }
    return failures;
  }

  /**
   * What is known and not older than `maxAgeMs`, else the platform's answer.
   *
   * @param asOther asks as an account that does not read
   * @throws PlatformRefused, PlatformUnreachable
   */
  async fresh(channel: ReadChannel, maxAgeMs: number, asOther?: Ask): Promise<ChannelInfo | null> {
    const slug = slugOf(channel);
    if (slug === null) return null;
    const asked = { channelId: channel.channelId, slug };
    const known = this.#knownAs(asked);
    if (known && this.#deps.clock.monotonicMs() - known.readAtMs < maxAgeMs) return known;
    const item = await this.#askSingle(slug, asOther ?? this.#deps.ask);
    return this.#learn(asked, item, asOther === undefined);
  }

  async #refreshBatch(batch: readonly Asked[], failures: Map<ChannelId, unknown>): Promise<void> {
    const urls = batch.map(({ slug }) => ({ url: this.#formOf(slug) }));
    let items: readonly ChannelItem[] = [];
    try {
      items = await this.#deps.ask({ method: 'POST', path: '/v1/channels', body: { channels: urls } }, channelsAnswer);
    } catch (error) {
      // One unknown name may spoil the question for all; an outage or a dead grant would for each of them.
      if (!(error instanceof PlatformRefused) || error.status === undefined || error.status === 403) {
        for (const { channelId } of batch) failures.set(channelId, error);
        return;
      }
    }
    const bySlug = new Map(items.map((item) => [channelUrl(item.channel.url ?? '')?.slug.toLowerCase(), item]));
    await Promise.all(
      batch.map(async (asked) => {
        const { channelId, slug } = asked;
        const item = bySlug.get(slug.toLowerCase());
        if (item && !this.#lacksNames(asked, item)) return void this.#learn(asked, item);
        try {
          this.#learn(asked, await this.#single.run(() => this.#askSingle(slug, this.#deps.ask)));
        } catch (error) {
          if (item) this.#learn(asked, item);
          else failures.set(channelId, error);
        }
      }),
    );
  }

  /** Names go stale with every new stream, and in time (sheet §6.2). */
  #lacksNames(asked: Asked, item: ChannelItem): boolean {
    if (item.channel.web_socket_channels) return false;
    const known = this.#knownAs(asked);
    if (!known?.names || Object.values(known.names).every((name) => name === null)) return true;
    const isOtherStream = isLive(item) && (item.stream?.id ?? null) !== known.streamId;
    return isOtherStream || this.#deps.clock.monotonicMs() - known.namesReadAtMs >= NAMES_LIFE_MS;
  }

  async #askSingle(slug: string, ask: Ask): Promise<ChannelItem> {
    const read = () => ask({ path: '/v1/channel', query: { channel_url: this.#formOf(slug) } }, channelAnswer);
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof PlatformRefused) || error.status !== 404) throw error;
      this.#swapForm(slug);
      return read().catch((again: unknown) => {
        this.#swapForm(slug);
        throw again;
      });
    }
  }

  /** As VK wants it in `channel_url`. */
  #formOf(slug: string): string {
    return this.#fullForm.has(slug) ? (channelUrl(slug)?.url ?? slug) : slug;
  }

  #swapForm(slug: string): void {
    if (!this.#fullForm.delete(slug)) this.#fullForm.add(slug);
  }

  /** For the other calls that name the channel. */
  channelParameter(channel: ReadChannel): string | null {
    const slug = slugOf(channel);
    return slug === null ? null : this.#formOf(slug);
  }

  #learn(asked: Asked, item: ChannelItem, isOurs = true): ChannelInfo {
    const { channelId, slug } = asked;
    const nowMs = this.#deps.clock.monotonicMs();
    const before = this.#knownAs(asked);
    const names = isOurs ? (item.channel.web_socket_channels ?? null) : null;
    const info: ChannelInfo = {
      slug,
      isLive: isLive(item),
      streamId: isLive(item) ? (item.stream?.id ?? null) : null,
      startedAt: item.stream?.started_at ?? null,
      endedAt: item.stream?.ended_at ?? null,
      names: names ?? before?.names ?? (isOurs ? NO_NAMES : null),
      namesReadAtMs: names === null ? (before?.namesReadAtMs ?? Number.NEGATIVE_INFINITY) : nowMs,
      readAtMs: nowMs,
    };
    this.#known.set(channelId, info);
    this.#deps.changed(channelId, info, before);
    return info;
  }
}

export function factOf({ isLive: live, startedAt, endedAt }: ChannelInfo, clock: Clock): LiveFact {
  return { isLive: live, at: (live ? startedAt : endedAt) ?? clock.now() };
}

/** @returns null while the channel's URL is unknown */
export function slugOf({ extra }: ReadChannel): string | null {
  const stored = extra.vkvideoChannelUrl?.trim();
  return stored ? (channelUrl(stored)?.slug ?? null) : null;
}

function isLive({ channel }: ChannelItem): boolean {
  return channel.status === 'online';
}
