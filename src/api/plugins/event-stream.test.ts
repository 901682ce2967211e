import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { openEvents } from '../../../test/support/event-reader.ts';
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

test('a stream sends an event named heartbeat every 15 seconds, until its reader is gone', async () => {
  const clock = new ManualClock();
  const opened = Promise.withResolvers<EventStream>();
  const app = Fastify();
  app.get('/events', async (_request, reply) => opened.resolve(openEventStream(reply, clock)));
  await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());
  const { events, close } = await openEvents((app.server.address() as AddressInfo).port, '/events');
  const stream = await opened.promise;
  const gone = new Promise<void>((resolve) => stream.onClosed(resolve));
  await clock.advance(14_999);
  stream.send('first', {});
  await expect.poll(() => events).toEqual([['first', {}]]);
  for (const beats of [1, 2]) {
    await clock.advance(15_000);
    const expected = Array.from({ length: beats }, () => ['heartbeat', {}]);
    await expect.poll(() => events).toEqual([['first', {}], ...expected]);
  }
  close();
  await gone;
  expect(clock.pendingTimers).toBe(0);
});
