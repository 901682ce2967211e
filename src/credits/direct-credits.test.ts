import { Writable } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { cuttableLine } from '../../test/support/cuttable-line.ts';
import { createTestDatabase } from '../../test/support/database.ts';
import { ManualClock } from '../../test/support/manual-clock.ts';
import { createPool } from '../db/pool.ts';
import type { PlatformUserId } from '../lib/brand.ts';
import { createLogger } from '../lib/logger.ts';
import { platforms } from '../platforms/all.ts';
import { twitch } from '../platforms/twitch/index.ts';
import { createAuthorIdentity } from './author-identity.ts';
import { DirectCredits } from './direct-credits.ts';
import { createCreditsRoll } from './roll.ts';

const PATIENCE = { timeout: 10_000, interval: 5 };

/** Credits over a line to a database of its own, and a channel called `pine`; time stands still. */
async function desk() {
  const { url } = await createTestDatabase({ forTest: true });
  const line = await cuttableLine(url);
  const clock = new ManualClock();
  const events: string[] = [];
  const output = new Writable({
    write: (chunk, _encoding, done) => done(void events.push(JSON.parse(String(chunk)).event)),
  });
  const log = createLogger({ level: 'info', clock, output, errorOutput: output });
  const pool = createPool(line.url, { applicationName: 'test', slowMs: 60_000, log });
  const direct = createPool(url, { applicationName: 'test', slowMs: 60_000, log });
  onTestFinished(async () => {
    await pool.end();
    await direct.end();
  });
  await direct.pg.query(`insert into "Channel" (slug, name) values ('pine', 'Pine')`);
  const parts = { db: pool.db, clock, log, logPrefix: 'bot.', random: () => 0.5 };
  const roll = createCreditsRoll(pool.db, clock, platforms);
  const credits = new DirectCredits({ ...parts, roll, identity: createAuthorIdentity({ ...parts, platform: twitch }) });
  return {
    line,
    clock,
    pg: direct.pg,
    credit: (id: string, name = id) =>
      credits.credit({ platformUserId: id as PlatformUserId, displayName: name, avatarUrl: null }, 'pine'),
    events: () => events.filter((event) => event.startsWith('bot.credits_')),
    /**
     * Time passes until the check does, and only while something waits for it: lines that storing has in hand, however
     * long it takes, must not become too old by it.
     */
    async until(done: () => Promise<void>): Promise<void> {
      await vi.waitFor(async () => {
        if (clock.pendingTimers > 0) await clock.advance(300);
        await done();
      }, PATIENCE);
    },
    /** Time passes only as far as a look-up needs. */
    async drain(): Promise<void> {
      const drained = credits.drain();
      await clock.advance(25);
      await drained;
    },
    async count(): Promise<number> {
      const { rows } = await direct.pg.query('select count(*)::int as people from "CreditsChatter"');
      return rows[0].people;
    },
    async names(): Promise<string[]> {
      const { rows } = await direct.pg.query('select "displayName" as name from "CreditsChatter" order by seq');
      return rows.map(({ name }) => name);
    },
  };
}

test('what waits at the end is stored at once, and nothing afterwards', async () => {
  const { credit, drain, names, clock } = await desk();
  credit('1', 'Mira');
  credit('2', 'Otto');
  await drain();
  expect(await names()).toEqual(['Mira', 'Otto']);
  expect(clock.pendingTimers).toBe(0);
});

test('a person who waits is stored under their latest name, as a page can show it', async () => {
  const { credit, drain, names } = await desk();
  credit('1', 'Mira');
  credit('1', ' Mi\u0000ra\n_K ');
  credit('2', '\u0007 ');
  credit('3', '🌲'.repeat(150));
  await drain();
  expect(await names()).toEqual(['Mi ra _K', '🌲'.repeat(100)]);
});

test('a line that is older than an outage may last is not credited to a later stream', async () => {
  const { credit, until, names, line, clock, events } = await desk();
  line.cut();
  credit('1', 'early');
  await until(async () => expect(events()).toEqual(['bot.credits_postponed']));
  await clock.advance(121_000);
  credit('2', 'late');
  // A try that began earlier must not get through.
  const before = line.refused;
  await until(async () => expect(line.refused).toBeGreaterThan(before + 6));
  line.mend();
  await until(async () => expect(await names()).toEqual(['late']));
  await until(async () => expect(events()).toEqual(['bot.credits_postponed', 'bot.credits_resumed']));
});

test('an outage keeps at most 20,000 people waiting', async () => {
  const { credit, until, count, line } = await desk();
  line.cut();
  for (let person = 0; person <= 20_000; person += 1) credit(`${person}`);
  line.mend();
  await until(async () => expect(await count()).toBe(20_000));
});

test('what the database refuses is loud, is not tried again, and stops nobody else', async () => {
  const { credit, until, names, pg, events } = await desk();
  await pg.query(`alter table "CreditsChatter" add constraint mine check ("displayName" <> 'refused')`);
  credit('1', 'refused');
  await until(async () => expect(events()).toEqual(['bot.credits_store_failed']));
  credit('2', 'Mira');
  await until(async () => expect(await names()).toEqual(['Mira']));
  expect(events()).toEqual(['bot.credits_store_failed']);
});
