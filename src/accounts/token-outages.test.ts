import { sql } from 'kysely';
import { expect, test, vi } from 'vitest';
import { credentialsWorld } from '../../test/support/credentials-world.ts';
import { cuttableLine } from '../../test/support/cuttable-line.ts';

const _ALMOST_OVER_MS = 60_000;

test('while the new token is not stored nobody is given it', async () => {
  const world = await credentialsWorld();
  const id = await world.linkedBot({ livesMs: 0 });
  const { credentials, events } = await world.process();
  await world.refuseUpdates('ExternalAccount');
  expect(await world.passing(credentials.defaultSender())).toBeNull();
  expect(events('twitch.token.save_failed').length).toBeGreaterThan(0);

  await world.acceptUpdates();
  await vi.waitFor(async () => {
    await world.clock.advance(1000);
    expect((await world.row(id)).tokenExpiresAt?.getTime()).toBeGreaterThan(world.clock.now().getTime());
  });
  expect((await credentials.defaultSender())?.accessToken).toBe((await world.tokens(id)).access);
  expect(world.refreshes()).toBe(1);
});

test('a rotated token survives another copy that finds the old one used up meanwhile', async () => {
  const world = await credentialsWorld();
  const id = await world.linkedBot({ livesMs: 0 });
  const [first, second] = [await world.process(), await world.process()];
  await world.refuseUpdates('ExternalAccount');
  expect(await world.passing(first.credentials.defaultSender())).toBeNull();
  await world.acceptUpdates();
  expect(await second.credentials.defaultSender()).toBeNull();
  expect((await world.row(id)).brokenReason).toBe('invalid_grant');

  await vi.waitFor(async () => {
    await world.clock.advance(1000);
    expect(await world.row(id)).toMatchObject({ brokenAt: null, brokenReason: null });
  });
  second.credentials.invalidate();
  expect((await second.credentials.defaultSender())?.accessToken).toBe((await world.tokens(id)).access);
});

test('a database that goes away while the platform is asked costs no token and no process', async () => {
  const world = await credentialsWorld();
  const id = await world.linkedBot({ livesMs: 0 });
  const line = await cuttableLine(world.databaseUrl);
  const { credentials } = await world.process({ databaseUrl: line.url });
  world.tokenFault({ kind: 'slow', delayMs: 1000, times: 1 });
  const asking = credentials.defaultSender();
  await vi.waitFor(() => expect(world.refreshes()).toBe(1));
  line.cut();
  await world.passing(asking);
  line.mend();
  await vi.waitFor(async () => {
    await world.clock.advance(1000);
    expect((await credentials.defaultSender())?.accessToken).toBe((await world.tokens(id)).access);
  });
  expect(world.refreshes()).toBe(1);
});

test.for(['cut', 'truncated', 'lost', 'slow'] as const)(
  'an answer of the token endpoint that is %s breaks nothing: later the account works again',
  async (kind) => {
    const world = await credentialsWorld({ rotates: false });
    const id = await world.linkedBot({ livesMs: 0 });
    const { credentials } = await world.process();
    world.tokenFault(kind === 'slow' ? { kind, delayMs: 10_000, times: 1 } : { kind, times: 1 });
    expect(await credentials.defaultSender()).toBeNull();
    expect((await world.row(id)).brokenAt).toBeNull();
    await world.clock.advance(5000);
    expect((await credentials.defaultSender())?.accessToken).toBe((await world.tokens(id)).access);
  },
);

test('a rotated token whose answer was lost ends as a grant that asks to be linked again, not as a silent bot', async () => {
  const world = await credentialsWorld();
  const id = await world.linkedBot({ livesMs: 0 });
  const { credentials } = await world.process();
  world.tokenFault({ kind: 'lost', times: 1 });
  expect(await credentials.defaultSender()).toBeNull();
  await world.clock.advance(5000);
  expect(await credentials.defaultSender()).toBeNull();
  expect((await world.row(id)).brokenReason).toBe('invalid_grant');
});

test.for([
  [500, 'oops'],
  [503, ''],
  [429, 'slow down'],
  [400, 'invalid client'],
  [403, 'invalid client secret'],
  [200, '<html>'],
] as const)('a token endpoint that says %s %s breaks no account and is asked every 2 s at most', async (answer) => {
  const [status, message] = answer;
  const world = await credentialsWorld();
  const id = await world.linkedBot({ livesMs: 0 });
  const { credentials, source } = await world.process();
  world.tokenFault({ kind: 'answer', status, body: status === 200 ? message : { status, message } });
  for (let messages = 0; messages < 10; messages += 1) {
    expect(await source.defaultSender()).toBe('unavailable');
    // What others change is no reason to ask again.
    credentials.invalidate();
  }
  expect(world.refreshes()).toBe(1);
  await world.sim.faults.clear();
  await world.clock.advance(2000);
  expect(await credentials.defaultSender()).not.toBeNull();
  expect((await world.row(id)).brokenAt).toBeNull();
});

test('many accounts waiting for a slow platform leave the database to the others', async () => {
  const world = await credentialsWorld();
  const ids = await Promise.all(Array.from({ length: 12 }, (_, n) => world.account({ login: `bot${n}`, livesMs: 0 })));
  const channelId = await world.channel('room0');
  const process = await world.process({ databaseUrl: `${world.databaseUrl}?connection_limit=5` });
  world.tokenFault({ kind: 'slow', delayMs: 1000 });
  const asking = ids.map((overrideAccountId) => process.credentials.senderFor({ channelId, overrideAccountId }));
  await vi.waitFor(() => expect(world.refreshes()).toBe(3));
  expect(await process.senders.effective(channelId)).toMatchObject({ kind: 'none' });
  expect(world.refreshes()).toBe(3);
  const senders = await world.passing(Promise.all(asking));
  expect(senders.map((sender) => sender?.kind)).toEqual(Array(12).fill('override'));
});

test('a refused token is handed out to nobody while the token endpoint is away, and another within 5 s of its return', async () => {
  const world = await credentialsWorld();
  const id = await world.linkedBot({ livesMs: 3_600_000 });
  const { source } = await world.process();
  const sender = await source.defaultSender();
  if (typeof sender === 'string') throw new Error(sender);
  world.tokenFault({ kind: 'answer', status: 502 });
  expect(await source.renewed(sender, sender.accessToken)).toBe('unavailable');
  for (let seconds = 0; seconds < 60; seconds += 1) {
    expect(await source.defaultSender()).toBe('unavailable');
    source.invalidate();
    await world.clock.advance(1000);
  }
  expect((await world.row(id)).brokenAt).toBeNull();
  await world.sim.faults.clear();
  await world.clock.advance(2000);
  expect(await source.defaultSender()).toMatchObject({ accessToken: (await world.tokens(id)).access });
});

test('a grant that is over is told as none, an account whose token is late as unavailable', async () => {
  const world = await credentialsWorld();
  const id = await world.linkedBot({ livesMs: 0 });
  const { source } = await world.process();
  world.tokenFault({ kind: 'answer', status: 503 });
  expect(await source.defaultSender()).toBe('unavailable');
  await world.sim.faults.clear();
  world.sim.faults.revokeGrant((await world.row(id)).login ?? '');
  await world.clock.advance(2000);
  expect(await source.defaultSender()).toBe('none');
  expect((await world.row(id)).brokenReason).toBe('invalid_grant');
});

test('a copy waits for the account that another copy renews, longer than other statements wait for a lock', async () => {
  const world = await credentialsWorld();
  const id = await world.linkedBot({ livesMs: 0 });
  const { credentials, db } = await world.process({ databaseUrl: `${world.databaseUrl}?connection_limit=1` });
  await sql`set lock_timeout = '20ms'`.execute(db);
  const otherCopy = await world.db.startTransaction().execute();
  await sql`select from "ExternalAccount" for no key update`.execute(otherCopy);
  const asking = credentials.defaultSender();
  await world.waitsPatiently();
  await otherCopy.commit().execute();
  expect((await asking)?.accessToken).toBe((await world.tokens(id)).access);
});
