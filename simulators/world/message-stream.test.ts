import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { readMessages, writeMessages } from './message-stream.ts';
import { type AcceptedMessage, MessageLog } from './messages.ts';

const STEP_MS = 15_000;
const message: AcceptedMessage = {
  id: 'm1',
  channel: 'northpine',
  channelId: '1',
  author: 'mira_k',
  authorId: '2',
  text: 'data: hello',
  transport: 'script',
  replyTo: null,
  arrivedAtMs: 1,
};

async function world(answer: (response: ServerResponse) => void) {
  const responses: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    responses.push(response);
    answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/messages`, responses };
}

async function listen(url: string, clock: ManualClock) {
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  const heard: AcceptedMessage[] = [];
  const { lost } = await readMessages(url, { clock, signal: ending.signal, each: (each) => void heard.push(each) });
  const loss: { reason: string | null } = { reason: null };
  lost.catch((error: Error) => {
    loss.reason = error.message;
  });
  return { heard, loss, lost, ending };
}

test('a chat in which nobody writes for half an hour keeps its stream, and the next message is heard', async () => {
  const [clock, log] = [new ManualClock(), new MessageLog()];
  const { url } = await world((response) => writeMessages(response, log, clock));
  const { heard, loss } = await listen(url, clock);
  // What arrives at a second reader of the same server shows that real sockets have had their time.
  const other = (await fetch(url)).body?.pipeThrough(new TextDecoderStream());
  let signsOfLife = 0;
  void (async () => {
    for await (const chunk of other ?? []) signsOfLife += chunk.split(':\n\n').length - 1;
  })().catch(() => {});
  for (let step = 1; step <= (30 * 60_000) / STEP_MS; step += 1) {
    await clock.advance(STEP_MS);
    await expect.poll(() => signsOfLife).toBe(step + 1);
  }
  log.add(message);
  await expect.poll(() => heard).toEqual([message]);
  expect(loss.reason).toBeNull();
});

test('a reader whose simulator falls silent notices after 45 seconds, and says so', async () => {
  const clock = new ManualClock();
  const { url } = await world((response) => void response.writeHead(200).write(':\n\n'));
  const { loss } = await listen(url, clock);
  await clock.advance(44_999);
  expect(loss.reason).toBeNull();
  await clock.advance(1);
  await expect.poll(() => loss.reason).toContain('it has said nothing for 45 s');
  expect(clock.pendingTimers).toBe(0);
});

test('a reader that was stopped for an hour does not take its own silence for the simulator’s', async () => {
  const [clock, log] = [new ManualClock(), new MessageLog()];
  const { url } = await world((response) => writeMessages(response, log, new ManualClock()));
  const { heard, loss } = await listen(url, clock);
  await clock.leap(60 * 60_000);
  log.add(message);
  await expect.poll(() => heard).toHaveLength(1);
  await clock.advance(44_000);
  expect(loss.reason).toBeNull();
});

test('a stream that breaks off says what happened', async () => {
  const { url, responses } = await world((response) => void response.writeHead(200).write(':\n\n'));
  const cut = await listen(url, new ManualClock());
  responses[0]?.destroy();
  await expect(cut.lost).rejects.toThrow('other side closed');
  const closed = await listen(url, new ManualClock());
  responses[1]?.end();
  await expect(closed.lost).rejects.toThrow('the simulator closed it');
});

test('a reader that ends its reading is told of no loss, and leaves no timer', async () => {
  const clock = new ManualClock();
  const { url } = await world((response) => writeMessages(response, new MessageLog(), new ManualClock()));
  const { loss, ending } = await listen(url, clock);
  ending.abort();
  await expect.poll(() => clock.pendingTimers).toBe(0);
  expect(loss.reason).toBeNull();
});

test('what is no stream of messages is refused by its status', async () => {
  const { url } = await world((response) => void response.writeHead(404).end());
  await expect(listen(url, new ManualClock())).rejects.toThrow('answers 404');
});
