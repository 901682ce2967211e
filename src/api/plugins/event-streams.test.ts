import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { type EventReader, openEvents } from '../../../test/support/event-reader.ts';
import type { ChannelId } from '../../lib/brand.ts';
import { systemClock } from '../../lib/clock.ts';
import { EventStreams, type StreamLimits } from './event-streams.ts';

async function world(limits: StreamLimits) {
  const streams = new EventStreams(systemClock, limits);
  const app = Fastify();
  app.get<{ Params: { channel: ChannelId } }>('/:channel', async (request, reply) => {
    streams.open(reply, request.params.channel);
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => app.close());
  const ended = new Set<EventReader>();
  const open = async (channel: string) => {
    const reader = await openEvents((app.server.address() as AddressInfo).port, `/${channel}`);
    void reader.ended.then(() => ended.add(reader));
    return reader;
  };
  return { open, ended: () => [...ended] };
}

test('above the limit of a channel its oldest stream makes room for the new one, and no other channel’s does', async () => {
  const { open, ended } = await world({ perChannel: 2, perProcess: 100 });
  const other = await open('other');
  const [first, second] = [await open('full'), await open('full')];
  const third = await open('full');
  await expect.poll(ended).toEqual([first]);
  await open('full');
  await expect.poll(ended).toEqual([first, second]);
  // What is closed makes room by itself.
  third.close();
  await expect.poll(ended).toContain(third);
  await open('full');
  expect(ended()).toEqual([first, second, third]);
  expect(ended()).not.toContain(other);
});

test('above the limit of the process the oldest of the channel makes room, or of the channel that has most', async () => {
  const { open, ended } = await world({ perChannel: 100, perProcess: 4 });
  const many = [await open('many'), await open('many'), await open('many')];
  const few = await open('few');
  await open('few');
  await expect.poll(ended).toEqual([few]);
  await open('new');
  await expect.poll(ended).toEqual([few, many[0]]);
});
