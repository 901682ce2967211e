/** Tokens at rest: an AES-256-GCM envelope that names its key, so that keys can be rotated one row at a time. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** Turns a token into what is stored, and back. */
export interface TokenSeal {
  /** Seals with the first key; without any key the token is stored as it is. */
  seal(token: string): string;
  /**
   * The token behind a stored value. A value without the envelope is a token from before sealing and is returned
   * as it is. Throws when no key fits or the value was changed.
   */
  open(stored: string): string;
  /** Whether `seal` would use the same key today; a value that is not current is sealed again at its next write. */
  isCurrent(stored: string): boolean;
  /** Names of the keys, the sealing one first: equal where the keys are, and of no use to anybody. */
  readonly keyIds: readonly string[];
}

/** Whether a stored value has the envelope; without it, it is a token in clear from before sealing. */
export function isSealed(stored: string): boolean {
  return stored.startsWith(SEALED_PREFIX);
}

/** Before the name of the key and a dot; what was sealed follows. */
export const SEALED_PREFIX = 'sealed.v1.';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

interface SealKey {
  id: string;
  bytes: Buffer;
}

/** @param keys the first encrypts, all decrypt; 32 bytes each */
export function createTokenSeal(keys: readonly Buffer[]): TokenSeal {
  const ring = keys.map(identified);
  const [first] = ring;
  return {
    keyIds: ring.map(({ id }) => id),
    seal: (token) => (first ? sealWith(first, token) : token),
    open(stored) {
      if (!isSealed(stored)) return stored;
      const [keyId = '', payload = ''] = stored.slice(SEALED_PREFIX.length).split('.');
      const key = ring.find(({ id }) => id === keyId);
      if (!key) throw new Error(`No key ${keyId} is configured to decrypt a stored token`);
      return openWith(key, payload);
    },
    isCurrent: (stored) => (first ? stored.startsWith(`${SEALED_PREFIX}${first.id}.`) : !isSealed(stored)),
  };
}

/**
 * Reads a comma-separated list of base64 keys, first the one that encrypts.
 *
 * @throws when one is not 32 bytes; the message says which by its place, never what it is
 */
export function parseSealKeys(list: string): Buffer[] {
  const texts = list.split(',').map((text) => text.trim());
  return texts.filter(Boolean).map((text, index) => {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length !== KEY_BYTES) throw new Error(`key ${index + 1} is not ${KEY_BYTES} bytes of base64`);
    return bytes;
  });
}

function identified(bytes: Buffer): SealKey {
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 12), bytes };
}

function sealWith(key: SealKey, token: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.bytes, iv);
  cipher.setAAD(Buffer.from(SEALED_PREFIX + key.id));
  const sealed = Buffer.concat([iv, cipher.update(token, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${SEALED_PREFIX}${key.id}.${sealed.toString('base64url')}`;
}

function openWith(key: SealKey, payload: string): string {
  const sealed = Buffer.from(payload, 'base64url');
  if (sealed.length < IV_BYTES + TAG_BYTES) throw new Error('A stored token is truncated');
  const decipher = createDecipheriv('aes-256-gcm', key.bytes, sealed.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(SEALED_PREFIX + key.id));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
}
