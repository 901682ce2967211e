/** ULIDs: 26 characters that sort by the moment they were made. */
import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 16;

export function ulid(at: Date): string {
  let time = '';
  for (let left = at.getTime(); time.length < TIME_CHARACTERS; left = Math.floor(left / 32)) {
    time = ALPHABET.charAt(left % 32) + time;
  }
  return time + [...randomBytes(RANDOM_CHARACTERS)].map((byte) => ALPHABET.charAt(byte % 32)).join('');
}
