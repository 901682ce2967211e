/** Page tokens: where in a chat a reader stands, in a form nobody is meant to read. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../src/lib/clock.ts';
import type { Behaviour } from './options.ts';
import { Refusal } from './refusal.ts';

export type TokenKind = 'list' | 'stream';

export class PageTokens {
  readonly #clock: Clock;
  readonly #behaviour: Behaviour;
  #epoch = 0;

  constructor(clock: Clock, behaviour: Behaviour) {
    this.#clock = clock;
    this.#behaviour = behaviour;
  }

  create(chatId: string, position: number, kind: TokenKind): string {
    const parts = [this.#epoch, position, kind, this.#clock.now().getTime(), randomBytes(6).toString('hex'), chatId];
    return Buffer.from(parts.join(' ')).toString('base64url');
  }

  /** @throws Refusal for a token of another chat, of the other transport, too old, or never given out */
  positionIn(chatId: string, token: string, kind: TokenKind): number {
    const text = Buffer.from(token, 'base64url').toString('utf8');
    const [, epoch, position, madeFor, madeAt, madeIn] =
      /^(\d+) (\d+) (list|stream) (\d+) [0-9a-f]{12} (\S+)$/.exec(text) ?? [];
    const { sharesPageTokens, pageTokenSeconds } = this.#behaviour;
    const ageMs = this.#clock.now().getTime() - Number(madeAt);
    if (
      madeIn !== chatId ||
      Number(epoch) !== this.#epoch ||
      (!sharesPageTokens && madeFor !== kind) ||
      (pageTokenSeconds > 0 && ageMs > pageTokenSeconds * 1000)
    ) {
      throw new Refusal('pageTokenInvalid', 'pageToken');
    }
    return Number(position);
  }

  /** No token given out so far works any more. */
  expireAll(): void {
    this.#epoch += 1;
  }
}
