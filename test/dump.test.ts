import { expect, onTestFinished, test, vi } from 'vitest';
import { startTwitchSimulator } from '../simulators/twitch/simulator.ts';
import { runCommand } from '../src/cli/commands.ts';
import { createTokenSeal, isSealed } from '../src/lib/token-seal.ts';
import { twitch } from '../src/platforms/twitch/index.ts';
import { type ApiWorld, startApiWorld } from './support/api-world.ts';
import { createTestDatabase } from './support/database.ts';
import { startTestWorker } from './support/running-worker.ts';

const KEY = Buffer.alloc(32, 9);
const CREDENTIALS_ENCRYPTION_KEY = KEY.toString('base64');
const seal = createTokenSeal([KEY]);
const CALLBACK = 'http://localhost:3001/auth/twitch/callback';
/** What the simulated Twitch's tokens look like, and nothing else that is stored. */
const TOKEN = /(?<![0-9a-f])[0-9a-f]{30}(?![0-9a-f])/;

async function world() {
  const { url: databaseUrl } = await createTestDatabase({ forTest: true });
  const sim = await startTwitchSimulator({ limits: 'off' });
  onTestFinished(() => sim.stop());
  const env = { ...sim.env(), CREDENTIALS_ENCRYPTION_KEY };
  const api = await startApiWorld(databaseUrl, {
    env: { ...env, TWITCH_CALLBACK_URL: CALLBACK, WEB_URL: 'https://panel.example', SELF_SIGNUP: 'on' },
  });
  return { ...api, sim, env, databaseUrl };
}

type World = Awaited<ReturnType<typeof world>>;

/** A browser that goes where it is sent, from the start to the panel. @returns its cookies */
async function signIn({ ask, sim }: World, login: string): Promise<string> {
  sim.addChannel(login);
  const cookies = new Map<string, string>();
  const visit = async (path: string) => {
    const answer = await ask(null, 'GET', path, { headers: { cookie: [...cookies.values()].join('; ') } });
    expect(answer.status).toBe(302);
    for (const line of answer.headers['set-cookie'] ?? [])
      cookies.set(line.split('=')[0] ?? '', line.split(';')[0] ?? '');
    return answer.headers.location ?? '';
  };
  const consent = await fetch(`${await visit('/auth/twitch')}&as=${login}`, { redirect: 'manual' });
  const back = new URL(consent.headers.get('location') ?? '');
  await visit(back.pathname + back.search);
  return [...cookies.values()].join('; ');
}

/** Every row of every table, every column, as text. */
async function dump({ pg }: ApiWorld): Promise<string[]> {
  const tables = await pg.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  );
  const texts: string[] = [];
  for (const { name } of tables.rows) {
    const { rows } = await pg.query<{ text: string }>(`select "${name}"::text as text from "${name}"`);
    texts.push(...rows.map(({ text }) => `${name}: ${text}`));
  }
  return texts;
}

/** Everything that is sealed somewhere in the dump, opened. */
function sealedIn(texts: readonly string[]): string[] {
  const values = texts.flatMap((text) => text.match(/sealed\.v1\.[\w.-]+/g) ?? []);
  return values.filter(isSealed).map((value) => seal.open(value));
}

test('after people signed in, bots spoke and tokens were renewed, the database holds no token in clear', async () => {
  const api = await world();
  const { db, sim, env, databaseUrl } = api;
  const cookie = await signIn(api, 'northpine');
  await signIn(api, 'memalerts_bot');
  const before = sealedIn(await dump(api));
  await db
    .insertInto('GlobalTwitchBotCredential')
    .columns(['externalAccountId', 'enabled'])
    .expression((query) =>
      query
        .selectFrom('ExternalAccount')
        .select(({ ref, lit }) => [ref('id').as('externalAccountId'), lit(true).as('enabled')])
        .where('login', '=', 'memalerts_bot'),
    )
    .execute();
  const streamer = { headers: { cookie, origin: 'https://panel.example' } };
  const enabled = await api.ask(null, 'PATCH', '/streamer/bots/twitch', { ...streamer, body: { enabled: true } });
  expect(enabled.status).toBe(200);
  sim.faults.expireTokens('memalerts_bot');
  startTestWorker(twitch, { DATABASE_URL: databaseUrl, CHATBOT_BACKEND_BASE_URLS: api.url, ...env }, { seal });
  const body = { provider: 'twitch', message: 'hello' };
  expect((await api.ask(null, 'POST', '/streamer/bot/say', { ...streamer, body })).status).toBe(200);
  await vi.waitFor(() => expect(sim.messagesIn('northpine').map(({ text }) => text)).toContain('hello'), 15_000);

  const texts = await dump(api);
  expect(texts.filter((text) => TOKEN.test(text))).toEqual([]);
  // And they are there: two people's, in both places tokens are kept in, some of them renewed.
  const opened = sealedIn(texts);
  expect(opened).toHaveLength(8);
  expect(opened.filter((token) => !TOKEN.test(token))).toEqual([]);
  expect(opened.filter((token) => !before.includes(token))).toHaveLength(2);
});

test('tokens in clear from before there was a key are sealed by seal-tokens, and are the same tokens', async () => {
  const api = await world();
  const { pg, databaseUrl } = api;
  await signIn(api, 'northpine');
  const opened = sealedIn(await dump(api));
  for (const [table, ...columns] of [
    ['ExternalAccount', 'accessToken', 'refreshToken'],
    ['User', 'twitchAccessToken', 'twitchRefreshToken'],
  ]) {
    for (const [index, column] of columns.entries()) {
      await pg.query(`update "${table}" set "${column}" = $1`, [opened[index]]);
    }
  }
  expect((await dump(api)).filter((text) => TOKEN.test(text))).toHaveLength(2);
  await runCommand(['seal-tokens'], { DATABASE_URL: databaseUrl, CREDENTIALS_ENCRYPTION_KEY });
  const texts = await dump(api);
  expect(texts.filter((text) => TOKEN.test(text))).toEqual([]);
  expect(new Set(sealedIn(texts))).toEqual(new Set(opened.slice(0, 2)));
});
