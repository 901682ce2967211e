/** Reads the chats of every channel it is given, and tells the sender where to speak. */
import type { ChannelId, PlatformMessageId } from '../../lib/brand.ts';
import type { ChatReader, LiveFact, LiveStatus, ReadChannel, ReaderEvents } from '../worker-side.ts';
import { EchoWatch } from './chat/echo-watch.ts';
import { type Line, toMessage } from './chat/message.ts';
import type { OwnMessages } from './chat/own-messages.ts';
import { ChannelWatch, type WatchDeps } from './live/channel-watch.ts';
import type { Place } from './live/place.ts';

export interface ReaderDeps extends Omit<WatchDeps, 'watched'> {
  readonly events: ReaderEvents;
  readonly own: OwnMessages;
}

/** What the sender asks of the reader. */
export interface Places {
  /** @param answers the line that is answered */
  of(channelId: ChannelId, answers: PlatformMessageId | null): Place;
  /** How many channels have a chat to speak in. */
  readonly onAir: number;
  /** A message with this id is to show up there. */
  sent(channelId: ChannelId, liveChatId: string, id: string): void;
  /** Whether only members of the channel may write there, as far as the chat has said. */
  isMembersOnly(channelId: ChannelId, liveChatId: string): boolean;
  /** Somebody waits for the stream to be found. */
  wanted(channelId: ChannelId): void;
  ended(channelId: ChannelId, liveChatId: string): void;
}

export class YouTubeReader implements ChatReader, Places, LiveStatus {
  readonly #deps: ReaderDeps;
  readonly #echoes: EchoWatch;
  readonly #watches = new Map<ChannelId, ChannelWatch>();

  constructor(deps: ReaderDeps) {
    this.#deps = deps;
    this.#echoes = new EchoWatch({ ...deps, changed: (channelId) => this.#watches.get(channelId)?.report() });
  }

  setChannels(channels: readonly ReadChannel[]): void {
    const { log } = this.#deps;
    const wanted = new Map(channels.map((channel) => [channel.channelId, channel]));
    for (const [channelId, watch] of this.#watches) {
      const channel = wanted.get(channelId);
      if (channel !== undefined && isSame(channel, watch.channel)) continue;
      watch.close();
      this.#watches.delete(channelId);
      this.#deps.positions.drop(channelId);
      log.info('youtube_chatbot.sub.remove', { channelId });
    }
    for (const channel of wanted.values()) {
      if (this.#watches.has(channel.channelId)) continue;
      log.info('youtube_chatbot.sub.add', { channelId: channel.channelId });
      this.#watches.set(channel.channelId, this.#watch(channel));
    }
  }

  of(channelId: ChannelId, answers: PlatformMessageId | null): Place {
    return this.#watches.get(channelId)?.ask(answers) ?? { kind: 'unknown', reason: 'live_check_pending' };
  }

  get onAir(): number {
    return [...this.#watches.values()].filter(({ isOnAir }) => isOnAir).length;
  }

  sent(channelId: ChannelId, liveChatId: string, id: string): void {
    this.#echoes.sent(channelId, id, () => this.#watches.get(channelId)?.hears(liveChatId) ?? false);
  }

  isMembersOnly(channelId: ChannelId, liveChatId: string): boolean {
    return this.#watches.get(channelId)?.isMembersOnly(liveChatId) ?? false;
  }

  wanted(channelId: ChannelId): void {
    this.#watches.get(channelId)?.wanted();
  }

  ended(channelId: ChannelId, liveChatId: string): void {
    this.#watches.get(channelId)?.chatEnded(liveChatId);
  }

  /** Of what the live checks learned: asking again would cost units. */
  async poll(channels: readonly ReadChannel[]): Promise<ReadonlyMap<ChannelId, LiveFact>> {
    const facts = new Map<ChannelId, LiveFact>();
    for (const { channelId } of channels) {
      const fact = this.#watches.get(channelId)?.fact;
      if (fact) facts.set(channelId, fact);
    }
    return facts;
  }

  close(): void {
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
  }

  #watch(channel: ReadChannel): ChannelWatch {
    const { events } = this.#deps;
    const { channelId } = channel;
    return new ChannelWatch({ ...this.#deps, watched: this.#watches }, channel, {
      line: (id, line, isBacklog) => {
        this.#echoes.seen(channelId, id);
        this.#line(channelId, id, line, isBacklog);
      },
      state: (state) => events.state(channelId, this.#echoes.judge(channelId, state)),
      live: (fact) => events.live(channelId, fact),
      sendable: () => events.sendable(channelId),
    });
  }

  #line(channelId: ChannelId, id: string, line: Line, isBacklog: boolean): void {
    const isOwn = this.#deps.own.isOwn(channelId, id, line);
    this.#deps.events.message(toMessage(id, line, { channelId, isBacklog, isOwn }));
  }
}

function isSame(channel: ReadChannel, known: ReadChannel): boolean {
  return channel.target === known.target && channel.ownerUserId === known.ownerUserId;
}
