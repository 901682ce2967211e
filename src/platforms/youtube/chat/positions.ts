/** How far each chat was read, in the database: gathered, and written only while the channel is this copy's. */
import { sql } from 'kysely';
import type { Db } from '../../../db/pool.ts';
import type { ChannelId } from '../../../lib/brand.ts';
import type { Clock, Timer } from '../../../lib/clock.ts';
import type { Logger } from '../../../lib/logger.ts';

export interface PositionsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly startNumber: () => number | null;
}

interface Position {
  readonly channelId: ChannelId;
  readonly chat: string;
  readonly position: string;
}

const PROVIDER = 'youtube';
const GATHER_MS = 3000;
/** Pages of a chat are remembered there for about as long as a stream lasts. */
const IS_YOUNG = sql`"updatedAt" > timezone('utc', now()) - interval '24 hours'`;

export class Positions {
  readonly #deps: PositionsDeps;
  #unwritten = new Map<string, Position>();
  #timer: Timer | null = null;
  #isFailing = false;

  constructor(deps: PositionsDeps) {
    this.#deps = deps;
  }

  /**
   * @returns null for a chat that was never read, was read long ago, whose bot was switched off since, or whose
   * position cannot be read now
   */
  async find(channelId: ChannelId, chat: string): Promise<string | null> {
    const unwritten = this.#unwritten.get(chat);
    if (unwritten !== undefined) return unwritten.position;
    try {
      const { rows } = await sql<{ position: string }>`
        select position from "ChatPosition" p
        where provider = ${PROVIDER} and "channelId" = ${channelId} and chat = ${chat} and ${IS_YOUNG}
          and not exists (
            select from "BotIntegrationSettings" g
            where g."channelId" = p."channelId" and g.provider::text = p.provider and g."updatedAt" > p."updatedAt")
      `.execute(this.#deps.db);
      return rows[0]?.position ?? null;
    } catch (error) {
      this.#failed(error);
      return null;
    }
  }

  keep(channelId: ChannelId, chat: string, position: string): void {
    this.#unwritten.set(chat, { channelId, chat, position });
    this.#timer ??= this.#deps.clock.setTimer(GATHER_MS, () => void this.flush(), { unref: true });
  }

  /** The channel is not ours any more: what was read last is for others to know. */
  drop(channelId: ChannelId): void {
    for (const [chat, position] of this.#unwritten) if (position.channelId === channelId) this.#unwritten.delete(chat);
  }

  /** The chat is over. */
  async forget(channelId: ChannelId, chat: string): Promise<void> {
    this.#unwritten.delete(chat);
    try {
      await sql`
        delete from "ChatPosition"
        where provider = ${PROVIDER} and "channelId" = ${channelId}
          and (chat = ${chat} or not ${IS_YOUNG})
      `.execute(this.#deps.db);
    } catch (error) {
      this.#failed(error);
    }
  }

  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    const startNumber = this.#deps.startNumber();
    const positions = [...this.#unwritten.values()];
    if (startNumber === null || positions.length === 0) return;
    this.#unwritten = new Map();
    try {
      await this.#write(positions, startNumber);
      this.#isFailing = false;
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Logged once. A position that cannot be written is replaced by that of the next page. */
  #failed(error: unknown): void {
    if (!this.#isFailing) this.#deps.log.warn('youtube_chatbot.position_store_failed', { error });
    this.#isFailing = true;
  }

  /**
   * A copy that lost the channel must not set back who reads it now: the lock makes this statement look again at a lease
   * that changed since it began.
   */
  async #write(positions: readonly Position[], startNumber: number): Promise<void> {
    await sql`
      insert into "ChatPosition" (provider, "channelId", chat, position, "updatedAt")
      select ${PROVIDER}, p.channel_id, p.chat, p.position, timezone('utc', now())
      from unnest(${positions.map(({ channelId }) => channelId)}::text[], ${positions.map(({ chat }) => chat)}::text[],
        ${positions.map(({ position }) => position)}::text[]) as p (channel_id, chat, position)
      join "BotChannelLease" lease on lease.provider = ${PROVIDER} and lease."channelId" = p.channel_id
        and lease."startNumber" = ${startNumber}
      order by p.channel_id for share of lease
      on conflict (provider, "channelId", chat) do update set
        position = excluded.position, "updatedAt" = excluded."updatedAt"
    `.execute(this.#deps.db);
  }
}
