/** Chat lines: taken over, remembered, and told to whoever subscribed. */
import { randomUUID } from 'node:crypto';
import { epochMs } from '../world/host.ts';
import type { Person } from '../world/people.ts';
import type { Badge, Channel, Line } from './channel.ts';
import { CHAT } from './events/catalogue.ts';
import type { Events } from './events/events.ts';
import type { Quirk } from './events/quirks.ts';
import type { KickState } from './state.ts';

export interface NewLine {
  readonly channel: Channel;
  readonly author: Person;
  readonly text: string;
  /** `api` for what an application sent, `script` for people of the simulation. */
  readonly transport: 'api' | 'script';
  readonly replyTo?: string | undefined;
  readonly badges?: readonly Badge[] | undefined;
  readonly agoMs?: number | undefined;
  readonly quirks?: readonly Quirk[] | undefined;
}

export class Chat {
  /** Whether what applications send comes back to them as an event; likely, not documented (docs/platforms/kick.md#send-chat). */
  echoes = true;
  readonly #state: KickState;
  readonly #events: Events;
  #count = 0;

  constructor(state: KickState, events: Events) {
    this.#state = state;
    this.#events = events;
  }

  show({ channel, author, text, transport, replyTo, badges, agoMs = 0, quirks = [] }: NewLine): Line {
    const nowMs = this.#state.clock.now().getTime();
    const at = new Date(nowMs - agoMs);
    const id = randomUUID();
    const parent = replyTo === undefined ? undefined : channel.line(replyTo);
    const worn = badges ?? channel.badgesOf(author.id);
    const facts = { id, channel, author, text, badges: worn, parent, at };
    const body = this.#events.payloads(quirks).chatMessage(facts);
    this.#count += 1;
    const line = { id, author, text, body, number: this.#count };
    channel.add(line, nowMs);
    this.#state.log.add({
      id,
      channel: channel.owner.login,
      channelId: channel.id,
      author: author.login,
      authorId: author.id,
      text,
      transport,
      replyTo: replyTo ?? null,
      arrivedAtMs: epochMs(),
    });
    if (transport === 'script' || this.echoes) this.#events.publish(CHAT, channel, body, at);
    return line;
  }
}
