import { once } from 'node:events';
import { Agent, request } from 'node:http';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { startApiWorld } from '../../test/support/api-world.ts';
import { createTestDatabase } from '../../test/support/database.ts';

const { url } = await createTestDatabase();
const WINDOW = '/streamer/credits/reconnect-window';

test('a stop answers what is under way, and what still comes on a connection that is in use', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const line = (method: string, body = '') =>
    `${method} ${WINDOW} HTTP/1.1\r\nhost: x\r\ncookie: token=${who.token}\r\ncontent-type: application/json\r\n` +
    `content-length: ${body.length}\r\n\r\n${body}`;
  const holder = await api.pg.connect();
  await holder.query('begin');
  await holder.query('select from "Channel" where id = $1 for update', [who.channelId]);

  const socket = net.connect(api.port, '127.0.0.1');
  const answers = text(socket);
  socket.write(line('POST', '{"minutes":7}'));
  const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  await expect.poll(async () => (await api.pg.query(waiting)).rowCount).toBe(1);
  const closed = api.close();
  await expect.poll(() => refusesConnections(api.port)).toBe(true);
  socket.write(line('GET'));
  await holder.query('commit');
  holder.release();

  await closed;
  const [first, second, ...more] = (await answers).split('HTTP/1.1 ').slice(1);
  expect([first, second, more]).toEqual([
    expect.stringMatching(/^200 .*\{"creditsReconnectWindowMinutes":7\}$/s),
    expect.stringMatching(/^200 .*connection: close.*\{"creditsReconnectWindowMinutes":\d+\}$/is),
    [],
  ]);
});

test('a connection whose request was under way when the stop began does not keep the process', async () => {
  const api = await startApiWorld(url);
  const who = await api.streamer();
  const holder = await api.pg.connect();
  await holder.query('begin');
  await holder.query('select from "Channel" where id = $1 for update', [who.channelId]);
  const agent = new Agent({ keepAlive: true });
  const body = '{"minutes":7}';
  const headers = {
    cookie: `token=${who.token}`,
    'content-type': 'application/json',
    'content-length': body.length,
  };
  const asked = request({ port: api.port, host: '127.0.0.1', method: 'POST', path: WINDOW, agent, headers });
  asked.end(body);
  const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  await expect.poll(async () => (await api.pg.query(waiting)).rowCount).toBe(1);
  const closed = api.close();
  await expect.poll(() => refusesConnections(api.port)).toBe(true);
  await holder.query('commit');
  holder.release();
  const [response] = await once(asked, 'response');
  expect(response.statusCode).toBe(200);
  response.resume();
  // Kept alive, the connection would last 72 s.
  await closed;
});

async function refusesConnections(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}
