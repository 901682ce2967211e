import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createContext, runInContext } from 'node:vm';
import { EventSource } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import type { Timer } from '../lib/clock.ts';
import { overlayPage } from './overlay-page.ts';

const HEARTBEAT = 'event: heartbeat\ndata: {}\n\n';

/** The page's own script, with what of a browser it uses: a real event source, and a clock that a test moves. */
async function openPage() {
  const clock = new ManualClock();
  const server = createServer((request, response) => {
    expect(request.url).toBe('/overlay/credits/t/token/events');
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n');
    streams.push(response);
  });
  const streams: ServerResponse[] = [];
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sources: EventSource[] = [];
  class PageEventSource extends EventSource {
    constructor(path: string) {
      super(base + path);
      sources.push(this);
    }
  }
  onTestFinished(() => {
    for (const source of sources) source.close();
    server.close().closeAllConnections();
  });
  const card = { style: {}, hidden: true, replaceChildren: () => {} };
  const script = /<script[^>]*>([\s\S]*)<\/script>/.exec(overlayPage('nonce'))?.[1] ?? '';
  const page = {
    document: { getElementById: () => card, createElement: () => ({ append() {} }) },
    location: { pathname: '/overlay/credits/t/token' },
    EventSource: PageEventSource,
    setTimeout: (fire: () => void, delayMs: number) => clock.setTimer(delayMs, fire),
    clearTimeout: (timer: Timer | undefined) => timer?.cancel(),
  };
  runInContext(script, createContext(page));
  const opens = async (count: number) => {
    await expect.poll(() => streams.length).toBe(count);
    const source = sources.at(-1);
    await expect.poll(() => source?.readyState).toBe(EventSource.OPEN);
    return streams.at(-1) as ServerResponse;
  };
  /** Resolves when the page was told. */
  const send = async (event: string) => {
    const name = /^event: (\S+)/.exec(event)?.[1] ?? '';
    const told = once(sources.at(-1) as EventSource, name);
    streams.at(-1)?.write(event);
    await told;
  };
  return { clock, card, streams, opens, send };
}

test('an overlay whose stream says nothing for 45 seconds opens a new one and ends the old one', async () => {
  const { clock, streams, opens } = await openPage();
  const first = await opens(1);
  const ended = once(first, 'close');
  await clock.advance(44_999);
  expect(streams).toHaveLength(1);
  await clock.advance(1);
  await opens(2);
  await ended;
  await clock.advance(45_000);
  await opens(3);
});

test.each([
  ['heartbeats', HEARTBEAT],
  ['credits', 'event: credits:state\ndata: {"chatters":[{"name":"mira"}],"donors":[]}\n\n'],
  ['styles', 'event: credits:config\ndata: {"creditsStyleJson":null}\n\n'],
])('an overlay that is sent %s keeps its stream', async (_what, event) => {
  const { clock, streams, opens, send } = await openPage();
  await opens(1);
  for (let beat = 0; beat < 20; beat += 1) {
    await clock.advance(40_000);
    await send(event);
  }
  expect(streams).toHaveLength(1);
  expect(clock.pendingTimers).toBe(1);
});
