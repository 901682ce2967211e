import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startEmbeddedPostgres } from '../../src/db/embedded.ts';
import { migrate } from '../../src/db/migrate.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { startApiWorld } from '../support/api-world.ts';
import { tlsLine } from '../support/tls-line.ts';
import { workerWorld } from '../support/worker-world.ts';

const EACH = 12;
const DISTANCE_MS = 100;
const PASSWORD = 'right';

interface State {
  readonly name: string;
  /** How long it lasts at least; the lock has to outlast what is waited for it. */
  readonly lastsMs: number;
  begin(): Promise<unknown>;
  end(): Promise<unknown>;
}

interface Figures {
  readonly state: string;
  /** Of what streamers wanted said. */
  readonly accepted: number;
  readonly refused: number;
  /** Answers of the API that are neither. */
  readonly failed: number;
  /** Accepted and never said. */
  readonly lost: number;
  readonly doubled: number;
  /** Answers to chat lines that were never said. */
  readonly dropped: number;
}

test('a database that cannot work loses and drops no more than one that crashed: nothing, and what is refused is told so', async () => {
  const { world, api, admin, states } = await stage();
  const who = await api.streamer();
  const slug = who.slug.toLowerCase();
  world.sim.addChannel(slug);
  await admin.query(`insert into "ChatBotSubscription" ("channelId", "twitchLogin") values ($1, $2)`, [
    who.channelId,
    slug,
  ]);
  const numbers = Array.from({ length: EACH }, (_, index) => index);
  for (const [place] of states.entries()) {
    for (const index of numbers) {
      await world.addCommand(who.channelId, `!s${place}n${index}`, `answer ${place}.${index}`);
    }
  }
  await world.joined(slug);

  const table: Figures[] = [];
  for (const [place, state] of states.entries()) {
    await settled(api, who);
    await state.begin();
    const asked = numbers.map(async (index) => {
      await systemClock.sleep(index * DISTANCE_MS);
      world.sim.say(slug, 'mira_k', `!s${place}n${index}`);
      const { status } = await api.ask(who, 'POST', '/streamer/bot/say', {
        body: { message: `wish ${place}.${index}` },
      });
      return status;
    });
    await systemClock.sleep(state.lastsMs);
    await state.end();
    const statuses = await Promise.all(asked);
    const said = () => world.said(slug);
    const times = (text: string) => said().filter((one) => one === text).length;
    const wishes = numbers.filter((index) => statuses[index] === 200).map((index) => `wish ${place}.${index}`);
    const answers = numbers.map((index) => `answer ${place}.${index}`);
    // What is still missing after this long is lost.
    await vi
      .waitFor(() => expect([...wishes, ...answers].filter((text) => times(text) === 0)).toEqual([]), {
        timeout: 12_000,
        interval: 50,
      })
      .catch(() => {});
    const missing = (texts: readonly string[]) => texts.filter((text) => times(text) === 0).length;
    table.push({
      state: state.name,
      accepted: wishes.length,
      refused: statuses.filter((status) => status === 503).length,
      failed: statuses.filter((status) => status !== 200 && status !== 503).length,
      lost: missing(wishes),
      doubled: [...wishes, ...answers].filter((text) => times(text) > 1).length,
      dropped: missing(answers),
    });
  }
  console.table(table);
  for (const figures of table) {
    expect(figures).toMatchObject({ failed: 0, lost: 0, dropped: 0 });
    expect(figures.accepted + figures.refused).toBe(EACH);
  }
}, 120_000);

/** Both processes reach the database as a role of their own, with a password, over an encrypted line. */
async function stage() {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'memalerts-states-'));
  const server = await startEmbeddedPostgres({ dataDir, durable: false });
  onTestFinished(async () => {
    await server.stop('crash').catch(() => {});
    await rm(dataDir, { recursive: true, force: true });
  });
  await migrate(server.url);
  const admin = new pg.Pool({ connectionString: server.url, max: 2 });
  admin.on('error', () => {});
  onTestFinished(() => admin.end());
  await admin.query(`create role app login password '${PASSWORD}'`);
  await admin.query(
    'grant all on all tables in schema public to app; grant all on all sequences in schema public to app',
  );
  const { rows } = await admin.query<{ hba_file: string }>('show hba_file');
  const rules = rows[0]?.hba_file ?? '';
  await writeFile(rules, `host all app all scram-sha-256\n${await readFile(rules, 'utf8')}`);
  await admin.query('select pg_reload_conf()');
  const far = new URL(server.url);
  far.username = 'app';
  far.password = PASSWORD;
  const line = await tlsLine(far.href);

  const world = await workerWorld({ databaseUrl: server.url });
  const env = { TWITCH_CLIENT_ID: 'cid', ...world.sim.env() };
  const api = await startApiWorld(line.url, { env });
  world.startWorker({ env: { DATABASE_URL: line.url } });

  const away = `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app'`;
  const failing = async (code: string) => {
    await admin.query(`
      create function fail() returns trigger language plpgsql as $$
        begin raise exception 'as told by the test' using errcode = '${code}'; end $$;
      create trigger fail before insert or update on "ChatBotOutboxMessage" for each statement execute function fail()`);
  };
  const healed = () => admin.query('drop function fail() cascade');
  const readOnly = async (value: 'on' | 'off') => {
    await admin.query(`alter system set default_transaction_read_only = ${value}`);
    await admin.query('select pg_reload_conf()');
  };
  const readiness = async () => (await api.ask(null, 'GET', '/readyz')).status;
  const holder = await admin.connect();
  holder.on('error', () => {});
  const states: State[] = [
    {
      name: 'read-only',
      lastsMs: 2000,
      // A server tells its processes one after the other.
      begin: () => readOnly('on').then(() => expect.poll(readiness, { timeout: 10_000 }).toBe(503)),
      end: () => readOnly('off'),
    },
    {
      name: 'password changed',
      lastsMs: 2000,
      begin: () => admin.query(`alter role app password 'other'`).then(() => admin.query(away)),
      end: () => admin.query(`alter role app password '${PASSWORD}'`),
    },
    { name: 'disk full', lastsMs: 2000, begin: () => failing('53100'), end: healed },
    {
      name: 'locks',
      lastsMs: 7000,
      begin: () => holder.query('begin; lock table "ChatBotOutboxMessage"'),
      end: () => holder.query('rollback'),
    },
    { name: 'statement time-out', lastsMs: 2000, begin: () => failing('57014'), end: healed },
    { name: 'TLS', lastsMs: 2000, begin: async () => line.spoil(), end: async () => line.mend() },
    {
      name: 'connections exhausted',
      lastsMs: 2000,
      begin: () => admin.query('alter role app connection limit 0').then(() => admin.query(away)),
      end: () => admin.query('alter role app connection limit -1'),
    },
    {
      name: 'crashed server',
      lastsMs: 2000,
      begin: async () => {
        holder.release(true);
        await server.stop('crash');
      },
      end: () => server.start(),
    },
  ];
  return { world, api, admin, states };
}

/** Whatever the last state left behind is over. */
async function settled(api: Awaited<ReturnType<typeof startApiWorld>>, who: { token: string }): Promise<void> {
  const isReady = async () => (await api.ask(who, 'GET', '/readyz')).status;
  await expect.poll(isReady, { timeout: 15_000 }).toBe(200);
}
