/** Which of VK's channels is meant: a name may go to another channel, the id stays. Kept in the subscription's row. */
import { sql } from 'kysely';
import type { Db } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import type { Timer } from '../../lib/clock.ts';
import type { CommonDeps } from '../platform.ts';
import type { ReadChannel } from '../worker-side.ts';
import { isSameSlug } from './channel-url.ts';

export interface StableIdsDeps extends Pick<CommonDeps, 'clock' | 'log'> {
  readonly db: Db;
}

interface Seen {
  readonly slug: string;
  readonly id: string;
  /** Address in the row when the id was seen. The id is not written to a row that names another channel by then. */
  readonly url: string;
}

/** Channels that are seen together are written together. */
const WRITE_AFTER_MS = 1_000;
const WRITE_AGAIN_MS = 60_000;

export class StableIds {
  readonly #deps: StableIdsDeps;
  readonly #seen = new Map<ChannelId, Seen>();
  readonly #unwritten = new Set<ChannelId>();
  #writing: ReadonlySet<ChannelId> = new Set();
  #timer: Timer | null = null;
  #isClosed = false;
  #isFailing = false;

  constructor(deps: StableIdsDeps) {
    this.#deps = deps;
  }

  /** @returns null while none of VK's answers told it */
  of({ channelId, extra }: ReadChannel, slug: string): string | null {
    const seen = this.#seen.get(channelId);
    return extra.vkvideoStableId || (seen && isSameSlug(seen.slug, slug) ? seen.id : null);
  }

  /** The channel was seen under this name for the first time. */
  learned({ channelId, extra }: ReadChannel, slug: string, id: string): void {
    this.#seen.set(channelId, { slug, id, url: extra.vkvideoChannelUrl ?? '' });
    this.#unwritten.add(channelId);
    this.#plan(WRITE_AFTER_MS);
  }

  /** Other rows were read: what they say of written ids counts, also that somebody named a channel anew. */
  keep(held: ReadonlySet<ChannelId>): void {
    for (const channelId of this.#seen.keys()) {
      if (held.has(channelId) && (this.#unwritten.has(channelId) || this.#writing.has(channelId))) continue;
      this.#seen.delete(channelId);
      this.#unwritten.delete(channelId);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #plan(delayMs: number): void {
    if (this.#isClosed) return;
    this.#timer ??= this.#deps.clock.setTimer(delayMs, () => void this.#write(), { unref: true });
  }

  async #write(): Promise<void> {
    const { db, log } = this.#deps;
    this.#timer = null;
    const rows = [...this.#unwritten].flatMap((channelId) => {
      const seen = this.#seen.get(channelId);
      return seen ? [{ channelId, ...seen }] : [];
    });
    this.#writing = new Set(this.#unwritten);
    this.#unwritten.clear();
    try {
      await sql`
        update "VkVideoChatBotSubscription" s set "vkvideoStableId" = seen.id
        from unnest(
          ${sql.val(rows.map(({ channelId }) => channelId))}::text[],
          ${sql.val(rows.map(({ url }) => url))}::text[],
          ${sql.val(rows.map(({ id }) => id))}::text[]
        ) as seen ("channelId", url, id)
        where s."channelId" = seen."channelId" and s."vkvideoChannelUrl" = seen.url and s."vkvideoStableId" is null
      `.execute(db);
      this.#isFailing = false;
    } catch (error) {
      if (this.#isClosed) return;
      // Said once until it works again.
      if (!this.#isFailing) log.warn('vkvideo_chatbot.stable_ids_not_stored', { channels: rows.length, error });
      this.#isFailing = true;
      for (const { channelId } of rows) if (this.#seen.has(channelId)) this.#unwritten.add(channelId);
      this.#plan(WRITE_AGAIN_MS);
    } finally {
      this.#writing = new Set();
    }
  }
}
