import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startApiWorld } from '../../test/support/api-world.ts';
import { createTestDatabase } from '../../test/support/database.ts';

const { url } = await createTestDatabase();

/** A way to the database that can be cut and mended while everybody stays where they are. */
async function breakableWay() {
  const target = new URL(url);
  const sockets = new Set<net.Socket>();
  let isOpen = true;
  const server = net.createServer((socket) => {
    const other = net.connect(Number(target.port), target.hostname);
    for (const one of [socket, other]) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => sockets.delete(one));
    }
    if (!isOpen) {
      socket.destroy();
      other.destroy();
      return;
    }
    socket.pipe(other).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    isOpen = false;
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const way = new URL(url);
  way.port = String((server.address() as net.AddressInfo).port);
  const mend = () => {
    isOpen = true;
  };
  return { url: way.href, cut, mend };
}

test('while the database is away the API says so, and after it is back everything works, hints too', async () => {
  const way = await breakableWay();
  const [api, other] = [await startApiWorld(way.url), await startApiWorld(url)];
  const who = await other.streamer();
  expect(await api.codeOf(who, 'GET', '/streamer/bots')).toEqual([200, undefined]);

  const listenings = () => api.lines.filter((line) => line.includes('"db.listening"')).length;
  await expect.poll(listenings).toBe(1);

  way.cut();
  expect(await api.codeOf(who, 'GET', '/streamer/bots')).toEqual([503, 'DATABASE_UNAVAILABLE']);
  expect((await api.ask(null, 'GET', '/readyz')).status).toBe(503);
  expect((await api.ask(null, 'GET', '/health')).status).toBe(200);

  way.mend();
  expect(await api.codeOf(who, 'GET', '/streamer/bots')).toEqual([200, undefined]);
  expect((await api.ask(null, 'GET', '/readyz')).status).toBe(200);
  const relay = () =>
    api.ask(null, 'POST', '/internal/credits/chatter', {
      body: { channelSlug: who.slug, userId: 'u', displayName: 'Ada' },
      headers: { 'x-memalerts-internal': 'credits-event' },
    });
  expect((await relay()).json).toEqual({ ok: true });
  await expect.poll(listenings).toBe(2);
  await other.ask(who, 'POST', '/streamer/credits/ignored-chatters', { body: { creditsIgnoredChatters: ['Ada'] } });
  await expect.poll(async () => (await relay()).json).toEqual({ ok: true, ignored: true });
});

test('the API starts without a database and works once there is one', async () => {
  const way = await breakableWay();
  way.cut();
  const api = await startApiWorld(way.url);
  expect((await api.ask(null, 'GET', '/readyz')).status).toBe(503);
  way.mend();
  await expect.poll(async () => (await api.ask(null, 'GET', '/readyz')).status).toBe(200);
});
