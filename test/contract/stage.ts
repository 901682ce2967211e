/** Where the cases play: five simulated platforms, and APIs that differ by their environment or their database. */
import { generateKeyPairSync } from 'node:crypto';
import { startKickSimulator } from '../../simulators/kick/simulator.ts';
import { startTrovoSimulator } from '../../simulators/trovo/simulator.ts';
import { startTwitchSimulator } from '../../simulators/twitch/simulator.ts';
import { SCOPES as VK_SCOPES } from '../../simulators/vkvideo/oauth.ts';
import { startVkVideoSimulator } from '../../simulators/vkvideo/simulator.ts';
import { startYouTubeSimulator } from '../../simulators/youtube/simulator.ts';
import { type ApiWorld, startApiWorld } from '../support/api-world.ts';
import { Browser } from '../support/browser.ts';
import { type Accounts, accountsIn } from './accounts.ts';
import { type Rows, rowsOf } from './rows.ts';

/**
 * `usual`: everything is configured. `unconfigured`: nothing but what a start needs. `limited`: few requests, small
 * bodies. `lacking`: only the tables of channels, users and rights to a bot. `unentitled`: all but the last of these.
 */
export type Instance = 'usual' | 'unconfigured' | 'limited' | 'production' | 'beta' | 'lacking' | 'unentitled';

export interface Stage extends ApiWorld, Accounts {
  readonly sims: Simulators;
  readonly rows: Rows;
  /** A name nobody had before. */
  name(): string;
  browser(person?: { readonly token: string }): Browser;
}

export interface Theatre {
  at(instance: Instance): Promise<Stage>;
  stop(): Promise<void>;
}

export type Simulators = Awaited<ReturnType<typeof startSimulators>>;

export const PANEL = 'https://panel.example';
export const HOST = 'bots.example';

/** Kick's own key, in the place of the one the platform publishes. */
export const kickKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });

const NOWHERE = 'http://127.0.0.1:9';
const SMALL_BODY = '64kb';
const KEPT_TABLES = ['Channel', 'User', 'EndedSession', 'ChannelEntitlement', 'schema_migration'];
const KEPT_COLUMNS = ['id', 'slug', 'name', 'twitchChannelId', 'createdAt'];

let names = 0;

/** @param databases all of them migrated and empty; the poorer ones are made so here */
export async function openTheatre(databases: Readonly<Record<'usual' | Poorer, string>>): Promise<Theatre> {
  const sims = await startSimulators();
  const stops = Object.values(sims).map(
    (sim): (() => Promise<void>) =>
      () =>
        sim.stop(),
  );
  const stages = new Map<Instance, Promise<Stage>>();
  const open = async (instance: Instance): Promise<Stage> => {
    const url = isPoorer(instance) ? databases[instance] : databases.usual;
    const env = { KICK_API_BASE_URL: NOWHERE, ...environmentOf(instance, sims) };
    const api = await startApiWorld(url, { env, onEnd: (stop) => void stops.push(stop) });
    if (isPoorer(instance)) await impoverish(api, instance);
    const name = () => `person_${++names}`;
    const browser = (person?: { readonly token: string }) => new Browser(api, person);
    const rows = await rowsOf(api.pg);
    return { ...api, ...accountsIn(api.pg, sims, name), sims, rows, name, browser };
  };
  return {
    at(instance) {
      const stage = stages.get(instance) ?? open(instance);
      stages.set(instance, stage);
      return stage;
    },
    async stop() {
      for (const stop of stops.reverse()) await stop();
    },
  };
}

async function startSimulators() {
  const limits = 'off';
  return {
    twitch: await startTwitchSimulator({ limits }),
    vkvideo: await startVkVideoSimulator({ limits }),
    youtube: await startYouTubeSimulator({ limits }),
    trovo: await startTrovoSimulator({ limits }),
    kick: await startKickSimulator({ limits }),
  };
}

type Poorer = 'lacking' | 'unentitled';

function isPoorer(instance: Instance): instance is Poorer {
  return instance === 'lacking' || instance === 'unentitled';
}

async function impoverish({ pg }: ApiWorld, instance: Poorer): Promise<void> {
  if (instance === 'unentitled') return void (await pg.query('drop table "ChannelEntitlement" cascade'));
  const { rows } = await pg.query(`
    select format('drop trigger %I on %I', tgname, relname) as statement
    from pg_trigger join pg_class on pg_class.oid = tgrelid
    where relname = 'Channel' and not tgisinternal
    union all
    select format('alter table "Channel" drop column %I cascade', attname) from pg_attribute
    where attrelid = '"Channel"'::regclass and attnum > 0 and not attisdropped
      and attname <> all('{${KEPT_COLUMNS.join()}}')
    union all
    select format('drop table %I cascade', tablename) from pg_tables
    where schemaname = 'public' and tablename <> all('{${KEPT_TABLES.join()}}')
  `);
  for (const { statement } of rows) await pg.query(statement);
}

function environmentOf(instance: Instance, sims: Simulators): Record<string, string> {
  const key = Buffer.alloc(32, 3).toString('base64');
  switch (instance) {
    case 'unconfigured':
      return {};
    case 'limited':
      return {
        ...configured(sims),
        API_USER_REQUESTS_PER_MIN: '3',
        API_ANON_REQUESTS_PER_15MIN: '3',
        JSON_BODY_LIMIT: SMALL_BODY,
      };
    case 'production':
      return { ...configured(sims), NODE_ENV: 'production', CREDENTIALS_ENCRYPTION_KEY: key };
    case 'beta':
      return { ...configured(sims), INSTANCE: 'beta', DOMAIN: `beta.${HOST}` };
    case 'usual':
    case 'lacking':
    case 'unentitled':
      return configured(sims);
  }
}

function configured(sims: Simulators): Record<string, string> {
  return {
    WEB_URL: PANEL,
    DOMAIN: HOST,
    TWITCH_CALLBACK_URL: `https://${HOST}/auth/twitch/callback`,
    YOUTUBE_CALLBACK_URL: `https://${HOST}/auth/youtube/link/callback`,
    TROVO_CALLBACK_URL: `https://${HOST}/auth/trovo/link/callback`,
    VKVIDEO_SCOPES: VK_SCOPES.join(','),
    YOUTUBE_DAILY_QUOTA_UNITS: '1000000000',
    KICK_WEBHOOK_PUBLIC_KEY_PEM: String(kickKeys.publicKey.export({ type: 'spki', format: 'pem' })),
    ...Object.assign({}, ...Object.values(sims).map((sim) => sim.env())),
  };
}
