/** What is known of channels: whether they broadcast, their stream, and where their events are published. */
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import { PlatformRefused } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import { Turnstile } from '../../lib/turnstile.ts';
import type { LiveFact, ReadChannel } from '../worker-side.ts';
import { type ChannelItem, channelAnswer, channelsAnswer, type SocketChannels } from './api.external.ts';
import type { Ask } from './api.ts';
import { channelUrl, isSameSlug } from './channel-url.ts';
import type { StableIds } from './stable-ids.ts';

export interface ChannelInfo {
  /** Of the channel that was asked about: a row may name another one by the time the answer is here. */
  readonly slug: string;
  /** `channel.status` alone decides: a stream object may have ended (docs/design.md#what-live-means). */
  readonly isLive: boolean;
  /** Of the running stream; null while there is none. */
  readonly streamId: string | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** Null before the reading account asked: what others see may differ (docs/platforms/vkvideo.md#channel-names). */
  readonly names: SocketChannels | null;
  readonly namesReadAtMs: number;
  readonly readAtMs: number;
}

export interface DirectoryDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly ask: Ask;
  readonly stableIds: Pick<StableIds, 'of' | 'learned' | 'keep'>;
  readonly changed: (channelId: ChannelId, info: ChannelInfo, before: ChannelInfo | undefined) => void;
  /** The channel does not go by this name any more: nobody does, or another channel. */
  readonly lost: (channelId: ChannelId, slug: string, error: unknown) => void;
}

/** Most channels VK takes in one question (docs/platforms/vkvideo.md#common-rules). */
const BATCH = 100;
const SINGLE_AT_ONCE = 4;
const NAMES_LIFE_MS = 60 * 60_000;
export const NO_NAMES: SocketChannels = { chat: null, limited_chat: null, info: null, channel_points: null };

interface Asked {
  readonly channel: ReadChannel;
  readonly slug: string;
}

export class Directory {
  readonly #deps: DirectoryDeps;
  readonly #known = new Map<ChannelId, ChannelInfo>();
  /** Slugs that VK knows by their full URL only; the shorter form is tried first (docs/platforms/vkvideo.md#common-rules). */
  readonly #fullForm = new Set<string>();
  readonly #single = new Turnstile(SINGLE_AT_ONCE);

  constructor(deps: DirectoryDeps) {
    this.#deps = deps;
  }

  /** What is known under the name that the row has now. */
  get(channel: ReadChannel): ChannelInfo | undefined {
    const slug = slugOf(channel);
    return slug === null ? undefined : this.#knownAs({ channel, slug });
  }

  #knownAs({ channel, slug }: Asked): ChannelInfo | undefined {
    const info = this.#known.get(channel.channelId);
    return info && isSameSlug(info.slug, slug) ? info : undefined;
  }

  /** After the platform refused what is known: the next who asks gets it from the platform. */
  outdated(channelId: ChannelId): void {
    const info = this.#known.get(channelId);
    if (info) this.#known.set(channelId, { ...info, readAtMs: Number.NEGATIVE_INFINITY });
  }

  keep(held: ReadonlySet<ChannelId>): void {
    for (const channelId of this.#known.keys()) if (!held.has(channelId)) this.#known.delete(channelId);
    this.#deps.stableIds.keep(held);
  }

  /** VK's id of the channel, once it was seen under the name that the row has now. */
  stableIdOf(channel: ReadChannel): string | null {
    const slug = slugOf(channel);
    return slug === null ? null : this.#deps.stableIds.of(channel, slug);
  }

  /** The id of whoever has the name now; null for nobody. @throws PlatformRefused, PlatformUnreachable */
  async stableIdAt(slug: string): Promise<string | null> {
    try {
      const { channel } = await this.#single.run(() => this.#askSingle(slug, this.#deps.ask));
      return channel.id ?? null;
    } catch (error) {
      if (isUnknown(error)) return null;
      throw error;
    }
  }

  /** Asks about all of them, a hundred at once. @returns why nothing was learned, for those of whom nothing was */
  async refresh(channels: readonly ReadChannel[]): Promise<ReadonlyMap<ChannelId, unknown>> {
    const failures = new Map<ChannelId, unknown>();
    const asked = channels.flatMap((channel) => {
      const slug = slugOf(channel);
      return slug === null ? [] : [{ channel, slug }];
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
    const asked = { channel, slug };
    const known = this.#knownAs(asked);
    if (known && this.#deps.clock.monotonicMs() - known.readAtMs < maxAgeMs) return known;
    try {
      return await this.#ask(asked, asOther);
    } catch (error) {
      this.#noteLoss(asked, error);
      throw error;
    }
  }

  async #refreshBatch(batch: readonly Asked[], failures: Map<ChannelId, unknown>): Promise<void> {
    const urls = batch.map(({ slug }) => ({ url: this.#formOf(slug) }));
    let items: readonly ChannelItem[] = [];
    try {
      items = await this.#deps.ask({ method: 'POST', path: '/v1/channels', body: { channels: urls } }, channelsAnswer);
    } catch (error) {
      // One unknown name may spoil the question for all; an outage or a dead grant would for each of them.
      if (!(error instanceof PlatformRefused) || error.status === undefined || error.status === 403) {
        for (const { channel } of batch) failures.set(channel.channelId, error);
        return;
      }
    }
    const bySlug = new Map(items.map((item) => [channelUrl(item.channel.url ?? '')?.slug.toLowerCase(), item]));
    await Promise.all(
      batch.map(async (asked) => {
        const item = bySlug.get(asked.slug.toLowerCase());
        const isOther = item !== undefined && this.#isOther(asked, item);
        try {
          if (item && (isOther || !this.#lacksNames(asked, item))) this.#learn(asked, item);
          else await this.#single.run(() => this.#ask(asked));
        } catch (error) {
          if (item && !isOther) return void this.#learn(asked, item);
          failures.set(asked.channel.channelId, error);
          this.#noteLoss(asked, error);
        }
      }),
    );
  }

  /** Names go stale with every new stream, and in time (docs/platforms/vkvideo.md#pitfalls). */
  #lacksNames(asked: Asked, item: ChannelItem): boolean {
    if (item.channel.web_socket_channels) return false;
    const known = this.#knownAs(asked);
    if (!known?.names || Object.values(known.names).every((name) => name === null)) return true;
    const isOtherStream = isLive(item) && (item.stream?.id ?? null) !== known.streamId;
    return isOtherStream || this.#deps.clock.monotonicMs() - known.namesReadAtMs >= NAMES_LIFE_MS;
  }

  async #ask(asked: Asked, asOther?: Ask): Promise<ChannelInfo> {
    const item = await this.#askSingle(asked.slug, asOther ?? this.#deps.ask);
    return this.#learn(asked, item, asOther === undefined);
  }

  #noteLoss({ channel, slug }: Asked, error: unknown): void {
    if (isUnknown(error)) this.#deps.lost(channel.channelId, slug, error);
  }

  /** Whether another channel has taken the name. */
  #isOther({ channel, slug }: Asked, item: ChannelItem): boolean {
    const [expected, id] = [this.#deps.stableIds.of(channel, slug), item.channel.id ?? null];
    return expected !== null && id !== null && id !== expected;
  }

  async #askSingle(slug: string, ask: Ask): Promise<ChannelItem> {
    const read = () => ask({ path: '/v1/channel', query: { channel_url: this.#formOf(slug) } }, channelAnswer);
    try {
      return await read();
    } catch (error) {
      if (!isUnknown(error)) throw error;
      this.#swapForm(slug);
      return read().catch((again: unknown) => {
        this.#swapForm(slug);
        throw again;
      });
    }
  }

  /** The value of `channel_url`: for some channels VK expects the whole URL in the place of the slug. */
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
    const { channel, slug } = asked;
    const { channelId } = channel;
    if (this.#isOther(asked, item)) {
      throw new PlatformRefused('the name is another channel now', { status: 404, code: 'channel_not_found' });
    }
    const id = item.channel.id ?? null;
    if (id !== null && this.#deps.stableIds.of(channel, slug) === null) this.#deps.stableIds.learned(channel, slug, id);
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

/** Nobody goes by the name, or another channel does. */
export function isUnknown(error: unknown): boolean {
  return error instanceof PlatformRefused && error.status === 404;
}

function isLive({ channel }: ChannelItem): boolean {
  return channel.status === 'online';
}
