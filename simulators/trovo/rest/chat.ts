/** REST: tokens for the chat socket, and messages into a chat (docs/platforms/trovo.md#sending, docs/platforms/trovo.md#chat-token). */
import { z } from 'zod';
import { Refusal } from '../errors.ts';
import type { Room } from '../room.ts';
import type { TrovoState } from '../state.ts';
import { bodyOf, idSchema, personWith, type Request } from './caller.ts';
import { runCommand } from './commands.ts';

/** Not documented; as long as a known client splits its messages (docs/platforms/trovo.md#send). */
const TEXT_MAX_UNITS = 500;

/** For the caller's own channel. */
export function ownChatToken(request: Request): unknown {
  const person = personWith(request, 'chat_connect');
  return { token: request.state.chatTokens.issue(request.state.rooms.open(person).id) };
}

/** For any channel; whoever has an application may read. */
export function channelChatToken({ state, parts }: Request): unknown {
  return { token: state.chatTokens.issue(roomWith(state, parts[0]).id) };
}

/** Many channels, for applications on a list that ours is not on. */
export function shardToken({ call }: Request): unknown {
  const current = Number(call.query.get('current_shard'));
  const total = Number(call.query.get('total_shard'));
  const isSound = Number.isInteger(current) && Number.isInteger(total) && current >= 0 && current < total;
  throw new Refusal(isSound ? 11709 : 11708);
}

/** Says nothing of what became of it: no id, no channel. */
export function sendChat(request: Request): unknown {
  const { state, call, application } = request;
  const author = personWith(request, 'chat_send_self');
  const { content, channel_id: id } = bodyOf(call, z.object({ content: z.string(), channel_id: idSchema.optional() }));
  const room = id === undefined ? state.rooms.open(author) : roomWith(state, id);
  const text = content.replace(/[\r\n]+/g, ' ').trim();
  if (text === '' || text.length > TEXT_MAX_UNITS) throw new Refusal(1002);
  const isAdmitted = state.tokens.granted(application.id, room.owner.id).has('send_to_my_channel');
  if (room.owner !== author && !isAdmitted) throw new Refusal(11707);
  state.chat.post(room, author, text);
  return {};
}

export function deleteMessage(request: Request): unknown {
  const { state, parts } = request;
  const person = personWith(request, 'manage_messages');
  const [channelId, messageId, authorId] = parts;
  const room = roomWith(state, channelId);
  if (!room.isExempt(person.id)) throw new Refusal(10703);
  const found = room.history.findIndex(({ message_id: id, uid }) => id === messageId && String(uid) === authorId);
  if (found < 0) throw new Refusal(1002);
  room.history.splice(found, 1);
  return {};
}

/** A refusal comes as a success that says no. */
export function command(request: Request): unknown {
  const person = personWith(request, 'manage_messages');
  const given = bodyOf(request.call, z.object({ command: z.string(), channel_id: idSchema }));
  const room = roomWith(request.state, given.channel_id);
  const isAllowed = room.isExempt(person.id);
  const answer = isAllowed ? runCommand(request.state, room, given.command) : "You don't have permission to do that.";
  return typeof answer === 'string'
    ? { is_success: false, display_msg: answer }
    : { is_success: true, display_msg: answer.done };
}

function roomWith({ rooms }: TrovoState, id: string | undefined): Room {
  const room = rooms.byId(id ?? '');
  if (!room) throw new Refusal(10505);
  return room;
}
