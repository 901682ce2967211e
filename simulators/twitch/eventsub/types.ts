/** The EventSub subscription types the simulator knows, and who must have allowed them. */
import type { Grants } from '../../world/grants.ts';
import type { Room } from '../room.ts';

export interface EventType {
  readonly version: string;
  readonly condition: readonly string[];
  /** Whether everybody who has to has authorised the application. */
  allows(condition: Record<string, string>, grants: Grants, clientId: string, room: Room | undefined): boolean;
  /** The condition's person whose authorisation the subscription lives by; null when it needs none. */
  readonly authorizedBy: string | null;
}

const anybody = () => true;

export const EVENT_TYPES: Record<string, EventType> = {
  'stream.online': { version: '1', condition: ['broadcaster_user_id'], allows: anybody, authorizedBy: null },
  'stream.offline': { version: '1', condition: ['broadcaster_user_id'], allows: anybody, authorizedBy: null },
  'user.authorization.revoke': { version: '1', condition: ['client_id'], allows: anybody, authorizedBy: null },
  'channel.follow': {
    version: '2',
    condition: ['broadcaster_user_id', 'moderator_user_id'],
    allows: ({ broadcaster_user_id: broadcaster, moderator_user_id: moderator = '' }, grants, clientId, room) =>
      (moderator === broadcaster || (room?.has(moderator, 'moderator') ?? false)) &&
      grants.granted(clientId, moderator).has('moderator:read:followers'),
    authorizedBy: 'moderator_user_id',
  },
  'channel.chat.message': {
    version: '1',
    condition: ['broadcaster_user_id', 'user_id'],
    allows: ({ broadcaster_user_id: broadcaster = '', user_id: reader = '' }, grants, clientId, room) => {
      const granted = grants.granted(clientId, reader);
      const isInvited =
        grants.granted(clientId, broadcaster).has('channel:bot') || (room?.has(reader, 'moderator') ?? false);
      return granted.has('user:read:chat') && granted.has('user:bot') && isInvited;
    },
    authorizedBy: 'user_id',
  },
};
