/** Methods about chats: writing, reading back, who is there (docs/platforms/vkvideo.md#send-message, docs/platforms/vkvideo.md#chat-reads). */
import { z } from 'zod';
import { messageBody } from '../parts.ts';
import { shownBadges, shownMember, shownMessage, shownRoles, unixSeconds } from '../shapes.ts';
import { bodyOf, data, done, limitOf, type Methods, queryOf, Refused } from './method.ts';

const settingsBody = z.object({
  chat_settings: z
    .object({
      allow_access: z.enum(['all', 'followers']),
      allow_access_after: z.number(),
      any_message_timeout: z.number(),
      same_message_timeout: z.number(),
      follow_alert: z.boolean(),
      subscription_alert: z.boolean(),
    })
    .partial(),
});
const SHOWN_MODE = {
  general: { is_caps_prohibited: false, is_links_prohibited: false, is_ru_en_numbers: false },
  only_smiles: {},
};

export const chatMethods: Methods = {
  'POST /v1/chat/message/send': {
    by: 'user',
    scope: 'chat:message:send',
    inChannel: true,
    run({ chat }, { call, channel, person }) {
      const streamId = queryOf(call, 'stream_id');
      // VK's own code for this is not known (docs/platforms/vkvideo.md#tricky-cases, case 20).
      if (!channel.isLive || channel.stream?.id !== streamId) throw new Refused(400, 'stream_not_found');
      const refusal = chat.post({ channel, author: person, parts: bodyOf(call, messageBody).parts });
      if (refusal) throw new Refused(refusal.status, refusal.error);
      return done;
    },
  },
  'GET /v1/chat/messages': {
    by: 'any',
    inChannel: true,
    run({ chat }, { call, channel }) {
      const limit = limitOf(call);
      if (!channel.stream) throw new Refused(404, 'chat_not_found', 'Chat not found');
      return data({ chat_messages: chat.messagesIn(channel, limit).map(shownMessage) });
    },
  },
  'GET /v1/chat/members': {
    by: 'any',
    inChannel: true,
    run(_state, { call, channel }) {
      const members = [...channel.members.values()].slice(0, limitOf(call));
      return data({ users: members.map((member) => shownMember(channel, member)) });
    },
  },
  'GET /v1/chat/member': {
    by: 'any',
    inChannel: true,
    run({ chat, people }, { call, channel }) {
      const user = people.byId(queryOf(call, 'user_id'));
      if (!user) throw new Refused(404, 'user_not_found', 'User not found');
      const rights = { badges: shownBadges(channel, user), roles: shownRoles(channel, user) };
      return data({
        channel: { url: channel.slug, status: channel.isLive ? 'online' : 'offline' },
        user: { ...shownMember(channel, user), registered_at: unixSeconds(user.createdAt), ...rights },
        statistics: {
          chat_messages_count: chat.countOf(channel, user),
          total_watched_time: 600,
          temporary_bans_count: 0,
          permanent_bans_count: 0,
        },
      });
    },
  },
  'GET /v1/chat/settings': {
    by: 'user',
    scope: 'chat:settings',
    only: 'moderator',
    inChannel: true,
    run: (_state, { channel }) => data({ chat_settings: { ...channel.settings, mode: SHOWN_MODE } }),
  },
  'POST /v1/chat/settings/edit': {
    by: 'user',
    scope: 'chat:settings',
    only: 'moderator',
    inChannel: true,
    run(_state, { call, channel }) {
      Object.assign(channel.settings, bodyOf(call, settingsBody).chat_settings);
      return done;
    },
  },
};
