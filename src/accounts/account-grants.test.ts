import { expect, test, vi } from 'vitest';
import { credentialsWorld, HOUR_MS } from '../../test/support/credentials-world.ts';
import { slowLine } from '../../test/support/slow-line.ts';
import type { PlatformUserId } from '../lib/brand.ts';
import type { AccountCredential } from '../platforms/account-side.ts';

const BOT = 'own_bot';

async function world() {
  const world = await credentialsWorld();
  const channelId = await world.channel('room0');
  const overrideAccountId = await world.account({ login: BOT });
  const { access } = await world.tokens(overrideAccountId);
  const held: AccountCredential = {
    accountId: overrideAccountId,
    platformUserId: world.sim.person(BOT).id as PlatformUserId,
    login: BOT,
    accessToken: access,
    scopes: new Set(),
  };
  return { ...world, id: overrideAccountId, held, channel: { channelId, overrideAccountId } };
}

test('a hint that comes while the account is read is not forgotten: nobody who asks after it gets the old answer', async () => {
  const { channel, id, databaseUrl, db, process, relink } = await world();
  await db.updateTable('ExternalAccount').set({ brokenAt: new Date(), brokenReason: 'invalid_grant' }).execute();
  const line = await slowLine(databaseUrl);
  const { credentials } = await process({ databaseUrl: line.url, announces: false });
  expect(await credentials.senderFor(channel)).toBeNull();
  credentials.invalidate();
  line.hold();
  const before = credentials.senderFor(channel);
  await vi.waitFor(() => expect(line.asked).toBe(1));
  const { access } = await relink(id, BOT);
  credentials.invalidate();
  const after = credentials.senderFor({ ...channel });
  line.flow();
  expect(await before).toBeNull();
  expect((await after)?.accessToken).toBe(access);
  expect((await credentials.senderFor(channel))?.accessToken).toBe(access);
});

test('fifty messages at once cost one look at the account, and the next ones none', async () => {
  const { channel, databaseUrl, process } = await world();
  const line = await slowLine(databaseUrl);
  const { credentials } = await process({ databaseUrl: line.url, announces: false });
  await credentials.senderFor(channel);
  credentials.invalidate();
  line.hold();
  const asking = Array.from({ length: 50 }, () => credentials.senderFor(channel));
  await vi.waitFor(() => expect(line.asked).toBe(1));
  line.flow();
  const senders = await Promise.all(asking);
  expect(new Set(senders.map((sender) => sender?.accessToken)).size).toBe(1);
  line.hold();
  expect(await credentials.senderFor(channel)).toEqual(senders[0]);
  expect(line.asked).toBe(0);
});

test('a renewal that fails hides no account that was not read yet', async () => {
  const { channel, clock, held, process, sim, tokenFault } = await world();
  const { source } = await process({ announces: false });
  tokenFault({ kind: 'answer', status: 503 });
  expect(await source.renewed(held, held.accessToken)).toBe('unavailable');
  expect(await source.senderFor(channel)).toBe('unavailable');
  await sim.faults.clear();
  await clock.advance(2000);
  expect(await source.senderFor(channel)).toMatchObject({ accountId: held.accountId });
});

test('a token that is refused while the token endpoint is away is asked for every 2 s, not at every message', async () => {
  const { channel, clock, held, process, refreshes, sim, tokenFault } = await world();
  const { credentials } = await process({ announces: false });
  await credentials.senderFor(channel);
  tokenFault({ kind: 'answer', status: 503 });
  for (let messages = 0; messages < 10; messages += 1) {
    expect(await credentials.renewed(held, held.accessToken)).toBeNull();
  }
  expect(refreshes()).toBe(1);
  await sim.faults.clear();
  await clock.advance(2000);
  expect((await credentials.renewed(held, held.accessToken))?.accessToken).not.toBe(held.accessToken);
});

test('while the platform gives no other token the next link is used at once', async () => {
  const { channel, clock, id, process, relink, tokenFault } = await world();
  const { credentials } = await process({ announces: false });
  await clock.advance(HOUR_MS);
  tokenFault({ kind: 'answer', status: 503 });
  expect(await credentials.senderFor(channel)).toBeNull();
  const { access } = await relink(id, BOT);
  credentials.invalidate();
  expect((await credentials.senderFor(channel))?.accessToken).toBe(access);
});

test('the token another process got is used without asking the platform again', async () => {
  const { channel, held, process, refreshes } = await world();
  const [first, second] = [await process({ announces: false }), await process({ announces: false })];
  await second.credentials.senderFor(channel);
  const renewed = await first.credentials.renewed(held, held.accessToken);
  // The other one still has the old one in memory.
  expect((await second.credentials.senderFor(channel))?.accessToken).toBe(held.accessToken);
  expect((await second.credentials.renewed(held, held.accessToken))?.accessToken).toBe(renewed?.accessToken);
  expect(refreshes()).toBe(1);
});

test('with hints the other process has it before it is refused anything', async () => {
  const { channel, held, process } = await world();
  const first = await process({ announces: false });
  const second = await process({ announces: false, hears: true });
  await second.credentials.senderFor(channel);
  const renewed = await first.credentials.renewed(held, held.accessToken);
  await vi.waitFor(async () => {
    expect((await second.credentials.senderFor(channel))?.accessToken).toBe(renewed?.accessToken);
  });
});
