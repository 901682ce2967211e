/** Tokens for connections and subscriptions: JWTs that VK mints and Centrifugo checks (docs/platforms/vkvideo.md#tokens). */
import { randomBytes } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../../../src/lib/clock.ts';

export type TokenKind = 'connection' | 'subscription';

export type TokenCheck =
  | { kind: 'valid'; userId: string; channel: string | null; secondsLeft: number }
  | { kind: 'expired' }
  | { kind: 'invalid' };

const ALGORITHM = 'HS256';

export class SocketTokens {
  /** Life of tokens minted from now on. */
  seconds: number;
  readonly #clock: Clock;
  readonly #secret = randomBytes(32);
  #minted = 0;
  readonly #lastDead: Record<TokenKind, number> = { connection: 0, subscription: 0 };

  constructor(clock: Clock, seconds: number) {
    this.#clock = clock;
    this.seconds = seconds;
  }

  /** @param channel null for a connection */
  mint(userId: string, channel: string | null): Promise<string> {
    this.#minted += 1;
    const now = this.#nowSeconds();
    return new SignJWT(channel === null ? {} : { channel })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setSubject(userId)
      .setJti(String(this.#minted))
      .setIssuedAt(Math.floor(now))
      .setExpirationTime(Math.ceil(now + this.seconds))
      .sign(this.#secret);
  }

  async check(token: string): Promise<TokenCheck> {
    try {
      const { payload } = await jwtVerify(token, this.#secret, {
        algorithms: [ALGORITHM],
        currentDate: this.#clock.now(),
        requiredClaims: ['sub', 'exp', 'jti'],
      });
      const channel = typeof payload.channel === 'string' ? payload.channel : null;
      const kind = channel === null ? 'connection' : 'subscription';
      if (Number(payload.jti) <= this.#lastDead[kind]) return { kind: 'expired' };
      const secondsLeft = Math.max(1, Math.floor((payload.exp ?? 0) - this.#nowSeconds()));
      return { kind: 'valid', userId: payload.sub ?? '', channel, secondsLeft };
    } catch (error) {
      return { kind: error instanceof errors.JWTExpired ? 'expired' : 'invalid' };
    }
  }

  /** Every token of the kind minted so far is refused as expired. */
  expireAll(kind: TokenKind): void {
    this.#lastDead[kind] = this.#minted;
  }

  #nowSeconds(): number {
    return this.#clock.now().getTime() / 1000;
  }
}
