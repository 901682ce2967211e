import pg from 'pg';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { createTestDatabase } from '../../test/support/database.ts';

const { url } = await createTestDatabase();
const writer = new pg.Client({ connectionString: url });
const reader = new pg.Client({ connectionString: url });
let heard: string[] = [];
reader.on('notification', ({ payload }) => heard.push(payload ?? ''));
await writer.connect();
await reader.connect();
await reader.query('listen memalerts');
afterAll(() => Promise.all([writer.end(), reader.end()]));

beforeEach(async () => {
  await writer.query('truncate "Channel", "User", "BotWorker" cascade');
  await writer.query(
    `insert into "Channel" (id, slug, name) select 'c' || n, 's' || n, 'n' from generate_series(1, 60) n`,
  );
  await writer.query(`insert into "User" (id, "displayName", "channelId") values ('u1', 'Ann', 'c1')`);
  await writer.query(`
    insert into "ExternalAccount" (id, "userId", provider, "providerAccountId", "accessToken")
    values ('a1', 'u1', 'twitch', '11', 'old')`);
});

/** What one statement makes listeners hear, in the order of the alphabet. Hints arrive in commit order: a last one ends the wait. */
async function hintsOf(statement: string): Promise<string[]> {
  await drain();
  await writer.query(statement);
  return drain();
}

async function drain(): Promise<string[]> {
  await writer.query(`notify memalerts, 'the end'`);
  while (!heard.includes('the end')) await new Promise((resolve) => reader.once('notification', resolve));
  const before = heard.slice(0, heard.indexOf('the end'));
  heard = [];
  return before.sort();
}

const OUTBOXES = [
  ['twitch', 'ChatBotOutboxMessage', 'twitchLogin'],
  ['youtube', 'YouTubeChatBotOutboxMessage', 'youtubeChannelId'],
  ['vkvideo', 'VkVideoChatBotOutboxMessage', 'vkvideoChannelId'],
  ['trovo', 'TrovoChatBotOutboxMessage', 'trovoChannelId'],
  ['kick', 'KickChatBotOutboxMessage', 'kickChannelId'],
] as const;

test.each(OUTBOXES)(
  '%s: a pending message wakes its channel; a claimed, settled or retried one nobody',
  async (...args) => {
    const [provider, table, target] = args;
    const queue = (status: string) =>
      `insert into "${table}" ("channelId", "${target}", message, status) values ('c1', 't', 'hi', '${status}')`;
    expect(await hintsOf(queue('pending'))).toEqual([`outbox:${provider}:c1`]);
    expect(await hintsOf(queue('processing'))).toEqual([]);
    expect(await hintsOf(`update "${table}" set status = 'sent'`)).toEqual([]);
    expect(await hintsOf(`update "${table}" set status = 'pending'`)).toEqual([]);
  },
);

test.each(OUTBOXES)(
  '%s: what becomes of a message is told by its id where somebody watches, and nowhere else',
  async (...args) => {
    const [provider, table, target] = args;
    await writer.query(`
    insert into "${table}" (id, "channelId", "${target}", message)
    values ('m1', 'c1', 't', 'hi'), ('m2', 'c1', 't', 'hi'), ('m3', 'c2', 't', 'hi'), ('m4', 'c3', 't', 'hi')`);
    await writer.query(`
    insert into "ChannelWatch" values
      ('c1', timezone('utc', now()) + interval '1 min'), ('c2', timezone('utc', now()) - interval '1 s')`);
    const [hint, ...others] = await hintsOf(`update "${table}" set status = 'sent'`);
    expect(others).toEqual([]);
    const [head, ids] = hint?.split('\n') ?? [];
    expect([head, ids?.split(',').sort()]).toEqual([`message:${provider}:c1`, ['m1', 'm2']]);
  },
);

test('more ids than a payload holds are left out', async () => {
  await writer.query(`insert into "ChannelWatch" values ('c1', timezone('utc', now()) + interval '1 min')`);
  await writer.query(`
    insert into "ChatBotOutboxMessage" ("channelId", "twitchLogin", message)
    select 'c1', 't', 'hi' from generate_series(1, 300)`);
  expect(await hintsOf(`update "ChatBotOutboxMessage" set status = 'sent'`)).toEqual(['message:twitch:c1']);
});

test('a reader’s state is told where somebody watches, when it begins, changes and ends', async () => {
  await writer.query(`insert into "ChannelWatch" values ('c1', timezone('utc', now()) + interval '1 min')`);
  const told = ['health:kick:c1'];
  const insert = `insert into "BotChannelHealth" (provider, "channelId", state) values ('kick', 'c1', 'live'), ('kick', 'c2', 'live')`;
  expect(await hintsOf(insert)).toEqual(told);
  expect(await hintsOf(`update "BotChannelHealth" set state = 'idle'`)).toEqual(told);
  expect(await hintsOf('delete from "BotChannelHealth"')).toEqual(told);
});

test.each(OUTBOXES)('%s: an older writer queues with the contract’s columns alone', async (...args) => {
  const [, table, target] = args;
  const { rows } = await writer.query(`
    insert into "${table}" (id, "channelId", "${target}", message, status, attempts, "createdAt", "updatedAt")
    values ('old', 'c1', 't', 'hi', 'pending', 0, timezone('utc', now()), timezone('utc', now()))
    returning seq, source, "dedupKey", "nextAttemptAt" <= timezone('utc', now()) + interval '1 ms' as "isDue",
      "expiresAt" - "createdAt" as "lifetime"`);
  expect(rows[0]).toMatchObject({ source: 'say', dedupKey: null, isDue: true });
  expect(rows[0].lifetime.toPostgres()).toBe('10 minutes');
});

test('one answer per chat line: a dedup key is unique within its channel, and rows without one never collide', async () => {
  const insert = (channel: string, key: string | null) =>
    writer.query(
      `insert into "ChatBotOutboxMessage" ("channelId", "twitchLogin", message, "dedupKey") values ($1, 't', 'hi', $2)`,
      [channel, key],
    );
  await insert('c1', 'chat:1');
  await insert('c2', 'chat:1');
  await insert('c1', null);
  await insert('c1', null);
  await expect(insert('c1', 'chat:1')).rejects.toMatchObject({ code: '23505' });
});

test('one statement over 50 channels names each of them, over 51 names none', async () => {
  const queue = (channels: number) => `
    insert into "ChatBotOutboxMessage" ("channelId", "twitchLogin", message)
    select 'c' || n, 't', 'hi' from generate_series(1, ${channels}) n`;
  expect(await hintsOf(queue(50))).toHaveLength(50);
  expect(await hintsOf(queue(51))).toEqual(['outbox:twitch']);
});

test('a subscription wakes when it comes, changes and goes, and stays silent when nothing a worker reads changed', async () => {
  const hint = ['channels:twitch:c1'];
  expect(await hintsOf(`insert into "ChatBotSubscription" ("channelId", "twitchLogin") values ('c1', 'ann')`)).toEqual(
    hint,
  );
  expect(await hintsOf(`update "ChatBotSubscription" set enabled = false`)).toEqual(hint);
  expect(await hintsOf(`update "ChatBotSubscription" set enabled = false, "createdAt" = '2020-01-01'`)).toEqual([]);
  expect(await hintsOf(`delete from "ChatBotSubscription"`)).toEqual(hint);
});

test('a gate wakes its own platform only', async () => {
  const gate = `insert into "BotIntegrationSettings" ("channelId", provider, enabled) values ('c2', 'kick', true)`;
  expect(await hintsOf(gate)).toEqual(['channels:kick:c2']);
  expect(await hintsOf(`update "BotIntegrationSettings" set enabled = true`)).toEqual([]);
});

test('an entitlement wakes all platforms of its channel', async () => {
  const grant = `insert into "ChannelEntitlement" ("channelId", key) values ('c1', 'custom_bot')`;
  expect(await hintsOf(grant)).toEqual(['channels:*:c1']);
  expect(await hintsOf(`update "ChannelEntitlement" set source = 'x'`)).toEqual([]);
  expect(await hintsOf(`update "ChannelEntitlement" set "expiresAt" = '2030-01-01'`)).toEqual(['channels:*:c1']);
});

test('an override wakes its channel', async () => {
  const link = `insert into "TwitchBotIntegration" ("channelId", "externalAccountId") values ('c1', 'a1')`;
  expect(await hintsOf(link)).toEqual(['channels:twitch:c1']);
});

test('a grant wakes its platform when it is linked, renewed, broken or removed, not when it gets a new picture', async () => {
  const link = `insert into "ExternalAccount" (id, "userId", provider, "providerAccountId") values ('a2', 'u1', 'kick', '22')`;
  const change = (set: string) => hintsOf(`update "ExternalAccount" set ${set} where id = 'a2'`);
  const hint = ['credentials:kick'];
  expect(await hintsOf(link)).toEqual(hint);
  expect(await change(`"accessToken" = 'new'`)).toEqual(hint);
  expect(await change(`"brokenAt" = timezone('utc', now())`)).toEqual(hint);
  expect(await change(`"avatarUrl" = 'https://a/b.png'`)).toEqual([]);
  expect(await hintsOf(`delete from "ExternalAccount" where id = 'a2'`)).toEqual(hint);
});

test('a command wakes its channel when its answer or audience changes, also when two swap in one statement', async () => {
  const add = (trigger: string, enabled: boolean) => `
    insert into "ChatBotCommand" ("channelId", trigger, "triggerNormalized", response, enabled)
    values ('c1', '${trigger}', '${trigger}', 'yo', ${enabled})`;
  const hint = ['commands:*:c1'];
  expect(await hintsOf(add('!a', true))).toEqual(hint);
  expect(await hintsOf(add('!b', false))).toEqual(hint);
  expect(await hintsOf(`update "ChatBotCommand" set enabled = not enabled`)).toEqual(hint);
  expect(await hintsOf(`update "ChatBotCommand" set "updatedAt" = '2030-01-01'`)).toEqual([]);
});

test('only the settings a worker reads wake it', async () => {
  const duration = `update "Channel" set "streamDurationCommandJson" = '{}' where id = 'c1'`;
  expect(await hintsOf(duration)).toEqual(['settings:*:c1']);
  expect(await hintsOf(`update "Channel" set name = 'other' where id = 'c1'`)).toEqual([]);
});

test('a live fact wakes when it turns, not when it is asserted again; a stream that begins is a reason to look', async () => {
  const online = `insert into "ChannelLiveState" ("channelId", provider, "isLive", since) values ('c1', 'kick', true, now())`;
  expect(await hintsOf(online)).toEqual(['live:kick:c1', 'look:kick:c1']);
  expect(await hintsOf(`update "ChannelLiveState" set "seenAt" = now()`)).toEqual([]);
  expect(await hintsOf(`update "ChannelLiveState" set "isLive" = false`)).toEqual(['live:kick:c1']);
});

test('a stored event wakes its channel unless it is stored as handled', async () => {
  const store = (delivery: string, status: string) => `
    insert into "WebhookInbox" (provider, "channelId", "deliveryId", "eventType", payload, status)
    values ('kick', 'c1', '${delivery}', 'chat', '{}', '${status}')`;
  expect(await hintsOf(store('d1', 'pending'))).toEqual(['inbox:kick:c1']);
  expect(await hintsOf(store('d2', 'processed'))).toEqual([]);
});

test('a heartbeat wakes nobody', async () => {
  const born = `insert into "BotWorker" (provider, host, pid) values ('twitch', 'h', 1)`;
  expect(await hintsOf(born)).toEqual(['worker:twitch']);
  expect(await hintsOf(`update "BotWorker" set "heartbeatAt" = now()`)).toEqual([]);
});

test('two transactions that change configuration in opposite order do not wait for each other', async () => {
  const other = new pg.Client({ connectionString: url });
  await other.connect();
  const gate = (channel: string, provider: string) =>
    `insert into "BotIntegrationSettings" ("channelId", provider) values ('${channel}', '${provider}')`;
  try {
    for (const client of [writer, other]) await client.query(`begin; set local lock_timeout = '1s'`);
    await writer.query(gate('c1', 'kick'));
    await other.query(gate('c2', 'twitch'));
    await writer.query(gate('c1', 'twitch'));
    await other.query(gate('c2', 'kick'));
    await Promise.all([writer.query('commit'), other.query('commit')]);
  } finally {
    await other.end();
  }
});
