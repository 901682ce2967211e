import { expect, test, vi } from 'vitest';
import { runCommand } from '../../src/cli/commands.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createTokenSeal } from '../../src/lib/token-seal.ts';
import { linkAccount, PATIENCE, type WorkerWorld, workerWorld } from '../support/worker-world.ts';

const KEYS = [1, 2].map((fill) => Buffer.alloc(32, fill));
const seal = createTokenSeal(KEYS);
const SLUGS = Array.from({ length: 10 }, (_, index) => `room${index}`);
const SCOPES = ['chat:read', 'chat:edit', 'user:read:chat', 'user:write:chat', 'user:bot'];
const DISTANCE_MS = 20;
const TEXTS = Array.from({ length: 400 }, (_, index) => `message ${index}`);
/** 60 s before its end a token is renewed. */
const RENEWED_BEFORE_MS = 60_000;

/** A channel with a bot of its own, whose token has to be renewed after this time. */
async function channelWithBot({ db, sim, channels }: WorkerWorld, slug: string, renewedAfterMs: number) {
  const { [slug]: channelId = '' } = await channels(slug);
  sim.addPerson(`bot_of_${slug}`);
  const externalAccountId = await linkAccount(db, sim, `bot_of_${slug}`, SCOPES);
  const tokenExpiresAt = new Date(Date.now() + RENEWED_BEFORE_MS + renewedAfterMs);
  await db.updateTable('ExternalAccount').set({ tokenExpiresAt }).where('id', '=', externalAccountId).execute();
  await db.insertInto('TwitchBotIntegration').values({ channelId, externalAccountId }).execute();
  await db.insertInto('ChannelEntitlement').values({ channelId, key: 'custom_bot' }).execute();
  return channelId;
}

/** Accounts that nobody uses, so that there is more to seal than what is in use. */
async function idleAccounts({ db }: WorkerWorld, tokens: readonly string[]): Promise<void> {
  const user = await db.insertInto('User').values({ displayName: 'x' }).returning('id').executeTakeFirstOrThrow();
  const rows = tokens.map((accessToken) => ({
    userId: user.id,
    provider: 'discord' as const,
    providerAccountId: accessToken,
    accessToken,
  }));
  await db.insertInto('ExternalAccount').values(rows).execute();
}

async function canBeRenewed({ sim }: WorkerWorld, refreshToken: string): Promise<boolean> {
  const { TWITCH_CLIENT_ID: client_id = '', TWITCH_CLIENT_SECRET: client_secret = '' } = sim.env();
  const form = { client_id, client_secret, grant_type: 'refresh_token', refresh_token: refreshToken };
  const answer = await fetch(`${sim.urls.auth}/token`, { method: 'POST', body: new URLSearchParams(form) });
  return answer.ok;
}

test('keys are rotated while 50 messages a second are sent and tokens run out: no message and no token is lost', async () => {
  const world = await workerWorld();
  const idle = Array.from({ length: 300 }, (_, index) => `idle ${index}`);
  await idleAccounts(world, idle);
  const channelIds: string[] = [];
  for (const [index, slug] of SLUGS.entries()) channelIds.push(await channelWithBot(world, slug, 1000 + index * 600));
  const { log } = world.startWorker({ seal });
  await world.joined(...SLUGS);

  let isSending = true;
  const startedAt = performance.now();
  const sending = (async () => {
    for (const [index, text] of TEXTS.entries()) {
      await systemClock.sleep(Math.max(0, startedAt + index * DISTANCE_MS - performance.now()));
      await world.queue(channelIds[index % SLUGS.length] ?? '', text);
    }
    isSending = false;
  })();
  let rotations = 0;
  while (isSending) {
    // Back and forth, so that every round has everything to seal.
    const keys = rotations % 2 === 0 ? [...KEYS].reverse() : KEYS;
    const CREDENTIALS_ENCRYPTION_KEY = keys.map((key) => key.toString('base64')).join(',');
    const said = await runCommand(['rotate-keys'], { DATABASE_URL: world.databaseUrl, CREDENTIALS_ENCRYPTION_KEY });
    expect(said).toMatch(/ Left: 0\. Unreadable: 0\.$/);
    rotations += 1;
  }
  await sending;

  await vi.waitFor(async () => {
    const { rows } = await world.pg.query('select status, count(*) as rows from "ChatBotOutboxMessage" group by 1');
    expect(rows).toEqual([{ status: 'sent', rows: TEXTS.length }]);
  }, PATIENCE);
  expect(SLUGS.flatMap(world.said).sort()).toEqual([...TEXTS].sort());
  // Everybody spoke for themselves to the end: nobody's token was out of reach even once.
  const speakers = new Set(world.sim.log.all().map(({ channel, author }) => `${author} in ${channel}`));
  expect([...speakers].sort()).toEqual(SLUGS.map((slug) => `bot_of_${slug} in ${slug}`));
  expect(world.sim.tokensRefreshed).toBe(SLUGS.length);
  expect(rotations).toBeGreaterThanOrEqual(3);
  expect(log.filter(({ event }) => event.includes('token.'))).toEqual([]);

  const accounts = await world.db.selectFrom('ExternalAccount').selectAll().execute();
  expect(accounts.filter(({ brokenAt }) => brokenAt !== null)).toEqual([]);
  for (const { provider, providerAccountId, accessToken, refreshToken } of accounts) {
    if (provider === 'discord') expect(seal.open(accessToken ?? '')).toBe(providerAccountId);
    else expect(await canBeRenewed(world, seal.open(refreshToken ?? ''))).toBe(true);
  }
}, 60_000);
