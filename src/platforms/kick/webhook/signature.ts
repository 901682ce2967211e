/** Kick's signature: RSA PKCS#1 v1.5 with SHA-256 over the id, the time and the bytes of a delivery (docs/platforms/kick.md#signature). */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** A key that can only verify. */
export type VerifyingKey = KeyObject;

export interface SignedParts {
  readonly messageId: string;
  /** The header's own text, however odd. */
  readonly timestamp: string;
  readonly rawBody: Buffer;
}

const HEADER = '-----BEGIN PUBLIC KEY-----';
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** @returns null when that is no RSA public key */
export function readPublicKey(text: string): VerifyingKey | null {
  // Environment files keep line breaks as `\n`, and some keep only the base64 body.
  const unfolded = text.replaceAll('\\n', '\n').trim();
  const pem = unfolded.startsWith(HEADER) ? unfolded : `${HEADER}\n${unfolded}\n-----END PUBLIC KEY-----`;
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'rsa' ? key : null;
  } catch {
    return null;
  }
}

/** @returns null when it is no base64 */
export function readSignature(header: string): Buffer | null {
  return BASE64.test(header) && header.length % 4 === 0 ? Buffer.from(header, 'base64') : null;
}

export function isSignedBy(key: VerifyingKey, signature: Buffer, parts: SignedParts): boolean {
  const signed = Buffer.concat([Buffer.from(`${parts.messageId}.${parts.timestamp}.`), parts.rawBody]);
  return verify('sha256', signed, key, signature);
}
