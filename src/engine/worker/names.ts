/** Keeps the stored names of channels and bots true: what a connection was told at its start is old some day. */
import { readBotAccounts } from '../../accounts/credentials-queries.ts';
import { isUniqueViolation } from '../../db/failures.ts';
import type { Db } from '../../db/pool.ts';
import type { ChannelId, PlatformChannelId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Platform } from '../../platforms/platform.ts';
import type { NameDirectory } from '../../platforms/worker-side.ts';
import type { DesiredChannel } from '../channels/desired.ts';
import { readBots, renameBot, renameTarget, type StoredBot } from '../channels/rename.ts';
import type { ChannelHealth } from './channel-health.ts';
import { isSameName, NameSweep, type Renaming } from './name-sweep.ts';

export interface NamesDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly platform: Platform;
  readonly held: () => ReadonlyMap<ChannelId, DesiredChannel>;
  readonly health: Pick<ChannelHealth, 'state'>;
}

const WRITE_AGAIN_MS = 5000;

export class Names {
  readonly #deps: NamesDeps;
  readonly #sweep: NameSweep<DesiredChannel, StoredBot> | null;
  /** Names told of that are not written yet. */
  readonly #latest = new Map<ChannelId, PlatformChannelId>();
  #isStopped = false;

  /** @param directory absent where the platform knows nobody by a name that changes */
  constructor(directory: NameDirectory | undefined, deps: NamesDeps) {
    this.#deps = deps;
    this.#sweep =
      directory === undefined
        ? null
        : new NameSweep({
            ...deps,
            names: directory,
            logPrefix: deps.platform.logPrefix,
            bots: (channels) => this.#bots(channels),
            channelRenamed: ({ channelId }, to) => this.renamed(channelId, to),
            botRenamed: (bot, to) => renameBot(deps, bot, to),
          });
  }

  /** The channel goes by another name: nobody hears it before the worker has moved. */
  async renamed(
    channelId: ChannelId,
    to: PlatformChannelId,
    extra: Readonly<Record<string, string>> = {},
  ): Promise<Renaming> {
    const { platform, log, held, health } = this.#deps;
    const from = held().get(channelId)?.target;
    if (from === undefined || isSameName(from, to)) return 'written';
    health.state(channelId, { kind: 'degraded', reason: 'renamed' });
    try {
      await renameTarget(this.#deps, channelId, from, to, extra);
      return 'written';
    } catch (error) {
      log.warn(`${platform.logPrefix}rename_failed`, { channelId, error });
      if (!isUniqueViolation(error)) return 'failed';
      health.state(channelId, { kind: 'needs_user_action', reason: 'duplicate_channel' });
      return 'taken';
    }
  }

  /** A reader was told of another name. One that cannot be written down now is tried again. */
  async heard(
    channelId: ChannelId,
    to: PlatformChannelId,
    extra: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const { clock, held } = this.#deps;
    const from = held().get(channelId)?.target;
    this.#latest.set(channelId, to);
    const renaming = await this.renamed(channelId, to, extra);
    // Another name may have been told of meanwhile, or written by somebody else.
    const isCurrent = () =>
      !this.#isStopped && this.#latest.get(channelId) === to && held().get(channelId)?.target === from;
    if (renaming === 'failed' && isCurrent()) {
      const again = () => (isCurrent() ? void this.heard(channelId, to, extra) : undefined);
      clock.setTimer(WRITE_AGAIN_MS, again, { unref: true });
    } else if (this.#latest.get(channelId) === to) this.#latest.delete(channelId);
  }

  /** Nobody answers to the channel's name. */
  lost(channelId: ChannelId): void {
    this.#sweep?.lost(channelId);
  }

  stop(): void {
    this.#isStopped = true;
    this.#sweep?.stop();
  }

  async #bots(channels: readonly DesiredChannel[]): Promise<readonly StoredBot[]> {
    const { db, platform } = this.#deps;
    const { defaultAccountId } = await readBotAccounts(db, platform);
    const ids = [defaultAccountId, ...channels.map(({ overrideAccountId }) => overrideAccountId)];
    return readBots(
      db,
      platform,
      [...new Set(ids)].filter((id) => id !== null),
    );
  }
}
