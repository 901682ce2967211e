import { expect, test, vi } from 'vitest';
import { send } from '../../../../test/support/api-world.ts';
import { webhookWorld } from '../../../../test/support/kick-api-world.ts';

const PATIENCE = { timeout: 15_000, interval: 10 };
const OK = [200, { ok: true }];
const DUPLICATE = [200, { ok: true, duplicate: true }];

test('a line is proven, stored for the worker and answered, whatever script it is in', async () => {
  const { sim, channel, answers, stored } = await webhookWorld();
  const mira = sim.addPerson({ login: 'mira_k', displayName: 'Mira_K' });
  const id = sim.say(channel.slug, mira, 'Привет 🎉 <ok>', { badges: [{ text: 'VIP', type: 'vip' }] });
  expect(await answers()).toEqual([OK]);
  expect(await stored()).toMatchObject([
    {
      status: 'pending',
      businessKey: `chat:${id}`,
      payload: {
        messageId: id,
        userId: mira.id,
        login: 'mira_k',
        displayName: 'Mira_K',
        content: 'Привет 🎉 <ok>',
        roles: ['vip'],
        sentAt: expect.any(String),
      },
    },
  ]);
});

test('the same delivery twice, and the same line through a second subscription, have one effect', async () => {
  const { sim, channel, answers, stored } = await webhookWorld();
  sim.faults.deliveries({ duplicates: 1 });
  sim.say(channel.slug, 'mira_k', 'once');
  expect(await answers()).toEqual([OK, DUPLICATE]);
  sim.subscriptions.add(channel.broadcasterId, 'chat.message.sent');
  sim.say(channel.slug, 'mira_k', 'twice subscribed');
  expect((await answers()).slice(2)).toEqual([OK, DUPLICATE]);
  expect(await stored()).toHaveLength(2);
});

test('who cannot prove to be Kick is told nothing, stores nothing, and is counted, not told of each time', async () => {
  const { sim, channel, answers, stored, events, port } = await webhookWorld();
  sim.faults.retries({ attempts: 1 });
  const refused = [403, expect.objectContaining({ errorCode: 'FORBIDDEN', error: 'Invalid signature' })];
  sim.faults.deliveries({ forged: 3 });
  for (const text of ['a', 'b', 'c']) sim.say(channel.slug, 'mira_k', text);
  expect(await answers()).toEqual([refused, refused, refused]);
  sim.faults.deliveries({ corruptSignatures: 1 });
  sim.say(channel.slug, 'mira_k', 'd');
  sim.say(channel.slug, 'mira_k', 'an hour ago', { agoMs: 3_600_000 });
  sim.faults.deliveries({ withoutHeader: 1, headerName: 'Kick-Event-Signature' });
  await sim.deliveries.settled();
  sim.say(channel.slug, 'mira_k', 'e');
  expect((await answers()).slice(3)).toEqual([refused, refused, refused]);
  sim.faults.deliveries({ withoutHeader: 1, headerName: 'Kick-Event-Message-Id' });
  sim.say(channel.slug, 'mira_k', 'f');
  expect((await answers()).at(-1)?.[0]).toBe(400);
  expect((await send(port, 'POST', '/webhooks/kick/events', { body: {} })).status).toBe(400);
  expect(await stored()).toEqual([]);
  expect(events('kick.webhook.refused')).toMatchObject([
    { reason: 'invalid_signature' },
    { reason: 'request_too_old', ageSeconds: expect.closeTo(3600, -1) },
    { reason: 'missing_signature' },
  ]);
});

test('a date that stands twice in the header is signed as it stands and read as it was meant', async () => {
  const { sim, channel, answers } = await webhookWorld();
  sim.faults.deliveries({ doubledDates: 1 });
  sim.say(channel.slug, 'mira_k', 'hello');
  expect(await answers()).toEqual([OK]);
});

test('a rotated key is noticed by the first delivery that needs it; a hidden one by nobody who has it', async () => {
  const { sim, channel, answers } = await webhookWorld();
  const asked = () => sim.calls.filter(({ path }) => path.endsWith('/public-key')).length;
  sim.say(channel.slug, 'mira_k', 'first');
  await sim.deliveries.settled();
  sim.faults.hideKey();
  sim.say(channel.slug, 'mira_k', 'second');
  await sim.deliveries.settled();
  sim.faults.hideKey(false);
  sim.faults.rotateKey();
  for (const text of ['third', 'fourth']) sim.say(channel.slug, 'mira_k', text);
  expect(await answers()).toEqual([OK, OK, OK, OK]);
  expect(asked()).toBe(2);
});

test('without any key a delivery is refused as ours to mend, and taken when Kick repeats it', async () => {
  const { sim, channel, answers, stored } = await webhookWorld();
  sim.faults.hideKey();
  sim.faults.retries({ spacingMs: 1100 });
  sim.say(channel.slug, 'mira_k', 'hello');
  await vi.waitFor(() => expect(sim.deliveries.records).toHaveLength(1), PATIENCE);
  sim.faults.hideKey(false);
  const [first, second] = await answers();
  expect(first).toEqual([503, expect.objectContaining({ errorCode: 'KICK_PUBLIC_KEY_UNAVAILABLE' })]);
  expect(second).toEqual(OK);
  expect(await stored()).toHaveLength(1);
});

test("the operator's own key is believed in the place of Kick's", async () => {
  const { sim, channel, answers } = await webhookWorld({
    KICK_WEBHOOK_PUBLIC_KEY_PEM: `MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0tvNzuv/j4N42BFVNvZV
23Be/6CzGB3cJAutbaTOXo5PEUaBdDUmYs3v2mgWAVpVqtk0n2FrG/MTnPujgUrT
eigDn+9fu60max1gfEHsH2SV2vuTOJGLTYICzek3eUXFf4tfp3rBxyFaNqtd479n
b+UwIwBAk0pBIhRkQO5U7ZsvrQb4KiyyFkNMKWO/a3p9mOnrsbsO1VrSqwVufv5j
F95cLEDUM0momuviyrmmubGwHBE+Gmjyund2ZPsWOxaWJpgyrqX3IzruTXZzBmJ6
gVs0QI2g58UFBVjeVgh+zyKAXJE0e14+hclPeC14r71lQ7u7NvZ9uZQC3tIgtMxQ
pwIDAQAB`,
  });
  sim.faults.retries({ attempts: 1 });
  sim.say(channel.slug, 'mira_k', 'hello');
  expect((await answers())[0]?.[0]).toBe(403);
  expect(sim.calls.filter(({ path }) => path.endsWith('/public-key'))).toEqual([]);
});

test('types and versions of tomorrow, and bodies that lie about theirs, are taken without effect and told once', async () => {
  const { sim, channel, answers, stored, events } = await webhookWorld();
  const body = { broadcaster: { user_id: Number(channel.broadcasterId) } };
  for (let times = 0; times < 3; times += 1) sim.emit(channel.slug, 'chat.polled', '1', body);
  sim.emit(channel.slug, 'chat.message.sent', '2', body);
  expect(await answers()).toEqual([OK, OK, OK, OK]);
  expect(events('kick.webhook.unknown_event')).toMatchObject([
    { type: 'chat.polled', version: '1' },
    { type: 'chat.message.sent', version: '2' },
  ]);
  const incomplete = [200, { ok: true, ignored: true, reason: 'missing_identity' }];
  for (const lie of [body, {}, [], 'null', { ...body, sender: { user_id: 5 }, content: ' ', message_id: 'm' }]) {
    sim.emit(channel.slug, 'chat.message.sent', '1', lie);
  }
  sim.emit(channel.slug, 'livestream.status.updated', '1', { ...body, is_live: 'yes' });
  sim.emit(channel.slug, 'channel.followed', '1', { follower: null });
  expect((await answers()).slice(4)).toEqual(Array(7).fill(incomplete));
  expect(await stored()).toEqual([]);
});

test('gifts of nobody, follows, redemptions and kicks are remembered, and nothing else happens', async () => {
  const { sim, channel, answers, stored, pg } = await webhookWorld();
  for (const event of [
    'channel.followed',
    'channel.subscription.gifts',
    'channel.reward.redemption.updated',
    'kicks.gifted',
  ] as const) {
    sim.subscriptions.add(channel.broadcasterId, event);
  }
  sim.faults.deliveries({ duplicates: 1 });
  sim.gift(channel.slug, null, ['mira_k', 'otto']);
  sim.follow(channel.slug, 'otto');
  const redemption = sim.redeem(channel.slug, 'otto', { status: 'pending' });
  sim.redeem(channel.slug, 'otto', { id: redemption, status: 'accepted' });
  sim.sendKicks(channel.slug, 'otto', { amount: 500, name: 'Rage Quit', message: 'w' });
  expect(await answers()).toEqual([OK, DUPLICATE, OK, OK, OK, OK]);
  expect(await stored()).toEqual([]);
  const ids = sim.deliveries.records.map(({ id }) => id);
  const { rows } = await pg.query('select 1 from "ExternalWebhookDeliveryDedup" where "messageId" = any($1)', [ids]);
  expect(rows).toHaveLength(5);
});

test('a channel whose bot is off is not mapped; switched on, it is from the next line on', async () => {
  const { sim, channel, answers, stored, pg } = await webhookWorld();
  const unmapped = [200, { ok: true, ignored: true, reason: 'channel_not_mapped' }];
  const line = async () => {
    const before = sim.deliveries.records.length;
    sim.say(channel.slug, 'mira_k', 'hello');
    return (await answers()).slice(before)[0];
  };
  expect(await line()).toEqual(OK);
  await pg.query(`insert into "BotIntegrationSettings" ("channelId", provider, enabled) values ($1, 'kick', false)`, [
    channel.channelId,
  ]);
  await vi.waitFor(async () => expect(await line()).toEqual(unmapped), PATIENCE);
  await pg.query('update "BotIntegrationSettings" set enabled = true where "channelId" = $1', [channel.channelId]);
  await vi.waitFor(async () => expect(await line()).toEqual(OK), PATIENCE);
  const { rows } = await pg.query('select count(*) as lines from "WebhookInbox" where "channelId" = $1', [
    channel.channelId,
  ]);
  expect((await stored()).length).toBe(Number(rows[0].lines));
});

test('a stream is on record since the moment its event tells of', async () => {
  const { sim, channel, answers, db } = await webhookWorld();
  const live = async () =>
    (
      await db
        .selectFrom('ChannelLiveState')
        .select(['isLive', 'since'])
        .where('channelId', '=', channel.channelId)
        .execute()
    )[0];
  const startedAt = new Date(Date.now() - 60_000);
  sim.faults.deliveries({ duplicatesWithNewId: 1 });
  sim.goLive(channel.slug, { startedAt });
  await answers();
  expect((await live())?.isLive).toBe(true);
  expect(Math.abs(((await live())?.since.getTime() ?? 0) - startedAt.getTime())).toBeLessThan(1000);
  sim.goOffline(channel.slug);
  await answers();
  expect((await live())?.isLive).toBe(false);
});

test('the end of a stream that arrives before its begin is the last word', async () => {
  const { sim, channel, answers, db } = await webhookWorld();
  sim.faults.deliveries({ reordered: 2 });
  sim.goLive(channel.slug, { startedAt: new Date(Date.now() - 60_000), offsetMinutes: 660 });
  sim.goOffline(channel.slug);
  expect(await answers()).toEqual([OK, OK]);
  const states = await db.selectFrom('ChannelLiveState').select('isLive').execute();
  expect(states).toEqual([{ isLive: false }]);
});

test('what cannot be stored is not acknowledged, and is taken when Kick repeats it', async () => {
  const { sim, channel, answers, stored, pg } = await webhookWorld();
  sim.faults.retries({ spacingMs: 300 });
  await pg.query('alter table "WebhookInbox" rename to "WebhookInboxElsewhere"');
  try {
    sim.say(channel.slug, 'mira_k', 'hello');
    await vi.waitFor(() => expect(sim.deliveries.records).toHaveLength(1), PATIENCE);
  } finally {
    await pg.query('alter table "WebhookInboxElsewhere" rename to "WebhookInbox"');
  }
  const [first, second] = await answers();
  expect(first?.[0]).not.toBe(200);
  expect(second).toEqual(OK);
  expect(await stored()).toHaveLength(1);
});

test('what was signed is read whatever the content type calls it, and is as old as its delivery when it tells no time', async () => {
  const { sim, channel, stored, url } = await webhookWorld();
  const at = new Date(Date.now() - 90_000);
  at.setMilliseconds(0);
  const types = ['text/plain', 'application/x-www-form-urlencoded', null];
  for (const [index, contentType] of types.entries()) {
    const line = { message_id: `m-${index}`, sender: { user_id: 5, username: 'otto' }, content: 'Привет' };
    const { headers, body } = sim.deliveries.signed({
      channelId: channel.broadcasterId,
      subscriptionId: 's',
      type: 'chat.message.sent',
      version: '1',
      at,
      body: Buffer.from(JSON.stringify({ ...line, broadcaster: { user_id: Number(channel.broadcasterId) } })),
    });
    const sent = new Headers(headers);
    if (contentType === null) sent.delete('content-type');
    else sent.set('content-type', contentType);
    const answer = await fetch(`${url}/webhooks/kick/events`, {
      method: 'POST',
      headers: sent,
      body: new Uint8Array(body),
    });
    expect(await answer.json()).toEqual({ ok: true });
  }
  const lines = (await stored()).map(({ payload }) => payload);
  expect(lines).toHaveLength(types.length);
  for (const line of lines) expect(line).toMatchObject({ content: 'Привет', sentAt: at.toISOString() });
});
