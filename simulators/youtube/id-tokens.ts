/** The signed answer to `openid`: who the person is. */
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { Clock } from '../../src/lib/clock.ts';

const KEY_ID = 'simulated-key';
const LIFE_SECONDS = 3600;

export class IdTokens {
  readonly #clock: Clock;
  #pair: Promise<{ privateKey: CryptoKey; publicKey: CryptoKey }> | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async sign(clientId: string, claims: Record<string, string>): Promise<string> {
    const { privateKey } = await this.#keyPair();
    const now = Math.floor(this.#clock.now().getTime() / 1000);
    return new SignJWT({ azp: clientId, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: KEY_ID, typ: 'JWT' })
      .setIssuer('https://accounts.google.com')
      .setAudience(clientId)
      .setIssuedAt(now)
      .setExpirationTime(now + LIFE_SECONDS)
      .sign(privateKey);
  }

  async keys(): Promise<{ keys: JWK[] }> {
    const { publicKey } = await this.#keyPair();
    return { keys: [{ ...(await exportJWK(publicKey)), kid: KEY_ID, alg: 'RS256', use: 'sig' }] };
  }

  #keyPair() {
    this.#pair ??= generateKeyPair('RS256');
    return this.#pair;
  }
}
