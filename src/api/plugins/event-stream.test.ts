import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { systemClock } from '../../lib/clock.ts';
import { type EventStream, openEventStream } from './event-stream.ts';

test('a reader that takes nothing is let go before it costs memory, and is written to no more', async () => {
  const opened = Promise.withResolvers<EventStream>();
  const app = Fastify();
  app.get('/events', async (_request, reply) => opened.resolve(openEventStream(reply, systemClock)));
  await app.listen({ port: 0, host: '127.0.0.1' });
  const socket = net.connect((app.server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  onTestFinished(async () => {
    socket.destroy();
    await app.close();
  });
  await once(socket, 'connect');
  socket.pause();
  socket.write('GET /events HTTP/1.1\r\nhost: x\r\n\r\n');

  const stream = await opened.promise;
  let isClosed = false;
  stream.onClosed(() => {
    isClosed = true;
  });
  const state = 'x'.repeat(64 * 1024);
  for (let event = 0; event < 500; event += 1) stream.send('credits:state', state);
  await expect.poll(() => isClosed).toBe(true);
  stream.send('credits:state', state);
});

test('a stream on which nothing happens says every now and then that it is there, until its reader is gone', async () => {
  const clock = new ManualClock();
  const opened = Promise.withResolvers<EventStream>();
  const app = Fastify();
  app.get('/events', async (_request, reply) => opened.resolve(openEventStream(reply, clock)));
  await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());
  const socket = net.connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  let heard = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  socket.write('GET /events HTTP/1.1\r\nhost: x\r\n\r\n');
  const stream = await opened.promise;
  const gone = new Promise<void>((resolve) => stream.onClosed(resolve));
  await expect.poll(() => heard).toContain('retry:');
  expect(heard.split('\n:\n')).toHaveLength(1);
  for (const beats of [1, 2]) {
    await clock.advance(30_000);
    await expect.poll(() => heard.split(':\n\n').length - 1).toBe(beats);
  }
  socket.destroy();
  await gone;
  await clock.advance(120_000);
});
