/** Reads the chats of all channels: finds where each is published, and keeps its subscriptions in step. */
import { type BackoffLimits, backoffMs } from '../../../lib/backoff.ts';
import type { ChannelId, PlatformChannelId } from '../../../lib/brand.ts';
import type { Timer } from '../../../lib/clock.ts';
import { PlatformRefused } from '../../../lib/errors.ts';
import { Turnstile } from '../../../lib/turnstile.ts';
import type { CauseCode } from '../../causes/cause.ts';
import { CREDENTIAL_RETRY_MS, CREDENTIALS_UNAVAILABLE } from '../../no-credential.ts';
import type { ChatReader, ReadChannel, ReaderState, WorkerDeps } from '../../worker-side.ts';
import { NO_BASE, tokenTrouble } from '../api.ts';
import { channelUrl, isSameSlug } from '../channel-url.ts';
import { type ChannelInfo, type Directory, factOf, isUnknown, NO_NAMES, slugOf } from '../directory.ts';
import type { Autofill } from './autofill.ts';
import { Chat, type ChatDeps, refusalOf } from './chat.ts';
import type { Moved } from './moved.ts';
import type { ShardListener } from './shard-listener.ts';
import type { Shards } from './shards.ts';

export interface ReaderDeps extends Pick<WorkerDeps, 'clock' | 'log' | 'random' | 'events'> {
  readonly directory: Directory;
  readonly openShards: (listener: ShardListener) => Shards;
  readonly autofill: (channel: ReadChannel) => Promise<Autofill>;
  readonly moved: Pick<Moved, 'find' | 'keep'>;
  readonly chat: Omit<ChatDeps, 'streamHint' | 'withheld'>;
}

const RETRY: BackoffLimits = { firstMs: 4_000, longestMs: 60_000 };
/** Events about a stream come several at once. */
const HINT_DELAY_MS = 500;
const OWNERS_AT_ONCE = 4;

export class Reader implements ChatReader {
  readonly #deps: ReaderDeps;
  readonly #shards: Shards;
  readonly #chats = new Map<ChannelId, Chat>();
  readonly #byName = new Map<string, Chat>();
  readonly #hints = new Map<Chat, Timer>();
  /** Asks streamers' accounts. */
  readonly #owners = new Turnstile(OWNERS_AT_ONCE);
  readonly #searches = new Set<Chat>();
  #preparing: 'no' | 'once' | 'and_again' = 'no';
  #retry: Timer | null = null;
  #isClosed = false;

  constructor(deps: ReaderDeps) {
    this.#deps = deps;
    this.#shards = deps.openShards(this.#listener());
  }

  setChannels(channels: readonly ReadChannel[]): void {
    const wanted = new Map(channels.map((channel) => [channel.channelId, channel]));
    for (const [channelId, chat] of this.#chats) {
      const next = wanted.get(channelId);
      if (next === undefined || !isSameChannel(chat.channel, next)) this.#leave(chat);
      else chat.channel = withKnownUrl(chat.channel, next);
    }
    const held = new Set(wanted.keys());
    this.#deps.directory.keep(held);
    this.#deps.moved.keep(held);
    for (const [channelId, channel] of wanted) {
      if (this.#chats.has(channelId)) continue;
      const chat = new Chat(channel, {
        ...this.#deps.chat,
        streamHint: (hinted) => this.#hint(hinted),
        withheld: ({ names }) => this.#shards.doubt(names),
      });
      this.#chats.set(channelId, chat);
      chat.tell({ kind: 'connecting', reason: null });
    }
    this.#prepare();
  }

  /** Asks both who can know: the pub/sub server about the subscriptions, and VK about what was written. */
  look({ channelId }: ReadChannel): void {
    const chat = this.#chats.get(channelId);
    if (chat === undefined) return;
    this.#shards.check(chat.names);
    if (this.#deps.directory.get(chat.channel)?.isLive) chat.look();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The channel with the URL that was found for it. */
  known(channel: ReadChannel): ReadChannel {
    return this.#chats.get(channel.channelId)?.channel ?? channel;
  }

  /** The directory learned something. */
  learned(channelId: ChannelId, info: ChannelInfo, before: ChannelInfo | undefined): void {
    const chat = this.#chats.get(channelId);
    // An answer may come late: the row names another channel by then.
    if (chat === undefined || !isSameSlug(info.slug, slugOf(chat.channel) ?? '')) return;
    if (info.names !== null) this.#place(chat, info.names);
    if (info.names !== null && chat.names.length === 0) {
      this.#failed(chat, { kind: 'degraded', reason: 'no_chat_ws_channels' }, 'no_chat_ws_channels');
    }
    if (info.isLive) chat.whileLive();
    if (!info.isLive || info.streamId === before?.streamId) return;
    // What a stream restricts is known with its start (docs/platforms/vkvideo.md#pitfalls).
    this.#shards.again(chat.names.filter((name) => chat.partOf(name) === 'limited_chat'));
    this.#deps.events.sendable(channelId);
  }

  /** Nobody goes by the channel's name any more, or another channel does: its owner's account knows the new one. */
  async lost(channelId: ChannelId, slug: string, error: unknown): Promise<void> {
    const chat = this.#chats.get(channelId);
    if (chat === undefined || this.#searches.has(chat) || !isSameSlug(slug, slugOf(chat.channel) ?? '')) return;
    this.#searches.add(chat);
    const where = await this.#owners.run(() => this.#deps.moved.find(chat.channel));
    this.#searches.delete(chat);
    if (chat.isClosed || this.#isClosed) return;
    if (where === 'unknown') this.#putOut(chat, { kind: 'degraded', reason: 'channel_info_failed' }, error);
    else if (where === 'nowhere') this.#putOut(chat, stateOf(error), error);
    else if (!isSameSlug(where.slug, slug)) {
      this.#putOut(chat, { kind: 'degraded', reason: 'renamed' }, null);
      this.#deps.events.renamed(channelId, where.slug as PlatformChannelId, { vkvideoChannelUrl: where.url });
    }
  }

  /** What was read under the name is not, until the channel goes by it again. */
  #putOut(chat: Chat, state: ReaderState, error: unknown): void {
    this.#unsubscribe(chat, chat.setNames(NO_NAMES));
    this.#tell(chat, state, error === null ? null : 'channel_info_failed', error);
    chat.nextTryMs = Math.max(chat.nextTryMs, this.#dueMs(chat));
    this.#planRetry();
  }

  /** Called when the reading account was changed, lost (null) or restored. */
  accountChanged(accountKey: string | null): void {
    this.#shards.renew(accountKey);
    for (const chat of this.#chats.values()) chat.nextTryMs = 0;
    this.#prepare();
  }

  close(): void {
    this.#isClosed = true;
    this.#retry?.cancel();
    for (const chat of this.#chats.values()) chat.close();
    for (const timer of this.#hints.values()) timer.cancel();
    this.#shards.close();
  }

  #listener(): ShardListener {
    const find = (name: string) => this.#byName.get(name);
    return {
      subscribed: (name, connection, isRecovered) => find(name)?.subscribed(name, connection, isRecovered),
      gone: (name, connection) => find(name)?.gone(name, connection),
      publication: (name, data) => find(name)?.publication(data),
      missing: (names, state) => {
        for (const chat of new Set(names.map(find))) chat?.missing(state);
      },
      withoutAccess: (name) => {
        const chat = find(name);
        if (chat?.isMain(name)) this.#notGranted(chat, 'no_access');
      },
      refused: (name, { code, text }) => {
        const chat = find(name);
        if (chat === undefined) return;
        const { channelId } = chat.channel;
        const part = chat.partOf(name);
        if (part !== undefined && chat.isNews(refusalOf(part))) {
          this.#deps.log.warn('vkvideo_chatbot.subscription_refused', { channelId, part, code, reason: text });
        }
        // Hints are missed by nobody; access to a restricted chat is asked for again when the next stream begins.
        if (chat.isMain(name)) this.#notGranted(chat, 'subscription_refused');
      },
    };
  }

  #notGranted(chat: Chat, reason: CauseCode): void {
    this.#failed(chat, { kind: 'degraded', reason }, null);
    this.#planRetry();
  }

  #leave(chat: Chat): void {
    chat.close();
    this.#hints.get(chat)?.cancel();
    this.#hints.delete(chat);
    this.#chats.delete(chat.channel.channelId);
    this.#unsubscribe(chat, chat.names);
  }

  /** Names that another chat holds stay with it. */
  #unsubscribe(chat: Chat, names: readonly string[]): void {
    const theirs = names.filter((name) => this.#byName.get(name) === chat);
    for (const name of theirs) this.#byName.delete(name);
    this.#shards.remove(theirs);
  }

  #place(chat: Chat, names: NonNullable<ChannelInfo['names']>): void {
    this.#unsubscribe(chat, chat.setNames(names));
    const missing = chat.wanted.filter(({ name }) => this.#byName.get(name) !== chat);
    const free = missing.filter(({ name }) => !this.#byName.has(name));
    // Looked at again from time to time: whoever holds the rest may leave.
    if (free.length < missing.length) {
      this.#failed(chat, { kind: 'needs_user_action', reason: 'duplicate_channel' }, null);
    }
    for (const { name } of free) this.#byName.set(name, chat);
    this.#shards.add(free);
  }

  /** Looks at every chat that is due; one look at a time. */
  #prepare(): void {
    if (this.#isClosed) return;
    if (this.#preparing === 'no') void this.#prepareAll();
    else this.#preparing = 'and_again';
  }

  async #prepareAll(): Promise<void> {
    do {
      this.#preparing = 'once';
      const nowMs = this.#deps.clock.monotonicMs();
      const due = [...this.#chats.values()].filter((chat) => chat.isWaiting && chat.nextTryMs <= nowMs);
      if (due.length > 0) await this.#prepareDue(due);
    } while (this.#isAskedAgain() && !this.#isClosed);
    this.#preparing = 'no';
    this.#planRetry();
  }

  #isAskedAgain(): boolean {
    return this.#preparing === 'and_again';
  }

  async #prepareDue(due: readonly Chat[]): Promise<void> {
    await Promise.all(due.map((chat) => this.#findUrl(chat)));
    const named = due.filter((chat) => !chat.isClosed && slugOf(chat.channel) !== null);
    const failures = await this.#deps.directory.refresh(named.map(({ channel }) => channel));
    for (const chat of named) {
      const error = failures.get(chat.channel.channelId);
      if (isUnknown(error)) this.#later(chat);
      else if (error !== undefined) this.#failed(chat, stateOf(error), 'channel_info_failed', error);
      // Refused by the server under the name that still counts: asked for once more.
      else if (!chat.isClosed && !chat.isHeard && chat.failures > 0) {
        chat.nextTryMs = this.#dueMs(chat);
        this.#shards.again(chat.names);
      }
    }
  }

  async #findUrl(chat: Chat): Promise<void> {
    if (slugOf(chat.channel) !== null) return;
    const found = await this.#owners.run(() => this.#deps.autofill(chat.channel));
    if (chat.isClosed) return;
    if (found.kind === 'none') {
      const { event, fields, state } = found;
      if (chat.isNews(event)) {
        this.#deps.log.warn(`vkvideo_chatbot.${event}`, { channelId: chat.channel.channelId, ...fields });
      }
      const needsStreamer = state.kind === 'needs_user_action';
      this.#failed(chat, state, needsStreamer ? 'subscription_missing_channel_url' : null);
      return;
    }
    chat.channel = { ...chat.channel, extra: { ...chat.channel.extra, vkvideoChannelUrl: found.name.url } };
  }

  /** @param event logged once per state, as it is what support looks for; null where that is done already */
  #failed(chat: Chat, state: ReaderState, event: string | null, error?: unknown): void {
    if (state === CREDENTIALS_UNAVAILABLE) {
      // VK was not asked: nothing is known of how it would have answered.
      chat.failures = Math.max(chat.failures, 1);
      chat.nextTryMs = this.#deps.clock.monotonicMs() + CREDENTIAL_RETRY_MS;
    } else {
      this.#later(chat);
    }
    this.#tell(chat, state, event, error);
  }

  #later(chat: Chat): void {
    chat.failures += 1;
    chat.nextTryMs = this.#dueMs(chat);
  }

  #tell(chat: Chat, state: ReaderState, event: string | null, error?: unknown): void {
    if (chat.isHeard || !chat.tell(state) || event === null) return;
    const fields = { channelId: chat.channel.channelId, ...(error === undefined ? {} : { error }) };
    this.#deps.log.warn(`vkvideo_chatbot.${event}`, fields);
  }

  #dueMs({ failures }: Chat): number {
    const { clock, random } = this.#deps;
    return clock.monotonicMs() + backoffMs(failures, RETRY, random);
  }

  #planRetry(): void {
    this.#retry?.cancel();
    this.#retry = null;
    const waiting = [...this.#chats.values()].filter((chat) => chat.isWaiting).map(({ nextTryMs }) => nextTryMs);
    if (waiting.length === 0 || this.#isClosed) return;
    const { clock } = this.#deps;
    const delayMs = Math.max(0, Math.min(...waiting) - clock.monotonicMs());
    this.#retry = clock.setTimer(delayMs, () => this.#prepare(), { unref: true });
  }

  /** What a stream does is read from the platform; the event only says when to look (docs/platforms/vkvideo.md#decisions-in-short). */
  #hint(chat: Chat): void {
    if (this.#hints.has(chat)) return;
    const { clock, directory, events } = this.#deps;
    const look = async () => {
      this.#hints.delete(chat);
      const { channel } = chat;
      const failures = await directory.refresh([channel]);
      const info = directory.get(channel);
      if (failures.size === 0 && info && !chat.isClosed) events.live(channel.channelId, factOf(info, clock));
    };
    this.#hints.set(
      chat,
      clock.setTimer(HINT_DELAY_MS, () => void look(), { unref: true }),
    );
  }
}

/** What people are told of a channel that VK does not tell of. */
function stateOf(error: unknown): ReaderState {
  const trouble = tokenTrouble(error);
  if (trouble !== null) return trouble;
  if (error instanceof PlatformRefused) {
    if (error.code === 'not_configured') return { kind: 'needs_user_action', reason: NO_BASE };
    if (error.status === 404) return { kind: 'needs_user_action', reason: 'channel_not_found' };
  }
  return { kind: 'degraded', reason: 'channel_info_failed' };
}

function urlOf({ extra }: ReadChannel): string | null {
  return extra.vkvideoChannelUrl?.trim() || null;
}

/** What was found for it stays until the row has it too. */
function withKnownUrl(known: ReadChannel, next: ReadChannel): ReadChannel {
  if (urlOf(next) !== null) return next;
  return { ...next, extra: { ...next.extra, vkvideoChannelUrl: urlOf(known) } };
}

/** Whether a row still names the channel that is read. */
function isSameChannel(one: ReadChannel, next: ReadChannel): boolean {
  if (one.target !== next.target) return false;
  const [known, stored] = [urlOf(one), urlOf(next)].map((url) => (url === null ? null : channelUrl(url)?.slug));
  return !stored || (known != null && isSameSlug(known, stored));
}
