/** The key Kick signs deliveries with, and how it signs. */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** Made once a process: a key costs a tenth of a second, and tests start many simulators. */
const pool: { private: KeyObject; publicPem: string }[] = [];

function keyNumber(number: number): { private: KeyObject; publicPem: string } {
  for (let next = pool.length; next <= number; next += 1) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
    pool.push({ private: privateKey, publicPem });
  }
  const key = pool[number];
  if (!key) throw new Error(`no key ${number}`);
  return key;
}

const FORGER = 0;

export class SigningKey {
  /** While true the endpoint that tells the key answers 503. */
  isUnavailable = false;
  #number = FORGER + 1;

  get publicPem(): string {
    return keyNumber(this.#number).publicPem;
  }

  /** From now on another key signs, and is the one told. */
  rotate(): void {
    this.#number += 1;
  }

  sign(id: string, timestamp: string, body: Buffer): string {
    return signed(keyNumber(this.#number).private, id, timestamp, body);
  }

  /** By somebody who is not Kick. */
  forge(id: string, timestamp: string, body: Buffer): string {
    return signed(keyNumber(FORGER).private, id, timestamp, body);
  }
}

/** What a signature covers: the header texts as they are sent and the bytes as they travel (docs/platforms/kick.md#signature). */
export function signedBytes(id: string, timestamp: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
}

function signed(key: KeyObject, id: string, timestamp: string, body: Buffer): string {
  return sign('sha256', signedBytes(id, timestamp, body), key).toString('base64');
}
