/** What happens to a chat line, the same on every platform: credits first, then the commands (docs/contract/workers.md#required-pipeline). */
import type { ClockWatch } from '../../db/clock-watch.ts';
import type { ChannelId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import { Lately } from '../../lib/lately.ts';
import type { Logger } from '../../lib/logger.ts';
import type { ChatMessage, RoleResolver } from '../../platforms/worker-side.ts';
import { admission } from '../commands/audience.ts';
import type { ChannelCommands, Command } from '../commands/command-book.ts';
import { comparable, LONGEST_COMMAND_LINE } from '../commands/matching.ts';
import { hasOtherReadings, OwnNames, otherReadings } from '../commands/readings.ts';
import { answerDuration } from '../duration/answer.ts';
import type { Receipt } from '../inbox/receipt.ts';
import type { LiveView } from '../live/live-view.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { OutboxSource, SpeakingChannel } from '../outbox/row.ts';
import { Overload } from './overload.ts';

export interface PipelineDeps {
  readonly channels: { held(): ReadonlyMap<ChannelId, SpeakingChannel> };
  readonly commands: { of(channelId: ChannelId): ChannelCommands };
  readonly live: Pick<LiveView, 'of'>;
  /** Must not block and must not throw. */
  readonly credit: (message: ChatMessage, slug: string) => void;
  readonly outbox: Pick<Outbox, 'reply' | 'echo'>;
  /** Of every account that may speak for us; the same set until it changes. */
  readonly ownNames: () => ReadonlySet<string>;
  readonly roleResolver?: RoleResolver | undefined;
  readonly clockWatch: Pick<ClockWatch, 'line'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly logPrefix: string;
  /** Older lines are credited, not answered. */
  readonly maxAgeMs: number;
  /** Which share of the time since the last call this process worked, 0 to 1. */
  readonly busyShare: () => number;
}

/** Counts since the start, for metrics. */
export interface PipelineStats {
  readonly lines: number;
  readonly own: number;
  /** Lines of channels that are not ours. */
  readonly foreign: number;
  readonly answered: number;
  readonly refused: number;
  readonly duplicates: number;
  readonly expired: number;
  /** Read and answered, but not credited: chat came faster than it could be handled. */
  readonly shed: number;
}

interface Match {
  readonly channel: SpeakingChannel;
  readonly message: ChatMessage;
  readonly receipt: Receipt | null;
  readonly duration: ChannelCommands['duration'];
  readonly command: Command | undefined;
}

/** What a line asks for. */
type Asked = Pick<Match, 'command' | 'duration'>;

/** Whether an answer was queued; a promise where something has to be looked up first. */
type Answered = boolean | Promise<boolean>;

/** Ids of commands, not of lines: everything else about a line may safely happen twice. */
const SEEN_COMMANDS_MAX = 200_000;
/** By so much may a platform's clock be ahead of ours: its lines stay young for that much longer. */
const AHEAD_MS = 60_000;
const TELL_EXPIRED_EVERY_MS = 60_000;
/** Names under which our own lines come back; an account has a few. */
const HEARD_NAMES_MAX = 1000;

export class Pipeline {
  readonly #deps: PipelineDeps;
  /** For as long as a line that comes again would be answered. */
  readonly #seen: Lately<true>;
  /** Channels whose answer waits for something; later commands there wait behind it. */
  readonly #tails = new Map<ChannelId, Promise<void>>();
  readonly #overload: Overload;
  /** As a chat shows our accounts: a platform may not tell that name to whoever links one. */
  readonly #heardNames = new Set<string>();
  #names: { readonly of: ReadonlySet<string>; readonly heard: number; readonly own: OwnNames } | null = null;
  #expiredSilentUntilMs = Number.NEGATIVE_INFINITY;
  readonly #stats = { lines: 0, own: 0, foreign: 0, answered: 0, refused: 0, duplicates: 0, expired: 0, shed: 0 };

  constructor(deps: PipelineDeps) {
    this.#deps = deps;
    const { clock, busyShare, log, logPrefix, maxAgeMs } = deps;
    this.#seen = new Lately({ keepMs: maxAgeMs + AHEAD_MS, max: SEEN_COMMANDS_MAX, clock });
    const changed = (isBehind: boolean) =>
      log.warn(logPrefix + (isBehind ? 'overloaded' : 'overload_over'), { linesShed: this.#stats.shed });
    this.#overload = new Overload({ clock, busyShare, changed });
  }

  stats(): PipelineStats {
    return { ...this.#stats };
  }

  /** Forgets what is known of channels that are no longer served. */
  forget(): void {
    const held: ReadonlyMap<string, unknown> = this.#deps.channels.held();
    this.#seen.keep(held);
  }

  /**
   * In arrival order per channel. A line that is no command waits for nothing and allocates next to nothing.
   *
   * @param receipt of a line from the inbox; it goes with the answer, or is done without one
   */
  message(message: ChatMessage, receipt: Receipt | null = null): void {
    const answered = this.#handle(message, receipt);
    if (receipt === null) return;
    if (answered === false) receipt.done(false);
    else if (answered instanceof Promise) void answered.then((isAnswered) => isAnswered || receipt.done(false));
  }

  #handle(message: ChatMessage, receipt: Receipt | null): Answered {
    const { channels, credit, outbox, commands, clockWatch } = this.#deps;
    const channel = channels.held().get(message.channelId);
    if (channel === undefined) {
      this.#stats.foreign += 1;
      return false;
    }
    if (message.isOwn) {
      this.#stats.own += 1;
      this.#heardOwn(message);
      outbox.echo(message);
      return false;
    }
    if (message.author.platformUserId === '' || message.author.displayName === '') return false;
    this.#stats.lines += 1;
    // What was fetched, or waited in the inbox, is late by nature: it says nothing about how far behind we are, nor about
    // our clock. There is little of it, and whoever wrote it may be gone.
    const isFetched = message.isBacklog || message.isFetched === true || receipt !== null;
    if (!isFetched) {
      this.#overload.line(message.sentAtMs);
      clockWatch.line(message.sentAtMs);
    }
    // Somebody waits for an answer; nobody waits for a credit, and most chatters write again.
    if (this.#overload.isBehind && !isFetched) this.#stats.shed += 1;
    else credit(message, channel.slug);
    if (message.isBacklog || message.text.length > LONGEST_COMMAND_LINE) return false;
    const known = commands.of(message.channelId);
    if (known.duration === null && known.byTrigger.size === 0) return false;
    const asked = askedFor(message.text, known) ?? this.#askedOtherwise(message, known);
    if (asked === null || !this.#isToBeAnswered(message, receipt)) return false;
    return this.#inOrder({ channel, message, receipt, ...asked });
  }

  #askedOtherwise(message: ChatMessage, known: ChannelCommands): Asked | null {
    if (!hasOtherReadings(message)) return null;
    for (const text of otherReadings(message, this.#ownNames())) {
      const asked = askedFor(text, known);
      if (asked !== null) return asked;
    }
    return null;
  }

  #ownNames(): OwnNames {
    const of = this.#deps.ownNames();
    const heard = this.#heardNames.size;
    if (this.#names?.of !== of || this.#names.heard !== heard) {
      this.#names = { of, heard, own: new OwnNames([...of, ...this.#heardNames]) };
    }
    return this.#names.own;
  }

  #heardOwn({ author }: ChatMessage): void {
    if (this.#heardNames.size < HEARD_NAMES_MAX) this.#heardNames.add(author.displayName);
  }

  #isToBeAnswered({ channelId, messageId, sentAtMs }: ChatMessage, receipt: Receipt | null): boolean {
    // The inbox holds a line once; one that is read again has no answer on record, or the record refuses a second.
    if (receipt === null && messageId !== null && !this.#isNew(channelId, messageId)) {
      this.#stats.duplicates += 1;
      return false;
    }
    const ageMs = this.#deps.clock.now().getTime() - sentAtMs;
    if (ageMs > this.#deps.maxAgeMs) {
      this.#stats.expired += 1;
      this.#tellExpired(channelId, ageMs);
      return false;
    }
    return true;
  }

  /** Once a minute: a platform that is late, or a clock of this machine that is ahead and silences the bot. */
  #tellExpired(channelId: ChannelId, ageMs: number): void {
    const { clock, log, logPrefix } = this.#deps;
    const nowMs = clock.monotonicMs();
    if (nowMs < this.#expiredSilentUntilMs) return;
    this.#expiredSilentUntilMs = nowMs + TELL_EXPIRED_EVERY_MS;
    log.warn(`${logPrefix}commands_expired`, { channelId, ageSeconds: Math.round(ageMs / 1000) });
  }

  #isNew(channelId: ChannelId, messageId: string): boolean {
    if (this.#seen.get(channelId, messageId)) return false;
    this.#seen.set(channelId, messageId, true);
    return true;
  }

  #inOrder(match: Match): Answered {
    const { channelId } = match.channel;
    const before = this.#tails.get(channelId);
    const running = before === undefined ? this.#tryAnswer(match) : before.then(() => this.#tryAnswer(match));
    if (!(running instanceof Promise)) return running;
    const tail: Promise<void> = running.then(() => {
      if (this.#tails.get(channelId) === tail) this.#tails.delete(channelId);
    });
    this.#tails.set(channelId, tail);
    return running;
  }

  /** Never throws, never rejects: one line that cannot be answered harms neither the reader nor the next line. */
  #tryAnswer(match: Match): Answered {
    const failed = (error: unknown) => {
      const { log, logPrefix } = this.#deps;
      const event = match.duration === null ? 'command_reply_failed' : 'stream_duration_reply_failed';
      log.warn(logPrefix + event, { channelId: match.channel.channelId, error });
      return false;
    };
    try {
      const answered = this.#answer(match);
      return answered instanceof Promise ? answered.catch(failed) : answered;
    } catch (error) {
      return failed(error);
    }
  }

  /** The smart command wins when it has something to say; otherwise a static one of the same name may. */
  #answer(match: Match): Answered {
    if (match.duration === null && match.command?.onlyWhenLive !== true) return this.#static(match);
    const live = this.#deps.live.of(match.channel.channelId);
    return live instanceof Promise
      ? live.then((known) => this.#answerKnowing(match, known))
      : this.#answerKnowing(match, live);
  }

  #answerKnowing(match: Match, live: Awaited<ReturnType<LiveView['of']>>): Answered {
    if (match.duration !== null) {
      const answer = answerDuration(match.duration, live, this.#deps.clock.now());
      if (answer.kind === 'reply') return this.#reply(match, answer.text, 'duration');
    }
    if (match.command?.onlyWhenLive === true && live?.isLive !== true) return false;
    return this.#static(match);
  }

  #static(match: Match): Answered {
    const { command, channel, message } = match;
    if (command === undefined) return false;
    switch (admission(command, message.author)) {
      case 'admitted':
        return this.#reply(match, command.response, 'command');
      case 'refused':
        this.#stats.refused += 1;
        return false;
      case 'ask_role_ids':
        return this.#askRoleIds(match, command.vkvideoAllowedRoleIds, channel);
    }
  }

  async #askRoleIds(match: Match, allowed: readonly string[], channel: SpeakingChannel): Promise<boolean> {
    const roleIds = await this.#deps.roleResolver?.roleIds(channel, match.message.author);
    if (match.command && allowed.some((roleId) => roleIds?.has(roleId))) {
      return this.#reply(match, match.command.response, 'command');
    }
    this.#stats.refused += 1;
    return false;
  }

  #reply({ channel, message, receipt }: Match, text: string, source: OutboxSource & ('command' | 'duration')): true {
    this.#stats.answered += 1;
    this.#deps.outbox.reply({ channel, text, source, messageId: message.messageId, receipt });
    return true;
  }
}

function askedFor(text: string, { byTrigger, duration }: ChannelCommands): Asked | null {
  const line = comparable(text);
  if (line === '') return null;
  const command = byTrigger.get(line);
  const isDuration = duration?.triggerNormalized === line;
  return command === undefined && !isDuration ? null : { command, duration: isDuration ? duration : null };
}
