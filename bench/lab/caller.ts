/** Streamers' calls of the API over connections that stay open, as a panel makes them. */
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { issueSession } from '../../src/accounts/sessions.ts';
import type { ChannelId, UserId } from '../../src/lib/brand.ts';
import type { BenchChannel } from './seed.ts';
import type { World } from './world.ts';

export interface Caller {
  readonly channel: BenchChannel;
  /** @throws Error with the answer when it is no success */
  call(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object): Promise<void>;
}

const SESSION_SECONDS = 3600;

/** One signed-in streamer for each channel. */
export async function signIn(
  world: Pick<World, 'pg' | 'jwtSecret'>,
  apiUrl: string,
  channels: readonly BenchChannel[],
): Promise<Caller[]> {
  const { rows } = await world.pg.query<{ id: UserId; channelId: ChannelId }>(
    `insert into "User" ("displayName", role, "channelId") select id, 'streamer', id from unnest($1::text[]) as id
     returning id, "channelId"`,
    [channels.map(({ id }) => id)],
  );
  const userOf = new Map(rows.map(({ id, channelId }) => [channelId as string, id]));
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return Promise.all(
    channels.map(async (channel) => {
      const userId = userOf.get(channel.id) as UserId;
      const session = { userId, role: 'streamer', channelId: channel.id as ChannelId } as const;
      const token = await issueSession(session, world.jwtSecret, SESSION_SECONDS, new Date());
      return { channel, call: (method, path, body) => call(agent, apiUrl + path, method, token, body) };
    }),
  );
}

function call(agent: Agent, url: string, method: string, token: string, body?: object): Promise<void> {
  const payload = body === undefined ? '' : JSON.stringify(body);
  const described = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) };
  const headers = { cookie: `token=${token}`, ...(body === undefined ? {} : described) };
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers }, async (response) => {
      const answer = await text(response);
      if (response.statusCode === 200) resolve();
      else reject(new Error(`${method} ${url} answers ${response.statusCode}: ${answer}`));
    });
    sent.on('error', reject);
    sent.end(payload);
  });
}
