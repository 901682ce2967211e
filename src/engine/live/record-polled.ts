/** Stores a poll of many channels: one question when nothing changed, whatever their number. */
import { sql } from 'kysely';
import type { ChannelId, ProviderId } from '../../lib/brand.ts';
import type { LiveFact } from '../../platforms/worker-side.ts';
import { judgeFact, type StoredFact, TOUCH_EVERY_MS } from './judge-fact.ts';
import { type RecordLiveDeps, recordLive } from './record-live.ts';
import { LIVE_STATE_LIFE_MS } from './stream-run.ts';

interface News {
  readonly channelId: ChannelId;
  /** All null while nothing is known of the channel on this platform. */
  readonly isLive: boolean | null;
  readonly since: Date | null;
  readonly seenAt: Date | null;
}

/**
 * Facts as a platform's `LiveStatus.poll` brings them; channels that are absent keep their state.
 *
 * A first "not live" and the confirmation of a long stream take one statement for all channels; a stream that began
 * or ended takes a transaction of its own.
 *
 * @param startNumber the worker's fence: channels whose lease another start holds by now are left alone
 */
export async function recordPolledLive(
  deps: RecordLiveDeps,
  provider: ProviderId,
  facts: ReadonlyMap<ChannelId, LiveFact>,
  startNumber: number,
): Promise<void> {
  if (facts.size === 0) return;
  const now = deps.clock.now();
  const unknownOffline: { channelId: ChannelId; since: Date }[] = [];
  const confirmed: ChannelId[] = [];
  const changed: ChannelId[] = [];
  for (const news of await readNews(deps, provider, facts, now)) {
    const fact = facts.get(news.channelId);
    if (fact === undefined) continue;
    const verdict = judgeFact(storedFact(news), fact, 'poll', now);
    if (isForgotten(news, now)) changed.push(news.channelId);
    else if (verdict.kind === 'ignore') continue;
    else if (verdict.kind === 'touch') confirmed.push(news.channelId);
    else if (news.isLive === null && !fact.isLive)
      unknownOffline.push({ channelId: news.channelId, since: verdict.since });
    else changed.push(news.channelId);
  }
  if (unknownOffline.length > 0) await storeUnknownOffline(deps, provider, unknownOffline, startNumber, now);
  if (confirmed.length > 0) await confirmLive(deps, provider, confirmed, startNumber, now);
  for (const channelId of changed) {
    const fact = facts.get(channelId);
    if (fact) await recordLive(deps, provider, channelId, fact, { source: 'poll', startNumber });
  }
}

function storedFact({ isLive, since, seenAt }: News): StoredFact | null {
  return isLive === null || since === null || seenAt === null ? null : { isLive, since, seenAt };
}

/** A stream nobody confirmed for so long is a new one, even when the platform says "live" as before. */
function isForgotten({ isLive, seenAt }: News, now: Date): boolean {
  return isLive === true && seenAt !== null && now.getTime() - seenAt.getTime() >= LIVE_STATE_LIFE_MS;
}

/** Only what differs from the stored facts, or has not been confirmed for long, comes back. */
async function readNews(
  { db }: RecordLiveDeps,
  provider: ProviderId,
  facts: ReadonlyMap<ChannelId, LiveFact>,
  now: Date,
): Promise<News[]> {
  const { rows } = await sql<News>`
    select fact.channel_id as "channelId", known."isLive", known.since, known."seenAt"
    from unnest(${[...facts.keys()]}::text[], ${[...facts.values()].map((fact) => fact.isLive)}::boolean[])
      as fact (channel_id, is_live)
    left join "ChannelLiveState" known on known."channelId" = fact.channel_id and known.provider = ${provider}
    where known."isLive" is distinct from fact.is_live
      or (fact.is_live and known."seenAt" <= ${new Date(now.getTime() - TOUCH_EVERY_MS)})
  `.execute(db);
  return rows;
}

/** What was never live ends nothing: neither lock nor boundary. Whatever another process stored meanwhile stands. */
async function storeUnknownOffline(
  { db }: RecordLiveDeps,
  provider: ProviderId,
  channels: readonly { channelId: ChannelId; since: Date }[],
  startNumber: number,
  now: Date,
): Promise<void> {
  await sql`
    with fact as (
      select fact.* from unnest(${channels.map(({ channelId }) => channelId)}::text[],
        ${channels.map(({ since }) => since)}::timestamp[]) as fact (channel_id, since)
      join "BotChannelLease" lease on lease.provider = ${provider} and lease."channelId" = fact.channel_id
        and lease."startNumber" = ${startNumber}
      join "Channel" channel on channel.id = fact.channel_id
    ), stored as (
      insert into "ChannelLiveState" ("channelId", provider, "isLive", since, "seenAt")
      select channel_id, ${provider}, false, since, ${now} from fact order by channel_id
      on conflict do nothing
    )
    insert into "StreamRun" ("channelId", "runId", status, "startedAt", "offlineAt", "updatedAt")
    select channel_id, gen_random_uuid()::text, 'offline', since, since, ${now} from fact order by channel_id
    on conflict do nothing
  `.execute(db);
}

async function confirmLive(
  { db }: RecordLiveDeps,
  provider: ProviderId,
  channels: readonly ChannelId[],
  startNumber: number,
  now: Date,
): Promise<void> {
  await sql`
    with confirmed as (
      update "ChannelLiveState" known set "seenAt" = ${now} from "BotChannelLease" lease
      where known.provider = ${provider} and known."channelId" = any(${channels as ChannelId[]}) and known."isLive"
        and lease.provider = ${provider} and lease."channelId" = known."channelId" and lease."startNumber" = ${startNumber}
      returning known."channelId"
    )
    update "StreamRun" set "updatedAt" = ${now} where "channelId" in (select "channelId" from confirmed)
  `.execute(db);
}
