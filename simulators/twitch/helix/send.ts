/** `POST /chat/messages`: the same room as on IRC, with an answer that says what became of the message. */
import { z } from 'zod';
import type { Call } from '../../world/host.ts';
import { REFUSALS } from '../irc/refusals.ts';
import type { TwitchState } from '../state.ts';
import { type Caller, Refusal } from './caller.ts';
import { roomById } from './reads.ts';

const TEXT_MAX_CHARACTERS = 500;

const bodySchema = z.object({
  broadcaster_id: z.string().optional(),
  sender_id: z.string().optional(),
  message: z.string().optional(),
  reply_parent_message_id: z.string().optional(),
  for_source_only: z.boolean().optional(),
});
type Body = z.infer<typeof bodySchema>;

/** What Helix calls a rule differs from IRC's code in this one place. */
const DROP_CODES: Record<string, string> = { msg_timedout: 'user_timed_out', unrecognized_cmd: 'msg_rejected' };

export function sendMessage(state: TwitchState, { query, body }: Call, caller: Caller): unknown {
  const given = parsed(body);
  const senderId = given.sender_id ?? query.get('sender_id');
  const room = roomById(state, given.broadcaster_id ?? query.get('broadcaster_id'));
  const author = state.people.byId(senderId);
  if (!author) throw new Refusal(400, 'Invalid sender_id');
  const text = given.message ?? '';
  if (text.trim() === '') throw new Refusal(400, 'The parameter "message" was missing');
  authorize(state, caller, author.id, room.id, room.has(author.id, 'moderator'));
  if (!caller.person && given.for_source_only === undefined) given.for_source_only = true;
  if (caller.person && given.for_source_only !== undefined) {
    throw new Refusal(400, 'for_source_only is not available with a user access token');
  }
  if ([...text].length > TEXT_MAX_CHARACTERS) throw new Refusal(422, 'The message is too large');
  const parent = given.reply_parent_message_id;
  if (parent !== undefined && !state.chat.isKnown(parent)) {
    throw new Refusal(400, 'Message cannot be replied to.', { data: [] });
  }
  if (room.exclusionOf(author.id, state.clock.monotonicMs()) === 'banned') {
    throw new Refusal(403, 'The sender is not permitted to send chat messages to this channel');
  }
  const posted = state.chat.post({
    room,
    author,
    text,
    transport: 'helix',
    replyToId: parent,
    sourceOnly: given.for_source_only ?? false,
  });
  return { data: [answerFor(posted)] };
}

function answerFor(posted: ReturnType<TwitchState['chat']['post']>): Record<string, unknown> {
  if ('message' in posted) return { message_id: posted.message.id, is_sent: true, drop_reason: null };
  const code = posted.code === null ? 'msg_rejected' : (DROP_CODES[posted.code] ?? posted.code);
  const message = REFUSALS[posted.code ?? code] ?? 'Your message was not sent.';
  return { message_id: '', is_sent: false, drop_reason: { code, message } };
}

/** An app token carries no scopes: what counts is what sender and broadcaster granted this application. */
function authorize(state: TwitchState, caller: Caller, senderId: string, broadcasterId: string, isMod: boolean): void {
  const { token, person } = caller;
  if (person) {
    if (person.id !== senderId) throw new Refusal(401, 'The ID in sender_id must match the user ID of the token');
    if (!token.scopes.includes('user:write:chat')) throw new Refusal(401, 'Missing scope: user:write:chat');
    return;
  }
  const granted = state.grants.granted(token.clientId, senderId);
  if (!granted.has('user:write:chat') || !granted.has('user:bot')) {
    throw new Refusal(401, 'The sender must have authorized the app with the user:write:chat and user:bot scopes.');
  }
  if (!isMod && !state.grants.granted(token.clientId, broadcasterId).has('channel:bot')) {
    throw new Refusal(401, 'The broadcaster must have authorized the app with the channel:bot scope.');
  }
}

function parsed(body: Buffer): Body {
  try {
    return bodySchema.parse(JSON.parse(body.toString('utf8')));
  } catch {
    throw new Refusal(400, 'The request body is malformed');
  }
}
