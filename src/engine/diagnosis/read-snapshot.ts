/** Reads what a diagnosis is made from: three statements, however many channels (docs/diagnosis.md#the-snapshot). */
import pg from 'pg';
import { type OverviewPlatform, sendersOverview } from '../../accounts/senders-overview.ts';
import { askedFor } from '../../db/asked-for.ts';
import { databaseTroubleOf } from '../../db/failures.ts';
import type { ChannelId } from '../../lib/brand.ts';
import type { TokenSeal } from '../../lib/token-seal.ts';
import type { PlatformDescription } from '../../platforms/platform.ts';
import { isAliveSql } from '../worker/alive.ts';
import { readMessages } from './read-messages.ts';
import type { ChannelSnapshot, Snapshot, ToldFact, WorkerFacts, WorkerSnapshot } from './snapshot.ts';

export interface SnapshotDeps {
  readonly pg: Pick<pg.Pool, 'query'>;
  readonly seal: TokenSeal;
  /** In display order. */
  readonly platforms: readonly SnapshotSource[];
}

export interface SnapshotSource extends OverviewPlatform {
  readonly description: Pick<PlatformDescription, 'id' | 'title' | 'tables' | 'causes'>;
}

export interface SnapshotQuestion {
  /** Null: every channel that has a bot switched on. */
  readonly channelIds: readonly ChannelId[] | null;
  readonly own?: readonly ToldFact[];
  /** Of the asking process, where it opens stored tokens. */
  readonly ownKeys?: readonly string[] | null;
}

type Described = Pick<PlatformDescription, 'id' | 'tables'>;
type Times<T> = { [K in keyof T]: T[K] extends Date ? number : T[K] extends Date | null ? number | null : T[K] };
type ChannelRow = Omit<Times<ChannelSnapshot>, 'health' | 'live' | 'lostEvents' | 'messages' | 'sender'> & {
  readonly health: Times<NonNullable<ChannelSnapshot['health']>> | null;
  readonly live: Times<NonNullable<ChannelSnapshot['live']>> | null;
  readonly lostEvents: readonly Times<ChannelSnapshot['lostEvents'][number]>[] | null;
};
interface Answer {
  readonly atMs: number;
  readonly workers: readonly Times<WorkerSnapshot>[] | null;
  readonly channels: readonly ChannelRow[] | null;
}

/** Never throws for what the database says: what could not be read is `database` of the snapshot. */
export async function readSnapshot(deps: SnapshotDeps, question: SnapshotQuestion): Promise<Snapshot> {
  const { platforms } = deps;
  const base = {
    platforms: platforms.map(({ description: { id, title, causes } }) => ({ id, title, causes })),
    own: question.own ?? [],
    ownKeys: question.ownKeys ?? null,
  };
  try {
    return { ...base, ...(await read(deps, question.channelIds)), database: null };
  } catch (error) {
    return { ...base, at: null, database: databaseTroubleOf(error), workers: [], channels: [], shared: [] };
  }
}

async function read(
  deps: SnapshotDeps,
  channelIds: readonly ChannelId[] | null,
): Promise<Pick<Snapshot, 'at' | 'workers' | 'channels' | 'shared'>> {
  const descriptions = deps.platforms.map(({ description }) => description);
  const { rows } = await deps.pg.query<Answer>(channelsStatement(descriptions, channelIds));
  const [{ atMs = 0, workers = null, channels = null } = {}] = rows;
  const at = new Date(atMs);
  const ids = [...new Set((channels ?? []).map(({ channelId }) => channelId))];
  const [messagesOf, senderOf] = await Promise.all([
    readMessages(deps.pg, descriptions, ids),
    sendersOverview(deps, ids, at),
  ]);
  const shared = descriptions.map(async ({ id }) => ({ provider: id, sender: await senderOf(id, null) }));
  return {
    at,
    shared: await Promise.all(shared),
    workers: (workers ?? []).map((row) => ({
      ...row,
      startedAt: new Date(row.startedAt),
      heartbeatAt: new Date(row.heartbeatAt),
      facts: row.facts as WorkerFacts | null,
    })),
    channels: await Promise.all(
      (channels ?? []).map(async ({ health, live, lostEvents, updatedAt, ...row }) => ({
        ...row,
        updatedAt: timeOf(updatedAt),
        health: health && { ...health, since: new Date(health.since), lastLineAt: timeOf(health.lastLineAt) },
        live: live && { ...live, since: new Date(live.since) },
        lostEvents: (lostEvents ?? []).map((event) => ({ ...event, since: new Date(event.since) })),
        messages: messagesOf(row.provider, row.channelId),
        sender: await senderOf(row.provider, row.channelId),
      })),
    ),
  };
}

function timeOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}

function ms(column: string): string {
  return `(extract(epoch from ${column}) * 1000)::float8`;
}

function channelsStatement(platforms: readonly Described[], channelIds: readonly ChannelId[] | null): pg.QueryConfig {
  if (channelIds === null) {
    const isOn = 'coalesce(gate.enabled, s.enabled, false)';
    return { name: 'snapshot of all channels', text: channelsText(platforms, 'true', isOn) };
  }
  const { label, isAsked, value } = askedFor(channelIds);
  return { name: `snapshot of ${label}`, text: channelsText(platforms, isAsked('id'), 'true'), values: [value] };
}

// The platforms are written into the text: a list among the parameters would be planned anew each time.
function channelsText(platforms: readonly Described[], isAsked: string, isShown: string): string {
  const providers = `array[${platforms.map(({ id }) => pg.escapeLiteral(id)).join(', ')}]::text[]`;
  return `
    with worker as materialized (
      select w.*, ${isAliveSql('w."startNumber"')} as "isAlive" from "BotWorker" w where w.provider = any(${providers})
    ), asked as (
      select id, slug from "Channel" where ${isAsked}
    ), named as (
      ${platforms.map((platform) => namedOf(platform, isShown)).join(' union all ')}
    )
    select ${ms(`timezone('utc', now())`)} as "atMs",
      (select json_agg(json_build_object(
        'provider', w.provider, 'startNumber', w."startNumber", 'host', w.host, 'pid', w.pid,
        'startedAt', ${ms('w."startedAt"')}, 'heartbeatAt', ${ms('w."heartbeatAt"')}, 'isAlive', w."isAlive",
        'channels', (select count(*) from "BotChannelLease" l where l."startNumber" = w."startNumber"), 'facts', w.facts
      ) order by w."startNumber") from worker w) as workers,
      (select json_agg(json_build_object(
        'channelId', n.id, 'slug', n.slug, 'provider', n.provider,
        'isEnabled', n."isEnabled", 'isActive', n."isActive", 'updatedAt', ${ms('n."updatedAt"')}, 'target', n.target,
        'isHeld', exists (select from worker w where w."startNumber" = lease."startNumber" and w."isAlive"),
        'health', case when health.state is null then null else json_build_object(
          'state', health.state, 'reason', health.reason, 'since', ${ms('health.since')},
          'lastLineAt', ${ms('health."lastLineAt"')}, 'startNumber', health."startNumber",
          'isCurrent', exists (select from worker w where w."startNumber" = health."startNumber" and w."isAlive")
        ) end,
        'live', case when live."isLive" is null then null else json_build_object(
          'isLive', live."isLive", 'since', ${ms('live.since')}
        ) end,
        'lostEvents', (
          select json_agg(json_build_object('type', e.type, 'reason', e.reason, 'since', ${ms('e."updatedAt"')}) order by e.type)
          from "PlatformEventSubscription" e
          where e.provider = n.provider and e."channelId" = n.id
            and (e.status = 'failed' or e.status = 'pending' and e.reason is not null)
        )
      ) order by n.slug, n.id, array_position(${providers}, n.provider))
      from named n
      left join "BotChannelLease" lease on lease.provider = n.provider and lease."channelId" = n.id
      left join "BotChannelHealth" health on health.provider = n.provider and health."channelId" = n.id
      left join "ChannelLiveState" live on live.provider = n.provider and live."channelId" = n.id) as channels`;
}

function namedOf({ id, tables: { subscription, targetColumn } }: Described, isShown: string): string {
  const provider = pg.escapeLiteral(id);
  const target = `s.${pg.escapeIdentifier(targetColumn)}`;
  return `
    select ${provider}::text as provider, asked.id, asked.slug, nullif(trim(${target}), '') as target, gate."updatedAt",
      coalesce(gate.enabled, s.enabled, false) as "isEnabled",
      coalesce(s.enabled and gate.enabled is not false and trim(${target}) <> '', false) as "isActive"
    from asked
    left join "BotIntegrationSettings" gate on gate."channelId" = asked.id and gate.provider::text = ${provider}
    left join ${pg.escapeIdentifier(subscription)} s on s."channelId" = asked.id
    where ${isShown}`;
}
