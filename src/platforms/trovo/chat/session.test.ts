import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { ManualClock } from '../../../../test/support/manual-clock.ts';
import { type Ending, Session } from './session.ts';

interface Received {
  readonly type: string;
  readonly nonce: string;
  readonly data?: unknown;
}

/** A session against a server that says what the test tells it. */
async function dialled() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const clock = new ManualClock();
  const endings: Ending[] = [];
  const seen = { accepted: 0, chats: 0 };
  const received: Received[] = [];
  const connected = once(server, 'connection') as Promise<[WebSocket]>;
  const session = new Session({
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clock,
    chatToken: 'fresh',
    handlers: {
      accepted: () => {
        seen.accepted += 1;
      },
      chat: () => {
        seen.chats += 1;
      },
      unreadable: () => {},
      ended: (ending) => endings.push(ending),
    },
  });
  const [socket] = await connected;
  socket.on('message', (data) => received.push(JSON.parse(data.toString()) as Received));
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 2 });
  const last = () => received.at(-1) as Received;
  const tell = (frame: object) => socket.send(JSON.stringify(frame));
  await until(() => expect(received).toHaveLength(1));
  return {
    session,
    clock,
    endings,
    seen,
    received,
    until,
    last,
    tell,
    /** Lets it in, and waits for the first PING. */
    async accept() {
      tell({ type: 'RESPONSE', nonce: last().nonce });
      await until(() => expect(last().type).toBe('PING'));
    },
    /** After this everything told so far has been read. */
    async read() {
      const before = received.length;
      tell({ type: 'PING', nonce: `sync-${before}` });
      await until(() => expect(last()).toEqual({ type: 'PONG', nonce: `sync-${before}` }));
    },
  };
}

test('AUTH comes first and carries the token; only the answer to it lets in, once', async () => {
  const { received, tell, read, seen, last } = await dialled();
  expect(received).toEqual([{ type: 'AUTH', nonce: expect.any(String), data: { token: 'fresh' } }]);
  const { nonce } = last();
  tell({ type: 'RESPONSE', nonce: 'another' });
  tell({ type: 'CHAT', data: { chats: [] } });
  await read();
  expect(seen).toEqual({ accepted: 0, chats: 0 });

  tell({ type: 'RESPONSE', nonce });
  tell({ type: 'RESPONSE', nonce, error: 'too late to say no' });
  tell({ type: 'CHAT', data: { chats: [] } });
  await read();
  expect(seen).toEqual({ accepted: 1, chats: 1 });
});

test('PINGs keep the distance the server asks for, within 5 to 40 s', async () => {
  const { accept, received, clock, tell, last, read, until } = await dialled();
  await accept();
  const pings = () => received.filter(({ type }) => type === 'PING').length;
  for (const [gap, distanceMs] of [
    [10, 10_000],
    [0, 5_000],
    [100_000, 40_000],
    ['soon', 40_000],
    [undefined, 40_000],
    [20, 20_000],
  ]) {
    const { nonce } = received.findLast(({ type }) => type === 'PING') ?? last();
    tell({ type: 'PONG', nonce, data: { gap } });
    await read();
    const before = pings();
    await clock.advance(Number(distanceMs) - 1);
    await read();
    expect(pings()).toBe(before);
    await clock.advance(1);
    await until(() => expect(pings()).toBe(before + 1));
  }
});

test('a PING without an answer ends the session, but not the silence of a process that slept', async () => {
  const { accept, clock, endings, tell, last, read, until } = await dialled();
  await accept();
  const { nonce } = last();
  // What a long sleep looks like: one timer is due at once, and the answer has been waiting.
  await clock.advance(7_500);
  tell({ type: 'PONG', nonce, data: { gap: 30 } });
  await read();
  await clock.advance(29_999);
  expect(endings).toEqual([]);
  await clock.advance(1);
  await until(() => expect(last().type).toBe('PING'));
  await clock.advance(15_000);
  await until(() => expect(endings).toEqual([{ kind: 'lost', reason: 'silent' }]));
  expect(clock.pendingTimers).toBe(0);
});

test('an AUTH refused in any form ends the session with the words of the refusal', async () => {
  for (const [error, message] of [
    ['invalid token', 'invalid token'],
    [{ code: 11714 }, '{"code":11714}'],
  ]) {
    const { tell, last, endings, until } = await dialled();
    tell({ type: 'RESPONSE', nonce: last().nonce, error });
    await until(() => expect(endings).toEqual([{ kind: 'auth_rejected', message }]));
  }
});

test('a session closed by us says so, and leaves no timer', async () => {
  const { session, accept, endings, clock } = await dialled();
  await accept();
  await session.close();
  expect(endings).toEqual([{ kind: 'lost', reason: 'closed_by_us' }]);
  expect(clock.pendingTimers).toBe(0);
});
