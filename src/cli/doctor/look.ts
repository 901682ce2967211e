/** What the doctor knows before anything is judged: the database's snapshot, and what this machine sees. */
import { StoredSenders } from '../../accounts/senders-stored.ts';
import { loadConfig } from '../../config.ts';
import { databaseTroubleOf } from '../../db/failures.ts';
import { createPool, type Pool } from '../../db/pool.ts';
import { askForLook } from '../../engine/diagnosis/ask-for-look.ts';
import { isUsed } from '../../engine/diagnosis/diagnose.ts';
import { readSnapshot, type SnapshotSource } from '../../engine/diagnosis/read-snapshot.ts';
import type { FactData, Snapshot, ToldFact } from '../../engine/diagnosis/snapshot.ts';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import type { Clock } from '../../lib/clock.ts';
import { BadInput } from '../../lib/errors.ts';
import type { HttpClient } from '../../lib/http.ts';
import type { Logger } from '../../lib/logger.ts';
import { createTokenSeal, type TokenSeal } from '../../lib/token-seal.ts';
import { platforms } from '../../platforms/all.ts';
import type { CauseCode } from '../../platforms/causes/cause.ts';
import type { CommonDeps, PlatformDescription } from '../../platforms/platform.ts';
import { askApis } from './apis.ts';
import { connectionTrouble, readStored } from './database.ts';
import { guarded } from './guarded.ts';
import { liveFacts } from './live.ts';
import { platformFacts, publicAddressFacts } from './network.ts';
import { portFacts } from './ports.ts';
import { type Environment, variableFacts, withoutCredentials } from './variables.ts';

interface LookDeps {
  readonly env: Environment;
  /** Slug; null means every channel that has a bot switched on. */
  readonly channel: string | null;
  /** Null means every platform; others are asked for nothing. */
  readonly provider: ProviderId | null;
  /** Whether platforms are asked with the stored tokens. */
  readonly isLive: boolean;
  readonly clock: Clock;
  readonly http: HttpClient;
}

const SLUGS_SHOWN = 20;
/** As a process warns of its own clock. */
const CLOCK_OFF_MS = 10_000;
/** What went wrong is a finding, and no line of a log between them. */
const NO_LOG: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => NO_LOG };

/** @throws BadInput where no channel has the slug */
export async function look(deps: LookDeps): Promise<Snapshot> {
  const { env, http } = deps;
  const loaded = loadConfig('cli', env);
  const { readable } = loaded;
  const problems = 'problems' in loaded ? loaded.problems : [];
  const wrongUrl = problems.find(({ key }) => key === 'DATABASE_URL');
  const seal = createTokenSeal([...(readable.CREDENTIALS_ENCRYPTION_KEY ?? [])]);
  const [stored, ports, addresses, apis] = await Promise.all([
    wrongUrl === undefined
      ? readDatabase(deps, seal, readable.DATABASE_URL ?? '')
      : unread(seal, wrongUrl.cause, { variable: wrongUrl.key, detail: withoutCredentials(wrongUrl.problem) }),
    guarded('ports', 'port', () => portFacts(env, http)),
    guarded('public addresses', 'network', () => publicAddressFacts(env, http)),
    askApis(env, deps),
  ]);
  const used = usedPlatforms(deps, stored);
  const usedIds = used.map(({ id }) => id);
  const own = [
    ...stored.own,
    ...variableFacts(env),
    ...ports,
    ...addresses,
    ...apis.facts,
    ...webhookFacts(env, used, apis.facts),
    ...(await guarded('platforms', 'network', () => platformFacts(env, usedIds))),
  ];
  return { ...stored, own: distinct(own, stored), otherKeys: apis.keys };
}

/** What is known already is told once: the database's trouble by the database, a relay that is away by its workers. */
function distinct(facts: readonly ToldFact[], { database, databaseData = {}, workers }: Snapshot): readonly ToldFact[] {
  const away = workers.flatMap(({ isAlive, facts: about }) =>
    isAlive ? (about?.relays ?? []).filter(({ isReachable }) => !isReachable).map(({ url }) => url) : [],
  );
  const known = new Map<string, ToldFact>();
  for (const fact of facts) {
    const { check, cause, provider, data } = fact;
    const isDatabases =
      cause === database &&
      (check === 'database' || (check === 'variables' && data.variable === databaseData.variable));
    if (isDatabases || (cause === 'relay_unreachable' && away.includes(String(data.url)))) continue;
    const key = JSON.stringify([check, cause, provider, data]);
    if (!known.has(key)) known.set(key, fact);
  }
  return [...known.values()];
}

async function readDatabase(deps: LookDeps, seal: TokenSeal, url: string): Promise<Snapshot> {
  const pool = createPool(url, { applicationName: 'memalerts-doctor', slowMs: 10_000, log: NO_LOG });
  // Alone: other statements of ours through a pooler would hide what kind it is.
  const trouble = await connectionTrouble(url, deps.clock);
  try {
    const snapshot = await readPool(deps, pool, seal);
    if (trouble === null) return snapshot;
    // Through such a pooler statements fail in ways that say nothing about their cause.
    if (snapshot.at === null) return { ...snapshot, database: trouble };
    return { ...snapshot, own: [...snapshot.own, { check: 'database', cause: trouble, provider: null, data: {} }] };
  } catch (error) {
    if (error instanceof BadInput) throw error;
    return unread(seal, trouble ?? databaseTroubleOf(error), {});
  } finally {
    await pool.end();
  }
}

/** Four statements, and one for a slug, however many channels there are. */
async function readPool(deps: LookDeps, pool: Pool, seal: TokenSeal): Promise<Snapshot> {
  const { channel, clock } = deps;
  const channelIds = channel === null ? null : await channelOf(pool, channel);
  const [channelId = null] = channelIds ?? [];
  // What is gone at a platform is found by the next look at this installation then.
  if (deps.isLive) await askForLook(pool.pg, { provider: deps.provider, channelId });
  const sources = sourcesOf(deps, pool, seal);
  const before = clock.now().getTime();
  const snapshot = await readSnapshot({ pg: pool.pg, seal, platforms: sources }, { channelIds, ownKeys: seal.keyIds });
  const after = clock.now().getTime();
  if (snapshot.at === null) return snapshot;
  const { trouble, sealedBy } = await readStored(pool.db);
  if (trouble !== null) return { ...snapshot, at: null, database: trouble };
  const own = clockFacts(before, snapshot.at.getTime(), after);
  if (!deps.isLive) return { ...snapshot, own, sealedBy };
  const commonOf = commonDeps(deps);
  const live = await liveFacts({ db: pool.db, seal, commonOf }, usedPlatforms(deps, snapshot));
  return { ...snapshot, own: [...own, ...live], sealedBy };
}

function usedPlatforms({ provider }: LookDeps, snapshot: Snapshot): readonly PlatformDescription[] {
  return platforms.filter(({ id }) => (provider === null || id === provider) && isUsed(snapshot, id));
}

/** An API that runs tells where it was started to be delivered to: here is what another start would make of the variables. */
function webhookFacts(
  env: Environment,
  used: readonly PlatformDescription[],
  told: readonly ToldFact[],
): readonly ToldFact[] {
  const { readable, platform: settingsOf } = loadConfig('cli', env);
  const base = readable.DOMAIN == null ? null : `https://${readable.DOMAIN}`;
  return used.flatMap(({ id, webhook }): readonly ToldFact[] => {
    const cause = 'webhook_address_wrong';
    const address = webhook?.(settingsOf(id), base) ?? null;
    const isKnown = told.some((fact) => fact.cause === cause && fact.provider === id);
    if (address === null || address.isRight || isKnown) return [];
    return [{ check: 'webhook', cause, provider: id, data: { url: address.url } }];
  });
}

function commonDeps({ env, clock, http }: LookDeps): (description: PlatformDescription) => CommonDeps {
  const { platform: settingsOf } = loadConfig('cli', env);
  return ({ id }) => ({ settings: settingsOf(id), clock, http, log: NO_LOG, random: () => 0 });
}

/** The database looked at its clock between the two looks at ours: further apart, one of them is wrong. */
function clockFacts(before: number, atDatabase: number, after: number): readonly ToldFact[] {
  const fact = (cause: CauseCode, offsetMs: number): ToldFact[] => [
    { check: 'clock', cause, provider: null, data: { offsetMs } },
  ];
  if (before - atDatabase >= CLOCK_OFF_MS) return fact('clock_ahead', before - atDatabase);
  return atDatabase - after >= CLOCK_OFF_MS ? fact('clock_behind', after - atDatabase) : [];
}

function unread({ keyIds }: TokenSeal, database: CauseCode, databaseData: FactData): Snapshot {
  return {
    at: null,
    database,
    databaseData,
    platforms: platforms.map(({ id, title, causes }) => ({ id, title, causes })),
    workers: [],
    channels: [],
    shared: [],
    own: [],
    ownKeys: keyIds,
  };
}

async function channelOf({ pg }: Pool, slug: string): Promise<readonly ChannelId[]> {
  const found = await pg.query<{ id: ChannelId }>('select id from "Channel" where lower(slug) = lower($1)', [slug]);
  if (found.rows.length > 0) return found.rows.map(({ id }) => id);
  const { rows } = await pg.query<{ slug: string }>('select slug from "Channel" order by slug limit $1', [SLUGS_SHOWN]);
  const known = rows.length === 0 ? 'There is no channel.' : `Channels: ${rows.map((row) => row.slug).join(', ')}.`;
  throw new BadInput('BAD_REQUEST', `--channel names ${slug}, and no channel has that slug. ${known}`);
}

function sourcesOf(deps: LookDeps, { db }: Pool, seal: TokenSeal): readonly SnapshotSource[] {
  const commonOf = commonDeps(deps);
  return platforms.map((description) => {
    const { legacySender } = description;
    const named =
      legacySender === undefined ? {} : { legacySender: async () => legacySender({ ...commonOf(description), db }) };
    const senders = new StoredSenders({ db, seal, clock: deps.clock, platform: description, ...named });
    return { description, environment: () => senders.environment() };
  });
}
