import { expect, onTestFinished, test, vi } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { addKickChannel, kickDeps, simulatedKick } from '../../../../test/support/kick-world.ts';
import { silentLog } from '../../../../test/support/silent-log.ts';
import { createPool } from '../../../db/pool.ts';
import { systemClock } from '../../../lib/clock.ts';
import type { AccountCredential } from '../../account-side.ts';
import type { ReadChannel } from '../../worker-side.ts';
import { storeLine } from '../chat/stored-line.ts';
import { readPage } from './poll.external.ts';
import { Poller } from './poller.ts';

const soon = { timeout: 15_000, interval: 10 };

async function world({ hasCursor = true } = {}) {
  const sim = await simulatedKick();
  const { url } = await createTestDatabase({ forTest: true });
  const pool = createPool(url, { applicationName: 'test', slowMs: 60_000, log: silentLog() });
  onTestFinished(() => pool.end());
  const { db } = pool;
  const deps = kickDeps(sim.env(), systemClock);
  const { channelId, broadcasterId: target } = await addKickChannel(db, sim, 'northpine');
  const room = { channelId, slug: 'northpine', target } as unknown as ReadChannel;
  const credential = () =>
    ({
      platformUserId: target,
      accessToken: sim.issueToken('northpine', ['user:read']).access,
    }) as unknown as AccountCredential;
  let renewals = 0;
  const credentials = {
    owner: async () => credential(),
    renewed: async <C extends AccountCredential>(_: C): Promise<C> => {
      renewals += 1;
      return credential() as C;
    },
  };
  const { pollTemplate } = sim.urls;
  const polls = () => sim.calls.filter(({ path }) => path.includes('simulated-chat')).length;
  const template = hasCursor ? pollTemplate : pollTemplate.replace('{cursor}', '');
  return {
    sim,
    db,
    lines: deps.lines,
    renewals: () => renewals,
    say: (text: string) => sim.say('northpine', 'mira_k', text),
    polls,
    /** Resolves once it knows where the chat is. */
    async start() {
      const before = polls();
      const poller = new Poller({ ...deps, db, credentials: credentials as never, template, periodMs: 20 });
      onTestFinished(() => poller.close());
      poller.setChannels([room]);
      await vi.waitFor(() => expect(polls()).toBeGreaterThan(before + 1), soon);
      return poller;
    },
    webhook: (id: string, text: string) =>
      storeLine(
        db,
        channelId as never,
        `delivery ${id}`,
        {
          messageId: id,
          userId: '5',
          login: 'mira_k',
          displayName: 'Mira_K',
          avatarUrl: null,
          roles: [],
          content: text,
          sentAt: null,
        },
        new Date(),
      ),
    async stored() {
      const rows = await db.selectFrom('WebhookInbox').select(['payload', 'deliveryId']).orderBy('seq').execute();
      return rows.map(({ payload }) => (payload as { content: string }).content);
    },
  };
}

test('what stood in the chat before is no news; what comes is, once', async () => {
  const { say, start, stored } = await world();
  say('old');
  await start();
  for (const text of ['one', 'two']) say(text);
  await vi.waitFor(async () => expect(await stored()).toEqual(['one', 'two']), soon);
  say('three');
  await vi.waitFor(async () => expect(await stored()).toEqual(['one', 'two', 'three']), soon);
});

test('a server without a cursor tells the same page again and again, and nothing comes twice', async () => {
  const { say, start, stored, polls } = await world({ hasCursor: false });
  say('old');
  await start();
  say('one');
  await vi.waitFor(async () => expect(await stored()).toEqual(['one']), soon);
  const before = polls();
  await vi.waitFor(() => expect(polls()).toBeGreaterThan(before + 3), soon);
  expect(await stored()).toEqual(['one']);
});

test('after a restart it goes on where it was, and nothing said meanwhile is missed', async () => {
  const { say, start, stored } = await world();
  say('old');
  const first = await start();
  say('one');
  await vi.waitFor(async () => expect(await stored()).toEqual(['one']), soon);
  first.close();
  say('meanwhile');
  await start();
  await vi.waitFor(async () => expect(await stored()).toEqual(['one', 'meanwhile']), soon);
});

test('a line that the webhook brings too is one line, whoever is first', async () => {
  const { say, start, stored, webhook } = await world();
  await start();
  const first = say('polled first');
  await vi.waitFor(async () => expect(await stored()).toEqual(['polled first']), soon);
  expect(await webhook(first, 'polled first')).toBe(false);
  expect(await webhook('another', 'delivered')).toBe(true);
});

test('trouble is told once with its status, and polling goes on after it; a token that ran out is renewed', async () => {
  const { sim, say, start, stored, lines, renewals } = await world();
  await start();
  sim.faults.expireTokens('northpine');
  say('with a new token');
  await vi.waitFor(async () => expect(await stored()).toEqual(['with a new token']), soon);
  expect(renewals()).toBeGreaterThan(0);
  sim.faults.http({ kind: 'answer', status: 502, path: '/public/v1/simulated-chat', times: 1 });
  const failures = () => lines.filter((line) => line.includes('kick_chatbot.ingest_failed'));
  await vi.waitFor(() => expect(failures()).toHaveLength(1), soon);
  expect(failures()[0]).toContain('"status":502');
  say('after it');
  await vi.waitFor(async () => expect(await stored()).toContain('after it'), soon);
});

test('a page is understood in every shape, and what has no id, author or words is left out', () => {
  const line = { message_id: 'm1', sender: { user_id: 7, username: 'Mira' }, content: 'hi' };
  const other = {
    id: 5,
    sender: { id: 'u', login: '@otto', displayName: 'Otto' },
    body: 'yo\u0000',
    created_at: '2026-01-02T03:04:05Z',
  };
  const texts = (json: unknown) => readPage(json, '7')?.lines.map(({ content }) => content);
  for (const json of [
    [line],
    { data: [line] },
    { messages: [line] },
    { items: [line] },
    { data: { data: [line] } },
    { data: { items: [line] } },
  ]) {
    expect(texts(json)).toEqual(['hi']);
  }
  expect(texts([{ ...line, message_id: '' }, { ...line, sender: {} }, { ...line, content: ' ' }, null, 5])).toEqual([]);
  for (const json of [null, 'x', {}, { data: {} }]) expect(readPage(json, '7')).toBeNull();
  expect(readPage([line, other], '7')?.lines).toMatchObject([
    { messageId: 'm1', userId: '7', login: 'mira', displayName: 'Mira', roles: ['moderator'] },
    {
      messageId: '5',
      userId: 'u',
      login: 'otto',
      displayName: 'Otto',
      content: 'yo',
      sentAt: '2026-01-02T03:04:05.000Z',
    },
  ]);
  expect(readPage({ data: [], cursor: 5 }, '7')?.cursor).toBe('5');
  expect(readPage({ data: { items: [], next_cursor: 'n' } }, '7')?.cursor).toBe('n');
  expect(readPage({ data: [], nextCursor: 'c' }, '7')?.cursor).toBe('c');
  expect(readPage([], '7')?.cursor).toBeNull();
});
