/** Asks the platform once an hour how channels and bots are called: a name is told when it is joined, and changes later. */
import type { ChannelId, PlatformChannelId } from '../../lib/brand.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import { PlatformRefused } from '../../lib/errors.ts';
import type { Logger } from '../../lib/logger.ts';
import type { NameDirectory, PlatformName, ReadChannel } from '../../platforms/worker-side.ts';

/** A bot account as it is stored. */
export interface NamedBot {
  readonly platformUserId: string;
  readonly login: string | null;
  readonly displayName: string | null;
}

/** Written down; impossible while another channel is stored under that name; or not possible now. */
export type Renaming = 'written' | 'taken' | 'failed';

export interface NameSweepDeps<C extends ReadChannel, B extends NamedBot> {
  readonly clock: Clock;
  readonly log: Logger;
  readonly logPrefix: string;
  readonly names: NameDirectory;
  readonly held: () => ReadonlyMap<ChannelId, C>;
  /** The bot accounts that speak in these channels. */
  readonly bots: (channels: readonly C[]) => Promise<readonly B[]>;
  readonly channelRenamed: (channel: C, to: PlatformChannelId) => Promise<Renaming>;
  readonly botRenamed: (bot: B, to: PlatformName) => Promise<void>;
}

/** Each id is asked for once in this time. */
const ASK_AGAIN_MS = 3_600_000;
/** Distance of rounds: what could not be asked is asked in the next, and ids that came late share a question. */
const ROUND_MS = 60_000;
/** The first channels have been joined by then. */
const FIRST_AFTER_MS = 10_000;
/** Lost channels of one outage share a question. */
const LOST_AFTER_MS = 1_000;

/** Who goes by an id here. */
interface Asked<C, B> {
  readonly channels: C[];
  readonly bots: B[];
}

export class NameSweep<C extends ReadChannel, B extends NamedBot> {
  readonly #deps: NameSweepDeps<C, B>;
  /** When each id was last answered. */
  #answered = new Map<string, number>();
  #timer: Timer | null = null;
  #dueMs = Number.POSITIVE_INFINITY;
  #isRunning = false;
  /** Somebody was lost during a round. */
  #isLostWaiting = false;
  #isStopped = false;

  constructor(deps: NameSweepDeps<C, B>) {
    this.#deps = deps;
    this.#plan(FIRST_AFTER_MS);
  }

  /** Nobody answers to the channel's name: it is asked for whenever that was done last. */
  lost(channelId: ChannelId): void {
    const channel = this.#deps.held().get(channelId);
    const id = channel && this.#deps.names.idOf(channel);
    if (!id) return;
    this.#answered.delete(id);
    this.#isLostWaiting = true;
    if (!this.#isRunning) this.#plan(LOST_AFTER_MS);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  #plan(delayMs: number): void {
    const dueMs = this.#deps.clock.monotonicMs() + delayMs;
    if (this.#isStopped || dueMs >= this.#dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = this.#deps.clock.setTimer(delayMs, () => void this.#run(), { unref: true });
  }

  async #run(): Promise<void> {
    const { log, logPrefix } = this.#deps;
    this.#isRunning = true;
    this.#isLostWaiting = false;
    this.#dueMs = Number.POSITIVE_INFINITY;
    try {
      await this.#round();
    } catch (error) {
      if (!this.#isStopped) log.warn(`${logPrefix}name_lookup_failed`, { error });
    }
    this.#isRunning = false;
    this.#plan(this.#isLostWaiting ? LOST_AFTER_MS : ROUND_MS);
  }

  async #round(): Promise<void> {
    const { clock, names } = this.#deps;
    const asked = await this.#everybody();
    const nowMs = clock.monotonicMs();
    // Those who left are forgotten.
    this.#answered = new Map([...this.#answered].filter(([id]) => asked.has(id)));
    const isDue = (id: string) => nowMs - (this.#answered.get(id) ?? Number.NEGATIVE_INFINITY) >= ASK_AGAIN_MS;
    const due = [...asked.keys()].filter(isDue);
    const taken: (() => Promise<Renaming>)[] = [];
    for (let start = 0; start < due.length && !this.#isStopped; start += names.idsPerQuestion) {
      const ids = due.slice(start, start + names.idsPerQuestion);
      const found = await this.#namesOf(ids);
      for (const id of ids) {
        // Before its consequences: a channel that is lost meanwhile is asked for again.
        this.#answered.set(id, nowMs);
        if (found !== 'refused') await this.#compare(id, asked.get(id), found.get(id) ?? null, taken);
      }
    }
    // Who had the name may have got another in this round.
    for (const again of taken) await again();
  }

  /** A refusal is an answer too: another within the hour would be the same. @throws when the platform does not answer */
  async #namesOf(ids: readonly string[]): Promise<ReadonlyMap<string, PlatformName> | 'refused'> {
    const { log, logPrefix, names } = this.#deps;
    try {
      return await names.namesOf(ids);
    } catch (error) {
      if (!(error instanceof PlatformRefused)) throw error;
      log.warn(`${logPrefix}name_lookup_failed`, { error });
      return 'refused';
    }
  }

  /** A refusal leaves the channel where it is. @throws when the platform does not answer */
  async #mayMove(channel: C, id: string): Promise<boolean> {
    try {
      return (await this.#deps.names.mayMove?.(channel)) ?? true;
    } catch (error) {
      if (error instanceof PlatformRefused) return false;
      this.#answered.delete(id);
      throw error;
    }
  }

  async #everybody(): Promise<ReadonlyMap<string, Asked<C, B>>> {
    const { names, held, bots } = this.#deps;
    const asked = new Map<string, Asked<C, B>>();
    const of = (id: string) => {
      const known = asked.get(id) ?? { channels: [], bots: [] };
      asked.set(id, known);
      return known;
    };
    const channels = [...held().values()];
    for (const channel of channels) {
      const id = names.idOf(channel);
      if (id !== null) of(id).channels.push(channel);
    }
    if (channels.length > 0) for (const bot of await bots(channels)) of(bot.platformUserId).bots.push(bot);
    return asked;
  }

  async #compare(
    id: string,
    asked: Asked<C, B> | undefined,
    found: PlatformName | null,
    taken: (() => Promise<Renaming>)[],
  ): Promise<void> {
    const { names, held, channelRenamed, botRenamed, log, logPrefix } = this.#deps;
    for (const channel of asked?.channels ?? []) {
      // Another name was written meanwhile: it is compared in its own time.
      if (held().get(channel.channelId)?.target !== channel.target) continue;
      if (found === null) names.isGone(channel);
      else if (!isSameName(channel.target, found.login)) {
        if (!(await this.#mayMove(channel, id))) continue;
        const rename = () => channelRenamed(channel, found.login as PlatformChannelId);
        const renaming = await rename();
        if (renaming === 'taken') taken.push(rename);
        // To be found out again in a minute.
        if (renaming === 'failed') this.#answered.delete(id);
      }
    }
    for (const bot of asked?.bots ?? []) {
      if (found === null) continue;
      const isSame = isSameName(bot.login ?? '', found.login) && bot.displayName === found.displayName;
      if (isSame) continue;
      try {
        await botRenamed(bot, found);
      } catch (error) {
        this.#answered.delete(id);
        log.warn(`${logPrefix}rename_failed`, { externalAccountId: bot.platformUserId, error });
      }
    }
  }
}

/** People write names with a sign in front and in any case. */
export function isSameName(one: string, other: string): boolean {
  return plain(one) === plain(other);
}

function plain(name: string): string {
  return name
    .trim()
    .replace(/^[@#]+/, '')
    .toLowerCase();
}
