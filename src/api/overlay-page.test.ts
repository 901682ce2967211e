import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { EventSource, fetch } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.ts';
import type { Timer } from '../lib/clock.ts';
import { Feed } from '../overlay/feed.js';
import { linesOf } from '../overlay/model.js';
import { readStyle } from '../overlay/style.js';

const HEARTBEAT = 'event: heartbeat\ndata: {}\n\n';
const ADDRESS = '/overlay/credits/t/token/events';

/** The page's own connection, with what of a browser it uses: a real event source, and a clock that a test moves. */
async function openPage() {
  const clock = new ManualClock();
  let refusal: number | null = null;
  const server = createServer((request, response) => {
    expect(request.url).toBe(ADDRESS);
    asked.push(request.headers.accept ?? '');
    if (refusal !== null) {
      response.writeHead(refusal).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n');
    streams.push(response);
  });
  const streams: ServerResponse[] = [];
  const asked: string[] = [];
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sources: EventSource[] = [];
  class PageEventSource extends EventSource {
    constructor(address: string) {
      super(base + address);
      sources.push(this);
    }
  }
  onTestFinished(() => {
    for (const source of sources) source.close();
    server.close().closeAllConnections();
  });
  const states: string[] = [];
  const told: string[] = [];
  const feed = new Feed<Timer>({
    address: ADDRESS,
    EventSource: PageEventSource,
    fetch: (address, { signal }) => fetch(base + address, { signal }),
    setTimeout: (fire, delayMs) => clock.setTimer(delayMs, fire),
    clearTimeout: (timer) => timer.cancel(),
    nowMs: () => clock.monotonicMs(),
    onState: (state) => states.push(state),
    onEvent: {
      heartbeat: () => {},
      'credits:config': (data) => told.push(data),
      'credits:state': (data) => told.push(data),
    },
  });
  const opens = async (count: number) => {
    await expect.poll(() => streams.length).toBe(count);
    const source = sources.at(-1);
    await expect.poll(() => source?.readyState).toBe(EventSource.OPEN);
    return streams.at(-1) as ServerResponse;
  };
  /** Resolves when the page was told. */
  const send = async (event: string) => {
    const name = /^event: (\S+)/.exec(event)?.[1] ?? '';
    const heard = once(sources.at(-1) as EventSource, name);
    streams.at(-1)?.write(event);
    await heard;
  };
  /** The browser gives the present stream up, as it does when it comes back to a refusal. */
  const refuse = async (status: number) => {
    refusal = status;
    const before = asked.length;
    await clock.advance(45_000);
    await expect.poll(() => asked.length).toBe(before + 2);
  };
  const welcome = () => {
    refusal = null;
  };
  return { clock, feed, states, told, asked, streams, opens, send, refuse, welcome };
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
  const { clock, streams, opens, send, states } = await openPage();
  await opens(1);
  for (let beat = 0; beat < 20; beat += 1) {
    await clock.advance(40_000);
    await send(event);
  }
  expect(streams).toHaveLength(1);
  expect(clock.pendingTimers).toBe(1);
  expect(states.at(-1)).toBe('live');
});

test('an overlay whose address was taken back stops asking, until somebody looks at it again', async () => {
  const { clock, feed, asked, states, opens, refuse, welcome } = await openPage();
  await opens(1);
  await refuse(403);
  await expect.poll(() => states.at(-1)).toBe('revoked');
  expect(clock.pendingTimers).toBe(0);
  const before = asked.length;
  await clock.advance(24 * 60 * 60_000);
  expect(asked).toHaveLength(before);
  welcome();
  feed.lookAgain();
  await opens(2);
});

test('an overlay that is refused for another reason comes back within five seconds', async () => {
  const { clock, states, opens, refuse, welcome } = await openPage();
  await opens(1);
  await refuse(503);
  expect(states.at(-1)).toBe('lost');
  expect(clock.pendingTimers).toBe(1);
  welcome();
  await clock.advance(5000);
  await opens(2);
});

test('an overlay that was hidden for long opens a new stream when it is shown; one that was just told something does not', async () => {
  const { clock, feed, streams, opens, send } = await openPage();
  await opens(1);
  await send(HEARTBEAT);
  feed.lookAgain();
  expect(streams).toHaveLength(1);
  // Timers of a page that is hidden rest: its clock goes on.
  clock.monotonicMs = () => 60_000;
  feed.lookAgain();
  await opens(2);
});

test('page, script and style together have at most 30 kB', () => {
  const folder = path.join(import.meta.dirname, '../overlay');
  const files = readdirSync(folder).filter((name) => /\.(html|css|js)$/.test(name));
  const bytes = files.reduce((sum, name) => sum + readFileSync(path.join(folder, name)).length, 0);
  expect(bytes).toBeLessThanOrEqual(30_000);
});

const TITLES = { one: 'Platform One', two: 'Platform Two' };
const chatter = (name: string, provider: string | null = 'one', avatarUrl: string | null = null) => ({
  name,
  provider,
  avatarUrl,
});
const donor = { name: 'Zoe', amount: 12.5, currency: 'USD', avatarUrl: null };
const shown = (style: object, state: Partial<Parameters<typeof linesOf>[0]>) =>
  linesOf({ chatters: [], donors: [], ...state }, readStyle(JSON.stringify(style)), TITLES).map(
    ({ tag, before, text, after }) => `${tag} ${before}${text}${after}`,
  );

test('sections come in the order of the style, and one without people or without a place has no heading', () => {
  const state = { chatters: [chatter('Ada')], donors: [donor] };
  const donors = ['h2 Donors', 'p Zoe — 12.5 USD'];
  const chatters = ['h2 Chatters', 'p Ada'];
  expect(shown({}, state)).toEqual(['h1 Credits', ...donors, ...chatters]);
  expect(shown({ sections: ['chatters', 'donors'] }, state)).toEqual(['h1 Credits', ...chatters, ...donors]);
  expect(shown({ sections: ['donors'] }, state)).toEqual(['h1 Credits', ...donors]);
  expect(shown({}, { donors: [donor] })).toEqual(['h1 Credits', ...donors]);
  expect(shown({ showTitles: false, showNumbers: true }, state)).toEqual(['p 1. Zoe — 12.5 USD', 'p 1. Ada']);
  expect(shown({ sections: ['donors'] }, { chatters: [chatter('Ada')] })).toEqual([]);
});

test('chatters by platform stand under its title; those of no platform come before', () => {
  const chatters = [chatter('Nobody', null), chatter('Ben', 'two'), chatter('Ada'), chatter('Cy', 'two')];
  expect(shown({ chattersBy: 'platform' }, { chatters })).toEqual([
    'h1 Credits',
    'h2 Chatters',
    'p Nobody',
    'h3 Platform One',
    'p Ada',
    'h3 Platform Two',
    'p Ben',
    'p Cy',
  ]);
});

test('one name on two platforms can be one person; two people of one platform stay two', () => {
  const chatters = [chatter('Ada'), chatter('ada', 'two', 'https://a.example/1'), chatter('ADA'), chatter('Ben')];
  const style = { showTitles: false };
  expect(shown(style, { chatters })).toEqual(['p Ada', 'p ada', 'p ADA', 'p Ben']);
  expect(shown({ ...style, mergeSameNames: true }, { chatters })).toEqual(['p Ada', 'p ADA', 'p Ben']);
  const [first] = linesOf({ chatters, donors: [] }, readStyle('{"mergeSameNames":true,"showTitles":false}'), TITLES);
  expect(first?.avatarUrl).toBe('https://a.example/1');
});

test('people of one name have lines of their own, which stay theirs when others come', () => {
  const keys = (...names: string[]) =>
    linesOf({ chatters: names.map((name) => chatter(name)), donors: [] }, readStyle(null), TITLES).map(
      ({ key }) => key,
    );
  const before = keys('Ada', 'Ada', 'Ben');
  expect(new Set(before).size).toBe(before.length);
  expect(keys('Cy', 'Ada', 'Ada', 'Ben')).toEqual(expect.arrayContaining(before));
});
