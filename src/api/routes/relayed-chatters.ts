/** Chatters as workers relay them: what the schema says of one, and the short way for the thousands of a batch (docs/contract/http-api.md#relay-a-chatter). */
import type { FastifySchemaCompiler } from 'fastify';
import { z } from 'zod';
import { shownName } from '../../credits/name.ts';
import type { Chatter } from '../../credits/roll.ts';
import { plainText } from '../../lib/plain-text.ts';
import { boundedValidatorCompiler, CUT, ROOM_TO_TRIM, UNNAMED_LIMIT } from '../plugins/bounds.ts';

const MAX_USER_ID = 200;
const MAX_CHATTERS = 4000;
const MAX_AVATAR_URL = 500;

const plain = z.string().min(1, 'must not be empty');
export const slug = z
  .string()
  .transform(plainText)
  .pipe(plain)
  .transform((raw) => raw.toLowerCase());
const userId = z
  .string()
  .meta({ maxLength: MAX_USER_ID })
  .transform(plainText)
  .pipe(plain.max(MAX_USER_ID, `must be at most ${MAX_USER_ID} characters`));
/** Cut, however long it is: a name is no reason to lose the chatter either. */
export const name = z.string().meta(CUT).transform(plainText).pipe(plain).transform(shownName);
/** Anything but a short http(s) address is no reason to lose the chatter. */
export const avatarUrl = z
  .unknown()
  .meta(CUT)
  .optional()
  .transform((raw) => shownAvatar(raw));

const chatter = z.object({ channelSlug: slug, userId, displayName: name, avatarUrl });
export const chatterBody = z.union([chatter, z.array(chatter).max(MAX_CHATTERS)]);

/** A schema looks at every field several times. In a full batch that takes longer than all other work of this process. */
export const chatterValidator: FastifySchemaCompiler<unknown> = (route) => {
  const validate = boundedValidatorCompiler({ ...route, schema: chatterBody });
  return (data: unknown) => {
    const chatters = readChatters(data);
    return chatters === null ? validate(data) : { value: chatters };
  };
};

/** @returns what the schema makes of a batch; null where the schema has to say what is wrong, and of anything but a batch */
export function readChatters(body: unknown): Chatter[] | null {
  if (!Array.isArray(body) || body.length > MAX_CHATTERS) return null;
  const chatters: Chatter[] = [];
  for (const entry of body) {
    const read = readChatter(entry);
    if (read === null) return null;
    chatters.push(read);
  }
  return chatters;
}

function readChatter(entry: unknown): Chatter | null {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return null;
  const { channelSlug, userId, displayName, avatarUrl } = entry as Record<string, unknown>;
  if (typeof channelSlug !== 'string' || channelSlug.length > UNNAMED_LIMIT) return null;
  if (typeof userId !== 'string' || userId.length > MAX_USER_ID * ROOM_TO_TRIM) return null;
  if (typeof displayName !== 'string') return null;
  const read = {
    channelSlug: plainText(channelSlug).toLowerCase(),
    userId: plainText(userId),
    displayName: shownName(displayName),
    avatarUrl: shownAvatar(avatarUrl),
  };
  const isWhole = read.channelSlug !== '' && read.userId !== '' && read.displayName !== '';
  return isWhole && read.userId.length <= MAX_USER_ID ? read : null;
}

function shownAvatar(raw: unknown): string | null {
  return typeof raw === 'string' && raw.length <= MAX_AVATAR_URL && /^https?:\/\//i.test(raw) ? raw : null;
}
