/** The commands of the channels a worker serves, in memory: a chat line asks no database (docs/contract/workers.md#static-commands). */
import { isMissingSchema } from '../../db/failures.ts';
import type { Db } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { type DurationSettings, readDurationSettings } from '../duration/settings.ts';
import { type Audience, readAudience } from './audience.ts';
import { normaliseLine } from './matching.ts';

export interface Command extends Audience {
  readonly response: string;
  readonly onlyWhenLive: boolean;
}

export interface ChannelCommands {
  /** Enabled ones, by the text that triggers them. */
  readonly byTrigger: ReadonlyMap<string, Command>;
  /** Null while the smart command is off. */
  readonly duration: (DurationSettings & { readonly triggerNormalized: string }) | null;
}

const NO_COMMANDS: ChannelCommands = { byTrigger: new Map(), duration: null };

export class CommandBook {
  readonly #db: Db;
  readonly #isServed: (channelId: ChannelId) => boolean;
  #loading: Promise<void> = Promise.resolve();
  #channels: ReadonlyMap<ChannelId, ChannelCommands> = new Map();

  /** @param isServed channels that are no longer served are forgotten at the next load */
  constructor(db: Db, isServed: (channelId: ChannelId) => boolean) {
    this.#db = db;
    this.#isServed = isServed;
  }

  of(channelId: ChannelId): ChannelCommands {
    return this.#channels.get(channelId) ?? NO_COMMANDS;
  }

  /** Two queries, however many channels; what was known stays in use until both answered. */
  load(channelIds: readonly ChannelId[]): Promise<void> {
    // One after another: of two at once the older answer could come last.
    const loaded = this.#loading.then(() => this.#load(channelIds));
    this.#loading = loaded.catch(() => {});
    return loaded;
  }

  async #load(channelIds: readonly ChannelId[]): Promise<void> {
    if (channelIds.length === 0) return;
    const [commands, settings] = await Promise.all([this.#readCommands(channelIds), this.#readDuration(channelIds)]);
    const next = new Map([...this.#channels].filter(([channelId]) => this.#isServed(channelId)));
    for (const channelId of channelIds) {
      const byTrigger = commands.get(channelId) ?? NO_COMMANDS.byTrigger;
      const duration = settings.get(channelId) ?? null;
      if (byTrigger.size === 0 && duration === null) next.delete(channelId);
      else next.set(channelId, { byTrigger, duration });
    }
    this.#channels = next;
  }

  async #readCommands(channelIds: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, Map<string, Command>>> {
    const rows = await orNothing(
      this.#db
        .selectFrom('ChatBotCommand')
        .select([
          'channelId',
          'triggerNormalized',
          'response',
          'onlyWhenLive',
          'allowedUsers',
          'allowedRoles',
          'vkvideoAllowedRoleIds',
        ])
        .where('channelId', '=', (eb) => eb.fn.any(eb.val(channelIds)))
        .where('enabled', '=', true)
        .execute(),
    );
    const found = new Map<ChannelId, Map<string, Command>>();
    for (const { channelId, triggerNormalized, response, onlyWhenLive, ...lists } of rows) {
      const known = found.get(channelId as ChannelId) ?? new Map<string, Command>();
      const trigger = normaliseLine(triggerNormalized);
      if (trigger !== '') known.set(trigger, { response, onlyWhenLive, ...readAudience(lists) });
      found.set(channelId as ChannelId, known);
    }
    return found;
  }

  async #readDuration(channelIds: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, ChannelCommands['duration']>> {
    const rows = await orNothing(
      this.#db
        .selectFrom('Channel')
        .select(['id', 'streamDurationCommandJson'])
        .where('id', '=', (eb) => eb.fn.any(eb.val(channelIds)))
        .where('streamDurationCommandJson', 'is not', null)
        .execute(),
    );
    return new Map(
      rows.flatMap(({ id, streamDurationCommandJson }) => {
        const settings = readDurationSettings(streamDurationCommandJson);
        const triggerNormalized = normaliseLine(settings.trigger);
        return settings.enabled ? [[id as ChannelId, { ...settings, triggerNormalized }] as const] : [];
      }),
    );
  }
}

/** Without its table the feature is off, and everything else works. */
async function orNothing<T>(rows: Promise<T[]>): Promise<T[]> {
  try {
    return await rows;
  } catch (error) {
    if (isMissingSchema(error)) return [];
    throw error;
  }
}
