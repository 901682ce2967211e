/** `/moderation/bans` (docs/platforms/kick.md#moderation). */
import { z } from 'zod';
import type { Answer, Call } from '../../world/host.ts';
import type { Happenings } from '../happenings.ts';
import type { KickState } from '../state.ts';
import { badRequest, bodyOf, type Caller, forbidden, ok, personWith } from './caller.ts';

const MINUTE_MS = 60_000;

const bodySchema = z.object({
  broadcaster_user_id: z.number().int(),
  user_id: z.number().int(),
  /** In minutes; absent is for good. */
  duration: z.number().int().min(1).max(10_080).optional(),
  reason: z.string().max(100).optional(),
});

/** @returns null for a method there is not */
export function bans(state: KickState, happenings: Happenings, call: Call, caller: Caller): Answer | null {
  const moderator = personWith(caller, 'moderation:ban');
  if (call.method !== 'POST' && call.method !== 'DELETE') return null;
  const { broadcaster_user_id: broadcaster, user_id: user, duration, reason = '' } = bodyOf(bodySchema, call);
  const channel = state.channels.get(String(broadcaster));
  const person = state.people.byId(String(user));
  if (!channel) throw badRequest('Channel not found');
  if (!person) throw badRequest('User not found');
  if (!channel.isModerator(moderator.id)) throw forbidden();
  if (call.method === 'DELETE') channel.unban(person.id);
  else happenings.ban(channel, person, { moderator, reason, durationMs: duration && duration * MINUTE_MS });
  return ok({});
}
