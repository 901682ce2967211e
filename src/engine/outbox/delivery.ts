/** Hands one message to the platform: one renewal of a refused token, and an end however the platform behaves. */
import type { ChannelId, PlatformMessageId } from '../../lib/brand.ts';
import type { Clock, Timer } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type {
  ChatMessage,
  ChatSender,
  CredentialSource,
  SenderCredential,
  SendOutcome,
} from '../../platforms/platform.ts';
import type { SpeakingChannel } from './row.ts';

interface DeliveryDeps {
  readonly sender: ChatSender;
  readonly credentials: Pick<CredentialSource, 'renewed'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly logPrefix: string;
}

export interface OutgoingMessage {
  readonly text: string;
  readonly answers: PlatformMessageId | null;
}

interface OnTheWire {
  readonly text: string;
  echo: { id: PlatformMessageId | null } | null;
}

const SEND_DEADLINE_MS = 10_000;
/** For a sender that forgets its own deadline: one message must not hold its channel for ever. */
const GRACE_MS = 5000;

export class Delivery {
  readonly #deps: DeliveryDeps;
  /** One message in flight per channel. */
  readonly #onTheWire = new Map<ChannelId, OnTheWire>();

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
  }

  /** @returns what became of it; never `unauthorized` before a renewed token was refused too */
  async deliver(channel: SpeakingChannel, message: OutgoingMessage, as: SenderCredential): Promise<SendOutcome> {
    const onTheWire: OnTheWire = { text: message.text, echo: null };
    this.#onTheWire.set(channel.channelId, onTheWire);
    try {
      let outcome = await this.#send(channel, message, as);
      if (outcome.kind === 'unauthorized') {
        const renewed = await this.#deps.credentials.renewed(as, as.accessToken);
        if (renewed === null) return { kind: 'unavailable', reason: outcome.reason };
        outcome = await this.#send(channel, message, renewed);
      }
      // Our own message came back by chat while its answer was lost.
      if (outcome.kind === 'unconfirmed' && onTheWire.echo) {
        return { kind: 'sent', platformMessageId: onTheWire.echo.id };
      }
      return outcome;
    } catch (error) {
      this.#deps.log.error(`${this.#deps.logPrefix}sender_threw`, { channelId: channel.channelId, error });
      return UNCONFIRMED;
    } finally {
      this.#onTheWire.delete(channel.channelId);
    }
  }

  /** An own message, seen in the chat. */
  echo({ channelId, text, messageId }: ChatMessage): void {
    const onTheWire = this.#onTheWire.get(channelId);
    if (onTheWire?.text === text.trim()) onTheWire.echo = { id: messageId };
  }

  async #send(
    channel: SpeakingChannel,
    { text, answers }: OutgoingMessage,
    as: SenderCredential,
  ): Promise<SendOutcome> {
    const { sender, clock } = this.#deps;
    let timer: Timer | undefined;
    const tooLate = new Promise<SendOutcome>((resolve) => {
      timer = clock.setTimer(SEND_DEADLINE_MS + GRACE_MS, () => resolve(UNCONFIRMED), { unref: true });
    });
    try {
      return await Promise.race([sender.send(channel, text, as, SEND_DEADLINE_MS, answers), tooLate]);
    } finally {
      timer?.cancel();
    }
  }
}

const UNCONFIRMED: SendOutcome = { kind: 'unconfirmed', reason: 'unconfirmed' };
