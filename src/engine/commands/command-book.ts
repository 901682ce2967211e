/** The commands of the channels a worker serves, in memory: a chat line asks no database (docs/contract/workers.md#static-commands). */
import { isMissingSchema } from '../../db/failures.ts';
import type { Db } from '../../db/pool.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { type DurationSettings, readDurationSettings } from '../duration/settings.ts';
import { type Audience, readAudience } from './audience.ts';
import { comparable } from './matching.ts';

export interface Command extends Audience {
  readonly id: string;
  readonly response: string;
  readonly onlyWhenLive: boolean;
}

export interface ChannelCommands {
  /** Enabled ones, by the text that triggers them. */
  readonly byTrigger: ReadonlyMap<string, Command>;
  /** Null while the smart command is off. */
  readonly duration: (DurationSettings & { readonly triggerNormalized: string }) | null;
}

/** A command that never answers, because an older one of its channel has a trigger that is compared as equal. */
export interface Collision {
  readonly channelId: ChannelId;
  readonly commandId: string;
  readonly olderCommandId: string;
}

interface ReadCommands {
  readonly byTrigger: Map<string, Command>;
  readonly collisions: Collision[];
}

const NO_COMMANDS: ChannelCommands = { byTrigger: new Map(), duration: null };

export class CommandBook {
  readonly #db: Db;
  readonly #isServed: (channelId: ChannelId) => boolean;
  readonly #collided: (collision: Collision) => void;
  #loading: Promise<void> = Promise.resolve();
  #channels: ReadonlyMap<ChannelId, ChannelCommands> = new Map();
  /** Commands that an older one answers for, as they were told. */
  #unheard: ReadonlyMap<ChannelId, ReadonlySet<string>> = new Map();

  /**
   * @param isServed channels that are no longer served are forgotten at the next load
   * @param collided told once of each command that never answers
   */
  constructor(db: Db, isServed: (channelId: ChannelId) => boolean, collided: (collision: Collision) => void) {
    this.#db = db;
    this.#isServed = isServed;
    this.#collided = collided;
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
    const unheard = new Map([...this.#unheard].filter(([channelId]) => this.#isServed(channelId)));
    for (const channelId of channelIds) {
      const { byTrigger, collisions } = commands.get(channelId) ?? { ...NO_COMMANDS, collisions: [] };
      for (const collision of collisions) {
        if (!this.#unheard.get(channelId)?.has(collision.commandId)) this.#collided(collision);
      }
      if (collisions.length === 0) unheard.delete(channelId);
      else unheard.set(channelId, new Set(collisions.map(({ commandId }) => commandId)));
      const duration = settings.get(channelId) ?? null;
      if (byTrigger.size === 0 && duration === null) next.delete(channelId);
      else next.set(channelId, { byTrigger, duration });
    }
    this.#channels = next;
    this.#unheard = unheard;
  }

  async #readCommands(channelIds: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, ReadCommands>> {
    const rows = await orNothing(
      this.#db
        .selectFrom('ChatBotCommand')
        .select([
          'id',
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
        // Of triggers that are compared as equal, which other writers may have stored, the oldest answers.
        .orderBy('createdAt')
        .orderBy('id')
        .execute(),
    );
    const found = new Map<ChannelId, ReadCommands>();
    for (const { id, channelId: ofChannel, triggerNormalized, response, onlyWhenLive, ...lists } of rows) {
      const channelId = ofChannel as ChannelId;
      const known: ReadCommands = found.get(channelId) ?? { byTrigger: new Map(), collisions: [] };
      found.set(channelId, known);
      const trigger = comparable(triggerNormalized);
      if (trigger === '') continue;
      const older = known.byTrigger.get(trigger);
      if (older === undefined) known.byTrigger.set(trigger, { id, response, onlyWhenLive, ...readAudience(lists) });
      else known.collisions.push({ channelId, commandId: id, olderCommandId: older.id });
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
        const triggerNormalized = comparable(settings.trigger);
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
