/** Tells our own lines from those of people: by what was sent, and by who wrote it where that says enough. */
import type { ChannelId, PlatformUserId } from '../../../lib/brand.ts';
import type { SendOutcome } from '../../worker-side.ts';
import type { Line } from './message.ts';

const KEPT = 2000;

export class OwnMessages {
  readonly #isOwnAccount: (id: PlatformUserId) => boolean;
  /** Ids that inserting answered with, oldest first. */
  readonly #sent = new Set<string>();
  /** Texts whose answer is awaited: their echo may come first. */
  readonly #onTheWay = new Map<ChannelId, string>();

  constructor(isOwnAccount: (id: PlatformUserId) => boolean) {
    this.#isOwnAccount = isOwnAccount;
  }

  async sending(channelId: ChannelId, text: string, send: () => Promise<SendOutcome>): Promise<SendOutcome> {
    this.#onTheWay.set(channelId, text);
    try {
      const outcome = await send();
      if (outcome.kind === 'sent' && outcome.platformMessageId) this.#remember(outcome.platformMessageId);
      return outcome;
    } finally {
      this.#onTheWay.delete(channelId);
    }
  }

  /** A streamer whose account is the bot's too is only told from the bot by what the bot said (docs/platforms/youtube.md#pitfalls). */
  isOwn(channelId: ChannelId, id: string, { author, text }: Line): boolean {
    if (this.#sent.has(id)) return true;
    if (!this.#isOwnAccount(author.channelId as PlatformUserId)) return false;
    return !author.isChatOwner || this.#onTheWay.get(channelId) === text;
  }

  #remember(id: string): void {
    this.#sent.add(id);
    const [oldest] = this.#sent;
    if (this.#sent.size > KEPT && oldest !== undefined) this.#sent.delete(oldest);
  }
}
