/** What a worker knows of the channels it serves, in memory: commands and live state, kept fresh by hints. */
import type { Db } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { type ChannelCommands, CommandBook } from '../commands/command-book.ts';
import { createLiveView, type LiveView } from '../live/live-view.ts';
import { Refresher } from '../refresher.ts';

interface KnowledgeDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly logPrefix: string;
  readonly held: () => ReadonlyMap<ChannelId, unknown>;
  readonly isListening: () => boolean;
}

export class Knowledge {
  readonly live: LiveView;
  readonly #deps: KnowledgeDeps;
  readonly #book: CommandBook;
  readonly #refresher: Refresher;
  /** Not served yet, but to be known as if they were: changes are told once. */
  #prepared: ReadonlySet<ChannelId> = new Set();

  constructor(deps: KnowledgeDeps) {
    this.#deps = deps;
    const { db, clock, random, log, logPrefix, held } = deps;
    this.live = createLiveView(deps);
    this.#book = new CommandBook(
      db,
      (channelId) => this.#isOurs(channelId),
      (collision) => log.warn(`${logPrefix}commands_collide`, { ...collision }),
    );
    this.#refresher = new Refresher({
      clock,
      random,
      refresh: (wanted) => {
        const asked = wanted ?? [...held().keys(), ...this.#prepared];
        return this.#book.load([...asked].filter((channelId) => this.#isOurs(channelId)));
      },
      failed: (error, isFirst) => {
        if (isFirst) log.warn(`${logPrefix}commands_refresh_failed`, { error });
      },
    });
  }

  of(channelId: ChannelId): ChannelCommands {
    return this.#book.of(channelId);
  }

  /** @param channelId null: any commands may have changed */
  commandsChanged(channelId: ChannelId | null): void {
    if (channelId === null || this.#isOurs(channelId)) this.#refresher.want(channelId);
  }

  /** Before a channel is served. What cannot be read now is read later: a bot without commands is better than none. */
  async prepare(channelIds: readonly ChannelId[]): Promise<void> {
    this.#prepared = new Set(channelIds);
    try {
      await Promise.all([this.#book.load(channelIds), this.live.load([...this.#deps.held().keys(), ...channelIds])]);
    } catch (error) {
      const { log, logPrefix } = this.#deps;
      log.warn(`${logPrefix}commands_refresh_failed`, { channels: channelIds.length, error });
      this.#refresher.want(null);
    }
  }

  /** Called when the channels that this worker holds have changed. */
  serve(): void {
    this.#prepared = new Set();
    void this.live.load(this.#deps.held().keys());
  }

  stop(): void {
    this.#refresher.stop();
  }

  #isOurs(channelId: ChannelId): boolean {
    return this.#deps.held().has(channelId) || this.#prepared.has(channelId);
  }
}
