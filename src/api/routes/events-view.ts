/** What is to be read of a channel for those who watch it, and what of it they were told already. */
import type { Db } from '../../db/pool.ts';
import {
  type HistoryRow,
  newestFirst,
  OUTBOX_STATUSES,
  outboxHistory,
  outboxMessages,
} from '../../engine/outbox/history.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';
import type { BotState } from '../diagnosis.ts';

export interface ViewDeps {
  readonly db: Db;
  /** In display order. */
  readonly platforms: readonly Pick<PlatformDescription, 'id' | 'tables'>[];
  /** How the bots of a channel are that are on. @throws where the database cannot be asked */
  readonly bots: (channelId: ChannelId) => Promise<readonly BotState[]>;
}

/** What a page that opens is shown of the history; older messages are looked up. */
const NEWEST_MAX = 50;

/** What may have changed since the last look. */
export class Due {
  readonly messages = new Map<ProviderId, Set<string>>();
  /** Platforms whose newest messages are to be looked at, whatever their ids are. */
  readonly lists = new Set<ProviderId>();
  hasStates = false;

  get isNothing(): boolean {
    return this.messages.size === 0 && this.lists.size === 0 && !this.hasStates;
  }

  addMessages(provider: ProviderId, ids: readonly string[]): void {
    const known = this.messages.get(provider) ?? new Set();
    for (const id of ids) known.add(id);
    this.messages.set(provider, known);
  }

  addAll(platforms: ViewDeps['platforms']): void {
    for (const { id } of platforms) this.lists.add(id);
    this.hasStates = true;
  }
}

export interface Look {
  /** The newest messages of the platforms whose lists were due, oldest first. */
  readonly newest: readonly HistoryRow[];
  /** Everything that was looked at, in the order of the last changes. */
  readonly messages: readonly HistoryRow[];
  readonly states: readonly BotState[] | null;
}

export async function look(deps: ViewDeps, channelId: ChannelId, due: Due): Promise<Look> {
  const { db, platforms } = deps;
  const listed = platforms.filter(({ id }) => due.lists.has(id));
  const [newest, named, states] = await Promise.all([
    listed.length === 0
      ? []
      : outboxHistory(db, { channelId, platforms: listed, statuses: OUTBOX_STATUSES, after: null, limit: NEWEST_MAX }),
    Promise.all(
      platforms.map(({ id, tables }) => {
        const ids = due.messages.get(id);
        return ids === undefined ? [] : outboxMessages(db, { id, tables }, channelId, [...ids]);
      }),
    ),
    due.hasStates ? deps.bots(channelId) : null,
  ]);
  const byKey = new Map([...(newest ?? []), ...named.flat()].map((row) => [keyOf(row), row]));
  return {
    newest: [...(newest ?? [])].reverse(),
    messages: [...byKey.values()].sort((a, b) => a.updatedAt.getTime() - b.updatedAt.getTime() || newestFirst(b, a)),
    states,
  };
}

/** The last word on each message, so that nothing is told twice and nothing unfinished is forgotten. */
export class Told {
  readonly #words = new Map<string, { readonly word: string; readonly row: HistoryRow }>();
  #states = '';

  /** @returns whether this is news */
  message(row: HistoryRow): boolean {
    const word = `${row.status} ${row.attempts} ${row.updatedAt.getTime()}`;
    if (this.#words.get(keyOf(row))?.word === word) return false;
    this.#words.set(keyOf(row), { word, row });
    return true;
  }

  /** @returns whether this is news */
  states(states: readonly BotState[]): boolean {
    // A line or a message changes these without being news about the bot.
    const word = JSON.stringify(states.map(({ lastLineAt, lastSentAt, waiting, ...state }) => state));
    if (word === this.#states) return false;
    this.#states = word;
    return true;
  }

  /** Messages whose end was not told yet: their hints may have been lost. */
  addUnfinished(due: Due): void {
    for (const { row } of this.#words.values()) if (!isFinished(row)) due.addMessages(row.provider, [row.id]);
  }

  /** Keeps what may come again: the newest, and what has no end. */
  forgetOld(): void {
    const finished = [...this.#words.values()].map(({ row }) => row).filter(isFinished);
    for (const row of finished.sort(newestFirst).slice(NEWEST_MAX)) this.#words.delete(keyOf(row));
  }
}

function isFinished({ status }: HistoryRow): boolean {
  return status === 'sent' || status === 'failed';
}

function keyOf({ provider, id }: HistoryRow): string {
  return `${provider}:${id}`;
}
