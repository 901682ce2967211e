/** `POST` and `DELETE` of chat messages (docs/platforms/kick.md#send-chat, docs/platforms/kick.md#delete-chat). */
import { z } from 'zod';
import type { Answer, Call } from '../../world/host.ts';
import type { Person } from '../../world/people.ts';
import type { Channel } from '../channel.ts';
import type { Chat } from '../chat.ts';
import type { KickState } from '../state.ts';
import { badRequest, bodyOf, type Caller, forbidden, ok, personWith, Refusal } from './caller.ts';

const TEXT_MAX_CODE_POINTS = 500;
/** Kick publishes no limit; this one is generous for whoever paces himself and stops whoever does not. */
const WINDOW_MS = 10_000;
const WINDOW_MAX = 20;

const bodySchema = z.object({
  type: z.enum(['user', 'bot']),
  content: z.string(),
  broadcaster_user_id: z.number().int().optional(),
  reply_to_message_id: z.uuid().optional(),
});

export interface ChatSwitches {
  /** `type: "bot"` answers 500, as reported by many applications (docs/platforms/kick.md#ten-facts-that-decide-the-design). */
  isBotBroken: boolean;
  /** So many next messages are answered 200 with `is_sent: false`. */
  notSent: number;
}

export class ChatApi {
  readonly switches: ChatSwitches = { isBotBroken: false, notSent: 0 };
  readonly #state: KickState;
  readonly #chat: Chat;
  readonly #hasLimits: boolean;
  readonly #sentAtMs = new Map<string, number[]>();

  constructor(state: KickState, chat: Chat, hasLimits: boolean) {
    this.#state = state;
    this.#chat = chat;
    this.#hasLimits = hasLimits;
  }

  send(call: Call, caller: Caller): Answer {
    const owner = personWith(caller, 'chat:write');
    const { type, content, broadcaster_user_id: target, reply_to_message_id: replyTo } = bodyOf(bodySchema, call);
    if (content.trim() === '') throw badRequest('content is required');
    if ([...content].length > TEXT_MAX_CODE_POINTS) throw badRequest('content is too long');
    if (type === 'user' && target === undefined) throw badRequest('broadcaster_user_id is required');
    const author = type === 'bot' ? this.#bot() : owner;
    // A bot speaks in the channel of whoever holds the token, whichever is named (docs/platforms/kick.md#ten-facts-that-decide-the-design).
    const channel = this.#state.channels.get(type === 'bot' ? owner.id : String(target));
    if (!channel) throw badRequest('Channel not found');
    if (!channel.admits(author.id, this.#nowMs())) throw forbidden();
    this.#checkWindow(author, channel);
    if (this.switches.notSent > 0) {
      this.switches.notSent -= 1;
      return ok({ is_sent: false, message_id: '' });
    }
    const { id } = this.#chat.show({ channel, author, text: content, transport: 'api', replyTo });
    return ok({ is_sent: true, message_id: id });
  }

  remove(id: string, caller: Caller): Answer {
    const person = personWith(caller, 'moderation:chat_message:manage');
    const channel = [...this.#state.channels.values()].find((each) => each.line(id) !== undefined);
    if (!channel) throw new Refusal(404, 'Not Found');
    if (!channel.isModerator(person.id)) throw forbidden();
    channel.remove(id);
    return { status: 204 };
  }

  #bot(): Person {
    if (this.switches.isBotBroken) throw new Refusal(500, 'Internal Server Error');
    const { bot } = this.#state.application;
    if (!bot) throw badRequest('Channel not found');
    return bot;
  }

  #checkWindow(author: Person, channel: Channel): void {
    if (!this.#hasLimits) return;
    const nowMs = this.#nowMs();
    const key = `${author.id} ${channel.id}`;
    const recent = (this.#sentAtMs.get(key) ?? []).filter((at) => nowMs - at < WINDOW_MS);
    if (recent.length >= WINDOW_MAX) throw new Refusal(429, 'Too Many Requests');
    this.#sentAtMs.set(key, [...recent, nowMs]);
  }

  #nowMs(): number {
    return this.#state.clock.now().getTime();
  }
}
