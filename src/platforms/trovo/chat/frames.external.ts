/** What comes over Trovo's chat socket, and what goes there (docs/platforms/trovo.md#frames, docs/platforms/trovo.md#chat-frame). */
import { z } from 'zod';
import { idText, seconds } from '../rest/rest.external.ts';

const text = z.string().nullish().catch(null);

/** Every member may be missing or of another type: only `type` decides, and one bad item spoils no other. */
export const chatItem = z.object({
  type: z.union([z.number(), z.string().trim().min(1).transform(Number)]).pipe(z.number()),
  content: z
    .union([z.string(), z.number().transform(String)])
    .nullish()
    .catch(null),
  message_id: z
    .union([z.string(), z.number().transform(String)])
    .nullish()
    .catch(null),
  uid: idText.nullish().catch(null),
  sender_id: idText.nullish().catch(null),
  user_name: text,
  nick_name: text,
  avatar: text,
  roles: z.array(z.string()).nullish().catch(null),
  /** JSON in a text, possibly the text `null`. */
  custom_role: text,
  /** Unix seconds; whatever cannot be that is as good as missing. */
  send_time: seconds.nullish().catch(null),
});

export type ChatItem = z.infer<typeof chatItem>;

export const customRoles = z.array(z.object({ roleType: z.number().catch(0) }));

const gap = z.object({ gap: z.number() }).nullish().catch(null);
const nonce = z.string().catch('');

/** One frame; `null` for what is none. */
export const frame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('RESPONSE'), nonce, error: z.unknown().optional(), data: gap }),
  z.object({ type: z.literal('PONG'), nonce, data: gap }),
  z.object({ type: z.literal('PING'), nonce }),
  z.object({
    type: z.literal('CHAT'),
    channel_info: z
      .object({ channel_id: idText.nullish().catch(null) })
      .nullish()
      .catch(null),
    data: z
      .object({ eid: z.string().nullish().catch(null), chats: z.array(z.unknown()).nullish().catch(null) })
      .nullish()
      .catch(null),
  }),
]);

export type Frame = z.infer<typeof frame>;
export type ChatFrame = Extract<Frame, { type: 'CHAT' }>;

export function authFrame(frameNonce: string, token: string): string {
  return JSON.stringify({ type: 'AUTH', nonce: frameNonce, data: { token } });
}

export function pingFrame(frameNonce: string): string {
  return JSON.stringify({ type: 'PING', nonce: frameNonce });
}

export function pongFrame(frameNonce: string): string {
  return JSON.stringify({ type: 'PONG', nonce: frameNonce });
}
