import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { openEvents } from '../../../test/support/event-reader.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { letTurn } from '../../../test/support/turns.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { type EventStream, frame, frameOnce, openEventStream } from './event-stream.ts';

/** A stream whose reader has sent its request and takes nothing until it is told to. */
async function stuckReader(clock: Clock = systemClock) {
  const opened = Promise.withResolvers<EventStream>();
  const app = Fastify();
  app.get('/events', async (_request, reply) => opened.resolve(openEventStream(reply, clock)));
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
  await letTurn(5);
  let isClosed = false;
  stream.onClosed(() => {
    isClosed = true;
  });
  return { stream, socket, isClosed: () => isClosed };
}

const LARGE = 'x'.repeat(64 * 1024);
/** More than sockets hold on their own. */
const MANY = 500;

test('a reader that falls a megabyte behind is let go, and is written to no more', async () => {
  const { stream, isClosed } = await stuckReader();
  const message = (number: number) => frame('outbox:message', JSON.stringify(LARGE), `message ${number}`);
  for (let number = 0; number < MANY; number += 1) stream.send(message(number));
  await expect.poll(isClosed).toBe(true);
  stream.send(message(0));
});

test('a reader that takes nothing keeps one unsent state, the newest, and gets it when it reads on', async () => {
  const { stream, socket, isClosed } = await stuckReader();
  for (let number = 0; number < MANY; number += 1) {
    stream.send(frame('credits:state', JSON.stringify(`${number} ${LARGE}`)));
  }
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  socket.resume();
  await expect.poll(() => text.includes(`"${MANY - 1} `)).toBe(true);
  expect(text.match(/event: credits:state/g)).toHaveLength(2);
  expect(isClosed()).toBe(false);
});

test('a reader that has taken nothing for 45 seconds is let go', async () => {
  const clock = new ManualClock();
  const { stream, isClosed } = await stuckReader(clock);
  // Sockets take some megabytes before they are full.
  for (let number = 0; number < 60; number += 1) {
    stream.send(frame('credits:state', JSON.stringify('x'.repeat(512 * 1024))));
    await letTurn(2);
  }
  await clock.advance(30_000);
  expect(isClosed()).toBe(false);
  await clock.advance(15_000);
  await expect.poll(isClosed).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

test('the same subject in the same variant is written once', () => {
  const subject = {};
  const make = () => frame('x', '{}');
  const one = frameOnce(subject, 'en', make);
  expect(frameOnce(subject, 'en', make)).toBe(one);
  expect(frameOnce(subject, 'ru', make)).not.toBe(one);
  expect(frameOnce({}, 'en', make)).not.toBe(one);
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
  stream.send(frame('first', '{}'));
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
