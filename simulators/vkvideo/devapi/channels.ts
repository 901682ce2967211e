/** Methods about people, channels and streams (docs/platforms/vkvideo.md#current-user, docs/platforms/vkvideo.md#channel-and-stream). */
import { z } from 'zod';
import { shownChannel, shownInBatch, shownPerson, shownStream } from '../shapes.ts';
import { bodyOf, data, done, type Methods, queryOf, Refused } from './method.ts';

const BATCH_MAX = 100;
const batchBody = z.object({ channels: z.array(z.object({ url: z.string() })).max(BATCH_MAX) });
const streamBody = z.object({ stream: z.object({ title: z.string().optional() }) });

export const channelMethods: Methods = {
  'GET /v1/current_user': {
    by: 'user',
    inChannel: false,
    run({ channels }, { person }) {
      const owned = channels.ownedBy(person).map(({ slug }) => ({ url: slug }));
      const user = { ...shownPerson(person), is_streamer: owned.length > 0 };
      // An account without a channel has no such key.
      return data({ user, ...(owned[0] ? { channel: owned[0] } : {}), channels: owned });
    },
  },
  'GET /v1/channel': {
    by: 'any',
    inChannel: true,
    run: (_state, { channel, person }) => data(shownChannel(channel, person?.id ?? null)),
  },
  'POST /v1/channels': {
    by: 'any',
    inChannel: false,
    run({ channels }, { call, person }) {
      const asked = bodyOf(call, batchBody).channels.map(({ url }) => channels.byUrl(url));
      const found = asked.filter((channel) => channel !== undefined);
      return data({ channels: found.map((channel) => shownInBatch(channel, person?.id ?? null)) });
    },
  },
  'GET /v1/stream': {
    by: 'any',
    inChannel: false,
    run({ channels }, { call, person }) {
      const channel = channels.byStream(queryOf(call, 'stream_id'));
      if (!channel?.stream) throw new Refused(404, 'stream_not_found', 'Stream not found');
      return data(shownStream(channel, channel.stream, person?.id ?? null));
    },
  },
  'GET /v1/channel/credentials': {
    by: 'user',
    scope: 'channel:credentials',
    only: 'owner',
    inChannel: true,
    run: (_state, { channel }) => data({ url: 'rtmp://127.0.0.1/input', token: `key-of-${channel.id}` }),
  },
  'POST /v1/channel/stream/edit': {
    by: 'user',
    scope: 'channel:stream:settings',
    only: 'owner',
    inChannel: true,
    run(_state, { call, channel }) {
      const { title } = bodyOf(call, streamBody).stream;
      if (channel.stream && title !== undefined) channel.stream.title = title;
      return done;
    },
  },
};
