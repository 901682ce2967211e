/** What VK Video Live's DevAPI answers, as far as we read it (docs/platforms/vkvideo.md#devapi-methods). */
import { z } from 'zod';

/** Numbers of 64 bits here, text there: text for us. */
export const id = z.union([z.string().min(1), z.number()]).transform(String);
const text = z.string().nullish().catch(null);
/** Of a name that may be absent or empty. */
const name = z
  .string()
  .nullish()
  .catch(null)
  .transform((value) => value || null);

export const errorAnswer = z.object({ error: z.string().catch('') }).catch({ error: '' });

const socketChannels = z.object({ chat: name, limited_chat: name, info: name, channel_points: name });

/** The last moment there is, in milliseconds. */
const LATEST_MS = 8.64e15;

/** A moment in seconds, or in milliseconds as one of VK's own kits has it (docs/platforms/vkvideo.md#channel-and-stream); null for none. */
export const moment = z
  .number()
  .nonnegative()
  .max(LATEST_MS)
  .nullish()
  .catch(null)
  .transform((value) => (value ? new Date(value < 1e11 ? value * 1000 : value) : null));

const channel = z.object({
  id: id.nullish().catch(null),
  url: text,
  status: text,
  web_socket_channels: socketChannels.nullish().catch(null),
});
const stream = z.object({ id: id.nullish().catch(null), started_at: moment, ended_at: moment });
const channelItem = z.object({ channel, stream: stream.nullish().catch(null) });

export type ChannelItem = z.infer<typeof channelItem>;
export type SocketChannels = z.infer<typeof socketChannels>;

/** `GET /v1/channel` */
export const channelAnswer = z.object({ data: channelItem }).transform(({ data }) => data);

/** `POST /v1/channels`; an entry that cannot be read is as good as none. */
export const channelsAnswer = z
  .object({ data: z.object({ channels: z.array(z.unknown()) }) })
  .transform(({ data }) => data.channels.flatMap((entry) => channelItem.safeParse(entry).data ?? []));

/** `GET /v1/websocket/token` */
export const socketTokenAnswer = z
  .object({ data: z.object({ token: z.string().min(1) }) })
  .transform(({ data }) => data.token);

/** `GET /v1/websocket/subscription_token`: names without access are missing. */
export const subscriptionTokensAnswer = z
  .object({
    data: z.object({
      channel_tokens: z.array(z.object({ channel: z.string(), token: z.string().min(1) })).nullish(),
    }),
  })
  .transform(({ data }) => new Map((data.channel_tokens ?? []).map((entry) => [entry.channel, entry.token])));

/** `GET /v1/chat/messages`: each as in an event, read one by one. */
export const chatMessagesAnswer = z
  .object({ data: z.object({ chat_messages: z.array(z.unknown()) }) })
  .transform(({ data }) => data.chat_messages);

/** `GET /v1/channel_roles/user` */
export const userRolesAnswer = z
  .object({ data: z.object({ roles: z.array(z.object({ id })) }) })
  .transform(({ data }) => data.roles.map((role) => role.id));
